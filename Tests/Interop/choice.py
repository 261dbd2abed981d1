"""Chosen values: something else in every register, within what the point may be."""

TARGETS = [
    ("power_factor", 0.95), ("_limit_percent", 40), ("_percent", 55), ("cell_voltage_max_v", 3.4), ("cell_voltage_min_v", 3.3),
    ("battery_voltage_v", 410), ("pv1_voltage_v", 420), ("pv2_voltage_v", 430), ("_v", 230), ("charging_current_limit_a", 13),
    ("_a", 11), ("_hz", 50), ("_c", 23), ("_wh", 7_654_000), ("_max_w", 5000), ("_rating_w", 10_000), ("_w", 2400),
    ("_var", 300), ("_va", 2500), ("alarms", 9),
]


def target(point, number, signed):
    """The number-th value that is chosen, in the point's unit."""
    base = next((value for end, value in TARGETS if point.endswith(end)), 1)
    if isinstance(base, int) and base >= 10:
        base += (number % 17) * max(1, base // 200) + (number % 7) * (0.1 if base < 1000 else 1)
    never = ("_max_w", "_rating_w", "_limit_a")
    turns = point.endswith(("_w", "_a", "_var")) and not point.endswith(never) and not point.startswith("pv")
    return -base if signed and turns and number % 2 else base


def raw(term, wanted, number, step):
    """The number in the registers for a value without its sign; a code where the field has codes."""
    if term.values:
        codes = sorted(term.values)
        code = codes[number % len(codes)]
        return code << (term.mask & -term.mask).bit_length() - 1 if term.mask else code
    if term.mask:
        return term.mask & -term.mask
    if term.type == "bit":
        return 1
    value = (wanted - term.plus) / step
    if term.is_float:
        return value
    low, high = term.limits
    return int(min(max(round(value), low + 1), high - 1))


def shares(point, wanted):
    """How a point's value is split over its fields, sign turned: coarse ones first, one field for each direction."""
    terms = point.terms
    if point.kind != "sum" or point.values:
        return [wanted * term.sign for term in terms]
    if len({abs(term.scale) for term in terms}) > 1:
        rest, found = wanted, {}
        for term in sorted(terms, key=lambda term: -abs(term.scale)):
            is_last = abs(term.scale) == min(abs(other.scale) for other in terms)
            part = rest if is_last else (rest // abs(term.scale)) * abs(term.scale)
            found[id(term)] = part * term.sign
            rest -= part
        return [found[id(term)] for term in terms]
    signs = {term.sign for term in terms}
    if len(signs) > 1:
        chosen = next(term for term in terms if (term.sign < 0) == (wanted < 0))
        return [abs(wanted) if term is chosen else 0 for term in terms]
    return [wanted * term.sign / len(terms) for term in terms]
