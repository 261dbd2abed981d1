"""A device profile as this suite understands it: a reading of config/devices/README.md that shares no code with Holdfast."""

import math

import yaml

WIDTH = {
    "bit": 1, "uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "float32": 2, "acc32": 2,
    "uint64": 4, "int64": 4, "float64": 4, "acc64": 4,
}
SPACES = ("holding", "input", "coil", "discrete")
COMBINATIONS = ("sum", "highest", "lowest", "first")

# How finely Holdfast records a point (Point.decimals), by how its name ends.
RESOLUTION = [
    ("power_factor", 0.001), ("cell_voltage_max_v", 0.001), ("cell_voltage_min_v", 0.001), ("_limit_percent", 0.01),
    ("_percent", 0.1), ("_c", 0.1), ("_hz", 0.01), ("_a", 0.01), ("_v", 0.1),
]


def resolution(point):
    return next((step for end, step in RESOLUTION if point.endswith(end)), 1)


SUNSPEC_ABSENT = {
    "uint16": 0xFFFF, "int16": 0x8000, "uint32": 0xFFFFFFFF, "int32": 0x80000000, "uint64": 2**64 - 1, "int64": 2**63,
    "acc32": 0, "acc64": 0,
}


class Term:
    """One field of a point, with its sign and its conditions."""

    def __init__(self, data, is_sunspec=False):
        self.data = data
        self.type = data.get("type", "bit")
        self.width = WIDTH[self.type]
        self.order = "little" if data.get("order") == "low-first" else "big"
        self.sign = data.get("sign", 1)
        self.space = next((space for space in SPACES if space in data), None)
        self.address = data.get(self.space) if self.space else None
        self.factor = data.get("scale_factor")
        self.scale = data.get("scale", 1)
        self.plus = data.get("plus", 0)
        self.values = {int(key): value for key, value in (data.get("values") or {}).items()}
        self.absent = list(data.get("not_implemented") or [])
        if is_sunspec and self.type in SUNSPEC_ABSENT:
            self.absent.append(SUNSPEC_ABSENT[self.type])
        elif self.type.startswith("acc"):
            self.absent.append(0)
        self.negative = Term(data["negative_if"]) if "negative_if" in data else None
        self.mask = 1 << data["bit"] if "bit" in data else data.get("mask")

    @property
    def is_float(self):
        return self.type.startswith("float")

    @property
    def limits(self):
        bits = 16 * self.width
        if self.type == "bit":
            return 0, 1
        return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if self.type.startswith("int") else (0, 2**bits - 1)

    def bits(self, raw):
        return raw if self.is_float or raw is None else raw & (2 ** (16 * self.width) - 1)

    def number(self, raw, exponent=0):
        """What the point reads from one number in the registers, without the sign; None where there is no value."""
        if raw is None or (self.is_float and not math.isfinite(raw)):
            return None
        if not self.is_float and isinstance(raw, int) and self.bits(raw) in self.absent:
            return None
        if self.mask:
            raw = (self.bits(raw) & self.mask) >> (self.mask & -self.mask).bit_length() - 1
        if self.values:
            return self.values.get(raw)
        return raw * self.scale * 10.0**exponent + self.plus


class Point:
    def __init__(self, name, data, is_sunspec):
        self.name = name
        self.kind = next((kind for kind in COMBINATIONS if kind in data), None)
        self.terms = [Term(term, is_sunspec) for term in (data[self.kind] if self.kind else [data])]
        self.values = {int(k): v for k, v in data["values"].items()} if self.kind and "values" in data else {}

    def combined(self, numbers):
        """From the fields' numbers, sign included, None where one is not there, to the value."""
        present = [number for number in numbers if number is not None]
        if not present or (len(present) < len(numbers) and self.kind != "first"):
            return None
        if self.kind == "highest":
            value = max(present)
        elif self.kind == "lowest":
            value = min(present)
        elif self.kind == "first":
            value = present[0]
        else:
            value = sum(present)
        return self.values.get(int(value)) if self.values else value


class Profile:
    def __init__(self, path):
        with open(path) as file:
            data = yaml.safe_load(file)
        self.name = data["name"]
        self.is_sunspec = bool(data.get("sunspec"))
        self.unit = data.get("unit", 1)
        framing = data.get("connection", {}).get("framing", ["tcp", "rtu"])
        self.framings = [framing] if isinstance(framing, str) else framing
        self.most = data.get("reading", {}).get("max_registers", 125)
        self.points = [Point(name, point, self.is_sunspec) for name, point in data["points"].items()]
