# SPDX-License-Identifier: MIT
"""Runs the comparisons of *.toml: see scripts/bench --help, and README beside this file for the entries."""

import argparse
import contextlib
import hashlib
import itertools
import json
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

import chart

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Records, MiB of the object, and MiB of what is fetched through limited connections.
WHOLE, QUICK = (2_000_000, 1024, 256), (200_000, 128, 64)
GENERATOR = ROOT / "tests/data/make-bam"
COLUMNS = "{:<20} {:<44} {:>8} {:>8} {:>6} {:>6}  {:<11} {:>8}  {}"


class Data:
    """The input files, each made when it is first asked for."""

    def __init__(self, size, recipes):
        self.records, object_mib, limited_mib = size
        cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
        made_by = GENERATOR.read_bytes() + json.dumps([recipes, size]).encode()
        mark = hashlib.sha256(made_by).hexdigest()[:8]
        self.directory = cache / "mrf-tools" / f"bench-{self.records}-{mark}"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.kept = tempfile.TemporaryDirectory(dir=self.directory)
        # What changes how Python writes would change what is measured.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        self.environment = {**kept, "MAKE_BAM": str(GENERATOR), "RECORDS": str(self.records),
                            "OBJECT": str(object_mib << 20), "LIMITED": str(limited_mib << 20),
                            "DATA": str(self.directory), "SERVE": str(HERE / "serve"),
                            "PATH": f"{ROOT}/build/bin:{os.environ['PATH']}"}
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
    """Wall seconds, the peak resident MiB of the largest process below, processor seconds of all, and those of them
    that were not the system's."""
    with tempfile.NamedTemporaryFile("r") as peak:
        # time(1) stands between: the peak of a process begins with that of the one that started it, Python's here.
        measured = ["time", "-q", "-f", "%M %U %S", "-o", peak.name, "bash", "-euo", "pipefail", "-c", command]
        begin = time.monotonic()
        process = subprocess.Popen(measured, cwd=directory, env=environment, start_new_session=True)
        status = process.wait()
        wall = time.monotonic() - begin
        if status != 0:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            raise RuntimeError(f"status {status}: {command.strip()}")
        kib, user, system = peak.read().split()
        return wall, int(kib) / 1024, float(user) + float(system), float(user)


@contextlib.contextmanager
def web_server(program, data):
    """$URL serves the data meanwhile."""
    process = subprocess.Popen([HERE / program, data.directory, "sh", "-c", 'echo "$URL"; exec cat'], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=data.environment)
    try:
        data.environment["URL"] = process.stdout.readline().strip()
        if not data.environment["URL"]:
            raise RuntimeError(f"{program} does not start")
        yield
    finally:
        process.stdin.close()
        process.wait()


def output_of(command, directory, data):
    return subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=directory, check=True,
                          env=data.environment, stdout=subprocess.PIPE).stdout


def prove(entry, data):
    """What the two commands give where those that are timed throw it away."""
    outputs = []
    for command in entry.get("proof", []):
        with tempfile.TemporaryDirectory(dir=data.directory) as directory:
            outputs.append(output_of(command, directory, data))
    return outputs


def fresh_directory(data, entry):
    """An empty directory, removed after its run; with many files not before the end: for minutes ext4 looks at every
    inode that was removed whenever it makes a file."""
    if entry.get("many_files"):
        return contextlib.nullcontext(tempfile.mkdtemp(dir=data.kept.name))
    return tempfile.TemporaryDirectory(dir=data.directory)


def run_fresh(command, data, entry, examine, environment=None):
    with fresh_directory(data, entry) as directory:
        if entry.get("many_files"):  # a program that syncs would else wait for what the one before left unwritten
            os.sync()
        if "prepare" in entry:
            subprocess.run(["bash", "-euo", "pipefail", "-c", entry["prepare"]], cwd=directory, check=True,
                           env=data.environment)
        measured = shell(command, directory, environment or data.environment)
        if not examine:
            return measured
        digest = size = None
        if "same" in entry:
            digest = output_of(entry["same"], directory, data)
        if "size" in entry:
            size = os.path.getsize(os.path.join(directory, "out.bam"))
        return digest, size


def compare(entry, data, pairs):
    """A row of the table."""
    our_digest, our_size = run_fresh(entry["ours"], data, entry, True)
    their_digest, their_size = run_fresh(entry["theirs"], data, entry, True)
    proof = prove(entry, data)
    ours, theirs = [], []
    for _ in range(pairs):
        ours.append(run_fresh(entry["ours"], data, entry, False))
        theirs.append(run_fresh(entry["theirs"], data, entry, False))
    ratios = [our[0] / their[0] for our, their in zip(ours, theirs)]
    row = {key: entry[key] for key in ("name", "work", "against", "target")}
    row |= {"ours_s": [our[0] for our in ours], "theirs_s": [their[0] for their in theirs],
            "ratio": statistics.median(ratios), "least_ratio": min(ratios), "largest_ratio": max(ratios),
            "peak_mib": max(our[1] for our in ours), "missed": [],
            "same_result": our_digest == their_digest and len(set(proof)) < 2}
    if row["ratio"] > entry["target"]:
        row["missed"].append("slow")
    if row["peak_mib"] > entry.get("memory", float("inf")):
        row["missed"].append(f"over {entry['memory']} MiB")
    if our_size is not None:
        row |= {"size_ratio": our_size / their_size, "size_target": entry["size"],
                "user_s": [statistics.median(run[3] for run in side) for side in (ours, theirs)]}
        if our_size > entry["size"] * their_size:
            row["missed"].append("large")
    return row


def compare_before(entry, data, pairs, directory):
    """A row of the table: ours now, and with other programs of the same names."""
    before = {**data.environment, "PATH": f"{directory}:{data.environment['PATH']}"}
    digest, _ = run_fresh(entry["ours"], data, entry, True)
    digest_before, _ = run_fresh(entry["ours"], data, entry, True, before)
    ours, theirs = [], []
    for _ in range(pairs):
        ours.append(run_fresh(entry["ours"], data, entry, False))
        theirs.append(run_fresh(entry["ours"], data, entry, False, before))
    ratios = [our[0] / their[0] for our, their in zip(ours, theirs)]
    processor_ratio = statistics.median(our[2] / max(their[2], 0.01) for our, their in zip(ours, theirs))
    peaks = [statistics.median(run[1] for run in side) for side in (ours, theirs)]
    row = {"name": entry["name"], "work": entry["work"], "against": str(directory), "target": 1.03,
           "ours_s": [our[0] for our in ours], "theirs_s": [their[0] for their in theirs],
           "ratio": statistics.median(ratios), "least_ratio": min(ratios), "largest_ratio": max(ratios),
           "processor_ratio": processor_ratio, "peak_mib": peaks[0], "peak_before_mib": peaks[1], "missed": [],
           "same_result": digest == digest_before}
    if row["ratio"] > row["target"]:
        row["missed"].append("slower")
    if peaks[0] > max(1.03 * peaks[1], peaks[1] + 1):
        row["missed"].append("more memory")
    return row


def show(row):
    notes = list(row["missed"])
    if "size_ratio" in row:
        user = "{:.2f} to {:.2f}".format(*row["user_s"])
        notes.insert(0, f"size {row['size_ratio']:.3f} (at most {row['size_target']}), user {user} s")
    if "peak_before_mib" in row:
        notes.insert(0, f"processor {row['processor_ratio']:.2f}, peak before {row['peak_before_mib']:.1f}")
    if not row["same_result"]:
        notes.append("RESULTS DIFFER")
    seconds = [f"{statistics.median(row[side]):.3f}" for side in ("ours_s", "theirs_s")]
    print(COLUMNS.format(row["name"], row["work"], *seconds, f"{row['ratio']:.2f}", f"{row['target']:.2f}",
                         f"{row['least_ratio']:.2f}-{row['largest_ratio']:.2f}", f"{row['peak_mib']:.1f}",
                         ", ".join(notes)), flush=True)


def save(rows, not_run, machine, options):
    """What there is so far, so that a long run that is ended leaves it."""
    if options.json:
        options.json.write_text(json.dumps({**machine, "comparisons": rows, "not_run": not_run}, indent=1) + "\n")
    if options.svg:
        options.svg.write_text(chart.draw(rows, machine))


def processor():
    with open("/proc/cpuinfo") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")


def expanded(entry):
    """The entry for each combination of its values: %NAME in its texts stands for one of each.NAME."""
    names = list(entry.get("each", {}))
    for values in itertools.product(*(entry["each"][name] for name in names)):
        def filled(text):
            for name, value in zip(names, values):
                text = text.replace(f"%{name}", value)
            return text
        one = {key: filled(value) if isinstance(value, str) else value for key, value in entry.items()}
        for key in ("data", "peers"):
            one[key] = [filled(name) for name in entry.get(key, [])]
        if isinstance(entry["target"], dict):
            one["target"] = next(entry["target"][value] for value in values if value in entry["target"])
        yield one


def load(size):
    """The comparisons, and how their data are made."""
    entries, recipes = [], {}
    for path in sorted(HERE.glob("*.toml")):
        with open(path, "rb") as file:
            content = tomllib.load(file)
        entries += [one for entry in content.get("compare", []) for one in expanded(entry)]
        recipes |= content.get("data", {})
    for entry in entries:
        entry["work"] = entry["work"].format(object=f"{size[1]} MiB", large=f"{4 * size[1]} MiB",
                                             limited=f"{size[2]} MiB")
    return entries, recipes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--assert", action="store_true", dest="asserted")
    parser.add_argument("--before", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--svg", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    size = QUICK if options.quick else WHOLE
    entries, recipes = load(size)
    chosen = [entry for name in options.names or [""] for entry in entries if entry["name"].startswith(name)]
    chosen = list({entry["name"]: entry for entry in chosen}.values())
    if not chosen:
        sys.exit("bench: cannot find such a comparison; try 'scripts/bench --list'")
    if options.list:
        for entry in chosen:
            print(f"{entry['name']:<20} {entry['work']}, against {entry['against']}: at most {entry['target']}")
        return
    data = Data(size, recipes)
    pairs = options.pairs or (2 if options.quick else 7)
    print(COLUMNS.format("name", "work", "ours s", "theirs s", "ratio", "target", "spread", "peak MiB", ""))
    machine = {"processor": processor(), "cores": os.cpu_count(), "records": data.records, "pairs": pairs}
    rows, not_run = [], {}
    for entry in chosen:
        missing = [name for name in entry.get("peers", []) if shutil.which(name) is None]
        if missing:
            not_run[entry["name"]] = f"cannot run: no {', '.join(missing)}"
            print(f"{entry['name']:<20} {not_run[entry['name']]}")
            continue
        try:
            for name in entry.get("data", []):
                data.make(name)
            with web_server(entry["web"], data) if "web" in entry else contextlib.nullcontext():
                rows.append(compare_before(entry, data, pairs, options.before) if options.before
                            else compare(entry, data, pairs))
        except (RuntimeError, subprocess.CalledProcessError) as error:
            not_run[entry["name"]] = f"FAILED: {error}"
            print(f"{entry['name']:<20} {not_run[entry['name']]}", flush=True)
            continue
        show(rows[-1])
        save(rows, not_run, machine, options)
    save(rows, not_run, machine, options)
    missed = [row["name"] for row in rows if row["missed"]]
    print(f"{len(rows)} comparisons, {len(missed)} missed a target{': ' if missed else ''}{', '.join(missed)}")
    print(f"{machine['processor']}, {machine['cores']} cores, {pairs} pairs")
    good = not not_run and all(row["same_result"] for row in rows) and not (options.asserted and missed)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
