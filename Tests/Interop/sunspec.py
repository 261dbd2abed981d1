"""SunSpec devices through pysunspec2, which has the models' definitions and scale factors from their makers."""

import sunspec2.device
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

# The scale factor of a chosen value, by how the point's name ends.
EXPONENTS = [
    ("power_factor", -1), ("cell_voltage_max_v", -3), ("cell_voltage_min_v", -3), ("_percent", -1), ("_hz", -2), ("_a", -2), ("_v", -1),
    ("_c", 0),
]


class Place:
    """One number in a model."""

    def __init__(self, model, offset):
        self.model, self.offset = model, offset
        self.point = model.by_offset[offset]
        self.address = model.model_addr + offset

    @property
    def key(self):
        return id(self.model), self.offset

    @property
    def value(self):
        """With the scale factor of the model's definition; None where it is not implemented."""
        return self.point.cvalue if self.point.is_impl() else None


class Kind(Place):
    """What a condition looks at: a number, or the first letters of a text."""

    def __init__(self, model, offset, type):
        super().__init__(model, offset)
        self.type, self.width = type, {"uint16": 1, "uint32": 2}[type]

    @property
    def number(self):
        value = self.point.value
        return int.from_bytes(value.encode().ljust(4, b"\0")[:4], "big") if isinstance(value, str) else value

    @number.setter
    def number(self, number):
        self.point.value = number.to_bytes(4, "big").decode() if self.point.pdef["type"] == "string" else number


class Device:
    """The models of a device and where a profile's addresses are in them."""

    def __init__(self, models):
        self.models = models
        for model in models:
            model.by_offset = dict(points(model))

    def places(self, term):
        """Each register that an address stands for, with the place that its condition looks at."""
        data = term.data
        if "model" not in data:
            return
        ids = data["model"] if isinstance(data["model"], list) else [data["model"]]
        found = [model for model in self.models if model.model_id in ids]
        if data.get("instance") != "each":
            index = data.get("instance", 1) - 1
            found = found[index:index + 1]
        groups = data.get("group", [])
        groups = groups if isinstance(groups, list) else [groups]
        for model in found:
            for begin in self._begins(model, 0, groups):
                where = data.get("where")
                condition = (Kind(model, begin + where["offset"], where.get("type", "uint16")), where["is"]) if where else None
                if begin + data["offset"] in model.by_offset:
                    yield Place(model, begin + data["offset"]), condition

    def _begins(self, model, begin, groups):
        if not groups:
            yield begin
            return
        group = groups[0]
        at, size = (self._extent(model, group[key]) for key in ("at", "size"))
        count = (model.by_offset[1].value + 2 - begin - at) // size
        if "count" in group:
            count = model.by_offset[group["count"]].value
        wanted = [group["repeat"] - 1] if "repeat" in group else range(count)
        for index in wanted:
            if index < count:
                yield from self._begins(model, begin + at + index * size, groups[1:])

    def _extent(self, model, extent):
        if isinstance(extent, int):
            return extent
        return extent["fixed"] + extent.get("each", 0) * model.by_offset[extent["count"]].value


def points(group):
    for point in group.points.values():
        yield point.offset, point
    for inner in group.groups.values():
        for each in inner if isinstance(inner, list) else [inner]:
            yield from points(each)


def scan(port, unit, most):
    """A device as pysunspec2 finds it: base, models, points. - most: registers in one request."""
    client = SunSpecModbusClientDeviceTCP(slave_id=unit, ipaddr="127.0.0.1", ipport=port, timeout=5)
    client.client.max_count = most
    client.scan()
    client.disconnect()
    return Device(client.model_list)


def exponent(point):
    return next((value for end, value in EXPONENTS if point.endswith(end)), 0)


def registers(device):
    """As pysunspec2 lays the models out, from 40000 on."""
    cells = [0x5375, 0x6E53]
    for model in device.models:
        data = model.get_mb()
        cells += [int.from_bytes(data[index:index + 2], "big") for index in range(0, len(data), 2)]
    cells += [0xFFFF, 0]
    return {("holding", 40000 + index): word for index, word in enumerate(cells)}


__all__ = ["Device", "exponent", "points", "registers", "scan", "sunspec2"]
