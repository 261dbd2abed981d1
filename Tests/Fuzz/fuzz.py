"""Feeds every target of holdfast-fuzz for so many seconds, as many at once as there are cores.

    fuzz.py PROGRAM FOLDER SECONDS [--keep] [TARGET ...]

The corpus is Tests/Fuzz/corpus/TARGET.hex, a line of hexadecimal digits for each input. With --keep what was found is
reduced to what reaches something new, and replaces it. Ends with 1 where something was found; the input is in FOLDER.
"""
import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TARGETS = ["registers", "sunspec", "payload", "recording", "profile", "site", "frame", "command"]
CORPUS = Path(__file__).parent / "corpus"
LONGEST = 4096
# What takes long to go through is thinned for the tests: by code that is reached alone, then evenly.
MOST = {"profile": 180, "site": 90, "command": 150}


def environment(target):
    quiet = {"SWIFT_BACKTRACE": "enable=no", "SWIFT_DETERMINISTIC_HASHING": "1"}
    return {**os.environ, **quiet, "FUZZ_TARGET": target}


def unpack(target, folder):
    folder.mkdir(parents=True, exist_ok=True)
    file = CORPUS / f"{target}.hex"
    for line in file.read_text().split() if file.exists() else []:
        data = bytes.fromhex(line)
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def keep(program, target, found, folder):
    least = folder / f"{target}-least"
    least.mkdir(exist_ok=True)
    for old in least.iterdir():
        old.unlink()
    subprocess.run(
        [program, "-merge=1", f"-use_counters={0 if target in MOST else 1}", f"-max_len={LONGEST}", str(least), str(found)],
        env=environment(target), check=True, capture_output=True)
    inputs = sorted((file.read_bytes() for file in least.iterdir()), key=lambda data: (len(data), data))
    inputs = inputs[:: max(1, -(-len(inputs) // MOST.get(target, len(inputs) or 1)))]
    (CORPUS / f"{target}.hex").write_text("".join(data.hex() + "\n" for data in inputs if data))


def run(program, target, folder, seconds, keeps):
    found = folder / target
    unpack(target, found)
    log = folder / f"{target}.log"
    with log.open("w") as output:
        code = subprocess.run(
            [program, f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=1024",
             f"-artifact_prefix={folder}/{target}-", "-print_final_stats=1", str(found)],
            env=environment(target), stdout=output, stderr=subprocess.STDOUT).returncode
    text = log.read_text(errors="replace")
    runs = next((line.split()[-1] for line in text.splitlines() if "number_of_executed_units" in line), "?")
    if code == 0:
        if keeps:
            keep(program, target, found, folder)
        print(f"{target}: {runs} inputs, nothing found", flush=True)
    else:
        reason = [line for line in text.splitlines() if "Fatal error" in line or "ERROR" in line]
        print(f"{target}: FOUND after {runs} inputs: {' | '.join(reason[:2])}, see {log}", flush=True)
    return code == 0


def main():
    program, folder, seconds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    targets = [target for target in sys.argv[4:] if target != "--keep"] or TARGETS
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        good = list(pool.map(lambda target: run(program, target, folder, seconds, "--keep" in sys.argv), targets))
    sys.exit(0 if all(good) else 1)


main()
