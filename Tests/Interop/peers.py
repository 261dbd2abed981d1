"""The programs of others and ours, each behind a few functions."""

import asyncio
import json
import os
import re
import select
import socket
import subprocess
import threading

from pymodbus.client import ModbusTcpClient
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

TYPES = {
    name: ModbusTcpClient.DATATYPE[base]
    for name, base in {
        "uint16": "UINT16", "int16": "INT16", "uint32": "UINT32", "acc32": "UINT32", "int32": "INT32", "uint64": "UINT64",
        "acc64": "UINT64", "int64": "INT64", "float32": "FLOAT32", "float64": "FLOAT64",
    }.items()
}


def words(term, raw):
    """As pymodbus puts a number into registers."""
    return [raw] if term.type == "bit" else ModbusTcpClient.convert_to_registers(raw, TYPES[term.type], term.order)


def number(term, registers):
    """As pymodbus takes it out."""
    return registers[0] if term.type == "bit" else ModbusTcpClient.convert_from_registers(registers, TYPES[term.type], term.order)


class Simulator:
    """`holdfast-sim device` for one profile."""

    def __init__(self, build, profile, folder, values, link=None):
        command = [f"{build}/holdfast-sim", "device", f"{profile.name}@{profile.unit}", "--profiles", folder, "--tcp", "0", "--patient"]
        for point, value in values.items():
            command += ["--point", f"{point}={value!r}"]
        if link:
            command += ["--rtu", link, "--baud", "115200"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the simulator does not serve {profile.name}")
        self.port = json.loads(line)["tcp"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Refused(Exception):
    pass


def mbpoll(term, where, unit):
    """One field as mbpoll reads it. Of 64 bits it knows nothing: then it reads the words."""
    table = {"coil": "0", "discrete": "1", "input": "3", "holding": "4"}[term.space]
    form, count = {1: ("", 1), 2: (":int", 1), 4: (":hex", 4)}[term.width]
    if term.type == "float32":
        form = ":float"
    command = ["mbpoll", "-0", "-1", "-q", "-o", "2", "-a", str(unit), "-t", table + form, "-r", str(term.address), "-c", str(count)]
    if term.order == "big":
        command.append("-B")
    target = where if isinstance(where, list) else ["-m", "rtu", "-b", "115200", "-P", "none", where]
    done = subprocess.run(command + target, capture_output=True, text=True)
    found = re.findall(r"^\[\d+\]:\s+(\S+)(?: \((-?\d+)\))?", done.stdout, re.MULTILINE)
    if len(found) != count:
        raise Refused(done.stderr.strip() or "no value")
    if form == ":hex":
        return number(term, [int(value, 16) for value, _ in found])
    if form == ":float":
        return float(found[0][0])
    raw = int(found[0][0])
    if term.type == "int16" and found[0][1]:
        raw = int(found[0][1])
    return raw & 0xFFFFFFFF if term.type in ("uint32", "acc32") else raw


class Lines:
    """Two pseudo terminals, joined."""

    def __init__(self):
        self.masters, self.slaves = zip(*(os.openpty() for _ in range(2)))
        self.paths = [os.ttyname(slave) for slave in self.slaves]
        self.wake, self.end = os.pipe()
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def _carry(self):
        other = dict(zip(self.masters, reversed(self.masters)))
        while True:
            ready, _, _ = select.select([*self.masters, self.wake], [], [])
            if self.wake in ready:
                return
            for master in ready:
                os.write(other[master], os.read(master, 4096))

    def close(self):
        os.write(self.end, b"x")
        self.thread.join()
        for descriptor in (*self.masters, *self.slaves, self.wake, self.end):
            os.close(descriptor)


class Server:
    """pymodbus, serving registers (by space and address) over TCP or a serial line."""

    def __init__(self, unit, cells, gap, line=None):
        blocks = {space: [] for space in ("coil", "discrete", "holding", "input")}
        for space, address in sorted(cells):
            known = blocks[space]
            if known and address - (known[-1][0] + len(known[-1][1])) <= gap:
                known[-1][1].extend([0] * (address - known[-1][0] - len(known[-1][1])))
                known[-1][1].append(cells[space, address])
            else:
                known.append((address, [cells[space, address]]))
        is_bit = {"coil", "discrete"}
        data = tuple(
            [
                SimData(address, values=[bool(v) for v in values] if space in is_bit else values,
                        datatype=DataType.BITS if space in is_bit else DataType.REGISTERS)
                for address, values in found
            ]
            or [SimData(65535, values=[False] if space in is_bit else [0],
                        datatype=DataType.BITS if space in is_bit else DataType.REGISTERS)]
            for space, found in blocks.items()
        )
        self.context = SimDevice(unit, simdata=data)
        self.line = line
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    async def _start(self):
        if self.line:
            self.server = ModbusSerialServer(self.context, framer=FramerType.RTU, port=self.line, baudrate=9600)
        else:
            self.server = ModbusTcpServer(self.context, address=("127.0.0.1", self.port))
        await self.server.serve_forever(background=True)

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def __enter__(self):
        self._run(self._start())
        return self

    def __exit__(self, *_):
        self._run(self.server.shutdown())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def holdfast(build, folder, profile, bus, scratch):
    """What `holdfast read` says of each point: a number, or its quality."""
    path = os.path.join(scratch, "site.yaml")
    with open(path, "w") as file:
        file.write(
            "site: {id: interop, time_zone: Europe/Berlin, latitude: 52.5, longitude: 13.4, mode: monitor}\n"
            f"buses: {{bus: {bus}}}\n"
            f"devices: {{device: {{profile: {profile.name}, bus: bus, unit: {profile.unit}}}}}\n"
            "journal: {budget: 100 MB}\n"
        )
    command = [f"{build}/holdfast", "read", "device", "--config", path, "--profiles", folder, "--state", scratch, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise Refused(done.stderr.strip())
    return {
        name: point.get("value", point["quality"]) for name, point in json.loads(done.stdout)["points"].items()
    }
