#!/usr/bin/env python3
"""Holds Holdfast against Modbus programs of others, for every profile: `make interop`.

Chosen values are laid into registers by one side and read by the other; the profile in between is understood by this suite's
own code (profile.py), so that a mistake in Holdfast's is not made on both sides.

mbpoll      `holdfast-sim device` serves, mbpoll reads every field, over TCP and over a serial line
pysunspec2  `holdfast-sim device` serves, pysunspec2 finds the models and reads every point of them that the profile names
pymodbus    pymodbus serves registers that it (pysunspec2 for SunSpec) encoded, `holdfast read` reads, over TCP and a serial line
"""

import argparse
import collections
import glob
import logging
import os
import sys
import tempfile
import time

import choice
import peers
import sunspec
from profile import Profile, resolution

WAYS = ("mbpoll tcp", "mbpoll rtu", "pysunspec2", "pymodbus tcp", "pymodbus rtu")


class Check:
    """What was compared for one profile, by way."""

    def __init__(self, profile):
        self.profile = profile
        self.counts = dict.fromkeys(WAYS, 0)
        self.wrong = []
        self.left_out = []

    def compare(self, way, point, expected, found, tolerance=0.0):
        self.counts[way] += 1
        if isinstance(expected, (int, float)) and isinstance(found, (int, float)):
            if abs(expected - found) <= tolerance + 1e-9 + 1e-9 * abs(expected):
                return
        elif expected == found:
            return
        self.wrong.append(f"{self.profile.name}, {way}, {point}: {expected} set, {found} read")


def chosen(profile, places_of):
    """A number for the registers of every field; what points share keeps its first. - places_of: where a field is on the
    device, and its step in the point's unit."""
    raws = {}
    for number, point in enumerate(profile.points):
        signed = any(
            term.type.startswith(("int", "float")) or term.negative or term.sign < 0 for term in point.terms
        )
        wanted = choice.target(point.name, number, signed)
        for term, share in zip(point.terms, choice.shares(point, wanted)):
            for place, step in places_of(term):
                value = choice.raw(term, abs(share) if term.negative else share, number, step)
                if term.mask:
                    value |= raws.get(place, 0)
                    raws[place] = value
                raws.setdefault(place, value)
                if term.negative:
                    negative = term.negative
                    bit = (negative.mask or 1) if share < 0 else 0
                    raws[negative.space, negative.address] = raws.get((negative.space, negative.address), 0) | bit
    return raws


def evaluate(point, read):
    """The point from its fields. - read: a field's raw number and its exponent, for each place of it."""
    numbers = []
    for term in point.terms:
        for raw, exponent in read(term):
            number = term.number(raw, exponent)
            if number is not None and term.negative:
                ((tells, _),) = read(term.negative)
                number = -number if term.negative.number(tells) else number
            numbers.append(None if number is None else number * term.sign)
    return point.combined(numbers)


class Absolute:
    """A profile with plain addresses."""

    def __init__(self, profile):
        self.profile = profile
        self.exponents = {}
        for point in profile.points:
            for term in point.terms:
                if isinstance(term.factor, dict):
                    self.exponents[term.factor["holding"]] = sunspec.exponent(point.name)
        self.raws = chosen(profile, lambda term: [((term.space, term.address), self._step(term))])
        self.values = {point.name: evaluate(point, self._chosen) for point in profile.points}

    def _exponent(self, term):
        return self.exponents[term.factor["holding"]] if term.factor else 0

    def _step(self, term):
        return term.scale * 10.0 ** self._exponent(term)

    def _chosen(self, term):
        raw = self.raws.get((term.space, term.address))
        # What a float32 holds of it.
        if raw is not None and term.is_float:
            raw = peers.number(term, peers.words(term, raw))
        return [(raw, self._exponent(term))]

    def cells(self):
        """As pymodbus encodes them."""
        cells = {("holding", address): exponent & 0xFFFF for address, exponent in self.exponents.items()}
        for point in self.profile.points:
            for term in [term for term in point.terms if term.space]:
                for field in [term] + ([term.negative] if term.negative else []):
                    raw = self.raws[field.space, field.address]
                    for offset, word in enumerate(peers.words(field, raw)):
                        cells[field.space, field.address + offset] = word
        return cells

    def polled(self, where, unit):
        """A reader of fields that asks mbpoll."""

        def read(term):
            exponent = 0
            if term.factor:
                exponent = self._int16(term.factor["holding"], where, unit)
            return [(peers.mbpoll(term, where, unit), exponent)]

        return read

    def _int16(self, address, where, unit):
        field = type("Field", (), dict(type="int16", width=1, order="big", space="holding", address=address))
        return peers.mbpoll(field, where, unit)


class SunSpec(Absolute):
    """A profile of models: the simulator lays out the chain, pysunspec2 knows what is in it."""

    def __init__(self, profile, port):
        self.profile = profile
        self.device = device = sunspec.scan(port, profile.unit, profile.most)
        self.exponents = {}
        kinds = {}
        for point in profile.points:
            for term in point.terms:
                for place, condition in device.places(term):
                    if condition:
                        _, asked, fixed = kinds.setdefault(condition[0].key, (condition[0], set(), set()))
                        (fixed if "repeat" in str(term.data) else asked).update(condition[1])
                    if term.factor:
                        place.model.by_offset[term.factor].value = sunspec.exponent(point.name)
        # A repetition that the profile names is of the kind that it says; the others take the kinds in turn.
        taken = collections.Counter()
        for place, asked, fixed in kinds.values():
            place.number = min(sorted(fixed or asked), key=taken.__getitem__)
            taken[place.number] += 1
        self.raws = chosen(profile, self._places)
        for point in profile.points:
            for term in point.terms:
                for place, _ in device.places(term):
                    place.point.value = self.raws.get(place.key, place.point.value)
        self.values = {point.name: evaluate(point, self._computed) for point in profile.points}

    def _places(self, term):
        if term.space:
            yield (term.space, term.address), self._step(term)
        for place, condition in self.device.places(term):
            if condition is None or condition[0].number in condition[1]:
                exponent = place.model.by_offset[term.factor].value if term.factor else 0
                yield place.key, term.scale * 10.0**exponent

    def _computed(self, term):
        """As pysunspec2 scales it; a plain address is none of its."""
        if term.space:
            yield from self._chosen(term)
        for place, condition in self.device.places(term):
            if condition and condition[0].number not in condition[1]:
                continue
            value = place.value
            if value is not None and term.is_float:
                value = peers.number(term, peers.words(term, value))
            if value is not None and (term.mask or term.values):
                value = place.point.value
            yield value, 0

    def cells(self):
        return sunspec.registers(self.device) | super().cells()

    def read(self, port):
        """What pysunspec2 reads from a device with the same models."""
        reader = object.__new__(SunSpec)
        reader.device = sunspec.scan(port, self.profile.unit, self.profile.most)
        return reader

    def polled(self, where, unit):
        def read(term):
            if term.space:
                yield peers.mbpoll(term, where, unit), 0
            for place, condition in self.device.places(term):
                field = type("Field", (), dict(
                    type=term.type, width=term.width, order="big", space="holding", address=place.address))
                if condition and self._kind(condition[0], where, unit) not in condition[1]:
                    continue
                exponent = self._int16(place.model.model_addr + term.factor, where, unit) if term.factor else 0
                yield peers.mbpoll(field, where, unit), exponent

        return read

    def _kind(self, kind, where, unit):
        field = type("Field", (), dict(type=kind.type, width=kind.width, order="big", space="holding", address=kind.address))
        return peers.mbpoll(field, where, unit)


def check(profile, options, scratch):
    result = Check(profile)
    is_serial = "rtu" in profile.framings
    if profile.is_sunspec:
        with peers.Simulator(options.build, profile, options.profiles, {}) as device:
            scene = SunSpec(profile, device.port)
    else:
        scene = Absolute(profile)
    values = {name: value for name, value in scene.values.items() if value is not None}
    for name in scene.values.keys() - values.keys():
        result.left_out.append(f"{profile.name}: no value can be chosen for {name}")
    link = os.path.join(scratch, "line") if is_serial else None
    with peers.Simulator(options.build, profile, options.profiles, values, link) as device:
        ways = [("mbpoll tcp", ["-m", "tcp", "-p", str(device.port), "127.0.0.1"])]
        if is_serial:
            ways.append(("mbpoll rtu", os.path.realpath(link)))
        for way, where in ways:
            for point in profile.points:
                try:
                    found = evaluate(point, scene.polled(where, profile.unit))
                except peers.Refused as refusal:
                    found = str(refusal)
                # mbpoll shows six digits of a float.
                rough = 1e-5 * abs(values.get(point.name) or 0) if any(term.is_float for term in point.terms) else 0
                result.compare(way, point.name, scene.values[point.name], found, rough)
        if profile.is_sunspec:
            reader = scene.read(device.port)
            expected = [model.model_id for model in scene.device.models]
            result.compare("pysunspec2", "models", expected, [model.model_id for model in reader.device.models])
            # Points of no interest as well: texts that are none, lengths that do not fit.
            result.compare("pysunspec2", "models' registers", "", "".join(m.error_info for m in reader.device.models))
            for point in profile.points:
                if any(term.space for term in point.terms):
                    result.left_out.append(f"{profile.name}: pysunspec2 cannot express {point.name}: it is in no model")
                    continue
                found = evaluate(point, reader._computed)
                rough = 1e-6 * abs(values.get(point.name) or 0) if any(term.is_float for term in point.terms) else 0
                result.compare("pysunspec2", point.name, scene.values[point.name], found, rough)
    serve(result, scene, values, options, scratch)
    return result


def serve(result, scene, values, options, scratch):
    profile = scene.profile
    cells = scene.cells()
    lines = peers.Lines() if "rtu" in profile.framings else None
    ways = [("pymodbus tcp", None)] + ([("pymodbus rtu", lines)] if lines else [])
    for way, line in ways:
        with peers.Server(profile.unit, cells, gap=125, line=line.paths[0] if line else None) as server:
            bus = f"{{modbus_tcp: 127.0.0.1:{server.port}}}"
            if line:
                bus = f"{{modbus_rtu: {line.paths[1]}, line: 9600 8N1}}"
            try:
                found = peers.holdfast(options.build, options.profiles, profile, bus, scratch)
            except (peers.Refused, KeyError, ValueError) as problem:
                found = {}
                result.wrong.append(f"{profile.name}, {way}: {problem}")
            for name, value in values.items():
                result.compare(way, name, value, found.get(name), resolution(name) * 0.5)
    if lines:
        lines.close()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--build", default=".build/debug")
    arguments.add_argument("--profiles", default="config/devices")
    arguments.add_argument("names", nargs="*", help="profiles; all without")
    options = arguments.parse_args()
    options.build = os.path.abspath(options.build)
    logging.disable(logging.ERROR)
    names = options.names or [os.path.basename(path)[:-5] for path in sorted(glob.glob(f"{options.profiles}/*.yaml"))]
    results = []
    print(f"{'profile':28}" + "".join(f"{way:>14}" for way in WAYS) + "   wrong", flush=True)
    for name in names:
        profile = Profile(f"{options.profiles}/{name}.yaml")
        with tempfile.TemporaryDirectory() as scratch:
            result = check(profile, options, scratch)
        results.append(result)
        cells = "".join(f"{count or '–':>14}" for count in result.counts.values())
        print(f"{name:28}{cells}{len(result.wrong):8}", flush=True)
    total = {way: sum(result.counts[way] for result in results) for way in WAYS}
    wrong = [line for result in results for line in result.wrong]
    print(f"{len(results):<28}" + "".join(f"{count:>14}" for count in total.values()) + f"{len(wrong):8}")
    for line in wrong + [line for result in results for line in result.left_out]:
        print(line)
    return 1 if wrong or not all(total.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
