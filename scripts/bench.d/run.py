# SPDX-License-Identifier: MIT
"""Runs the comparisons of *.toml: see scripts/bench --help, and README beside this file for the entries."""

import argparse
import contextlib
import hashlib
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
GENERATOR = ROOT / "tests/data/make-bam"
COLUMNS = "{:<20} {:<44} {:>8} {:>8} {:>6} {:>6}  {:<11} {:>8}  {}"


class Data:
    """The input files, each made when it is first asked for."""

    def __init__(self, records, recipes):
        cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
        mark = hashlib.sha256(GENERATOR.read_bytes()).hexdigest()[:8]
        self.directory = cache / "mrf-tools" / f"bench-{records}-{mark}"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.environment = {**os.environ, "MAKE_BAM": str(GENERATOR), "RECORDS": str(records),
                            "DATA": str(self.directory), "SERVE": str(HERE / "serve"), "PATH": f"{ROOT}/build/bin:{os.environ['PATH']}"}
        self.recipes = recipes

    def make(self, name):
        if (self.directory / name).exists():
            return
        recipe = self.recipes[name]
        for needed in recipe.get("needs", []):
            self.make(needed)
        print(f"making {name}", file=sys.stderr)
        with tempfile.TemporaryDirectory(dir=self.directory) as directory:
            shell(recipe["make"], directory, self.environment)
            for made in pathlib.Path(directory).iterdir():
                made.rename(self.directory / made.name)


def shell(command, directory, environment):
    """Wall seconds and the peak resident MiB of the largest process below."""
    begin = time.monotonic()
    process = subprocess.Popen(["bash", "-euo", "pipefail", "-c", command], cwd=directory, env=environment,
                               start_new_session=True)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        raise RuntimeError(f"status {process.returncode}: {command.strip()}")
    return wall, usage.ru_maxrss / 1024


@contextlib.contextmanager
def web_server(data):
    """$URL serves the data meanwhile."""
    process = subprocess.Popen([HERE / "serve", data.directory, "sh", "-c", 'echo "$URL"; exec cat'], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=data.environment)
    try:
        data.environment["URL"] = process.stdout.readline().strip()
        yield
    finally:
        process.stdin.close()
        process.wait()


def run_fresh(command, data, entry, examine):
    with tempfile.TemporaryDirectory(dir=data.directory) as directory:
        measured = shell(command, directory, data.environment)
        if not examine:
            return measured
        digest = size = None
        if "same" in entry:
            digest = subprocess.run(["bash", "-euo", "pipefail", "-c", entry["same"]], cwd=directory, check=True,
                                    env=data.environment, stdout=subprocess.PIPE).stdout
        if "size" in entry:
            size = os.path.getsize(os.path.join(directory, "out.bam"))
        return digest, size


def compare(entry, data, pairs):
    for name in entry.get("data", []):
        data.make(name)
    faults = []
    our_digest, our_size = run_fresh(entry["ours"], data, entry, True)
    their_digest, their_size = run_fresh(entry["theirs"], data, entry, True)
    if our_digest != their_digest:
        faults.append("RESULTS DIFFER")
    ours, theirs = [], []
    for _ in range(pairs):
        ours.append(run_fresh(entry["ours"], data, entry, False))
        theirs.append(run_fresh(entry["theirs"], data, entry, False))
    ratios = [our[0] / their[0] for our, their in zip(ours, theirs)]
    ratio = statistics.median(ratios)
    peak = max(our[1] for our in ours)
    if ratio > entry["target"]:
        faults.append("slow")
    if "memory" in entry and peak > entry["memory"]:
        faults.append(f"over {entry['memory']} MiB")
    note = ""
    if our_size is not None:
        note = f"size {our_size / their_size:.3f} (at most {entry['size']})"
        if our_size > entry["size"] * their_size:
            faults.append("large")
    seconds = [f"{statistics.median(one[0] for one in side):.3f}" for side in (ours, theirs)]
    print(COLUMNS.format(entry["name"], entry["work"], *seconds, f"{ratio:.2f}", f"{entry['target']:.2f}",
                         f"{min(ratios):.2f}-{max(ratios):.2f}", f"{peak:.1f}",
                         ", ".join(filter(None, [note, *faults]))), flush=True)
    return not faults


def load():
    entries, recipes = [], {}
    for path in sorted(HERE.glob("*.toml")):
        with open(path, "rb") as file:
            content = tomllib.load(file)
        entries += content.get("compare", [])
        recipes |= content.get("data", {})
    return entries, recipes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    entries, recipes = load()
    chosen = [entry for entry in entries
              if not options.names or any(entry["name"].startswith(name) for name in options.names)]
    if not chosen:
        sys.exit("bench: cannot find such a comparison; try 'scripts/bench --list'")
    if options.list:
        for entry in chosen:
            print(f"{entry['name']:<20} {entry['work']}, against {entry['against']}: at most {entry['target']}")
        return
    data = Data(200_000 if options.quick else 2_000_000, recipes)
    pairs = options.pairs or (3 if options.quick else 7)
    print(COLUMNS.format("name", "work", "ours s", "theirs s", "ratio", "target", "spread", "peak MiB", ""))
    good = True
    for entry in chosen:
        missing = [name for name in entry.get("peers", []) if shutil.which(name) is None]
        if missing:
            print(f"{entry['name']:<20} cannot run: no {', '.join(missing)}")
            good = False
            continue
        try:
            with web_server(data) if entry.get("web") else contextlib.nullcontext():
                good &= compare(entry, data, pairs)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            print(f"{entry['name']:<20} FAILED: {error}", flush=True)
            good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
