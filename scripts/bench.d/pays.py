# SPDX-License-Identifier: MIT
"""Times filters between two BAM files, in a pipe, with mrf-run and with GNU parallel: see scripts/bench --help."""

import argparse
import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import run

README = run.ROOT / "README.md"
BEGIN, END = "<!-- begin of the table of scripts/bench pays -->", "<!-- end of the table of scripts/bench pays -->"
COPIES = (1, 2, 4)
LIVE = (2,)
PARALLEL = (2, 4)
LEVELS = {1: "-b1", 6: "-b"}  # with the words of samtools view
IN = '"$DATA/big.bam"'
RECORDS = "samtools view -h --no-PG out.bam | sha256sum"


@dataclasses.dataclass
class Filter:
    name: str
    work: str
    command: str  # words for bash, without a single quote
    header: bool = False  # it needs the header, and writes it


# The Python for which Debian's pysam is.
FILTERS = (
    Filter("cat", "`cat`", "cat"),
    Filter("mapped", "Python, a loop over the lines", '/usr/bin/python3 "$FILTERS/mapped.py"'),
    Filter("length", "pysam, a tag added", '/usr/bin/python3 "$FILTERS/length.py"', header=True),
    Filter("errors", "Python, a sum over the qualities", '/usr/bin/python3 "$FILTERS/errors.py"'),
)


def pipe(one, level, threads=""):
    return (f"samtools view -h --no-PG{threads} {IN} | {one.command} | "
            f"samtools view {LEVELS[level]} --no-PG{threads} -o out.bam")


def mrf_run(one, level, copies, order=""):
    header = " --header-broadcast" if one.header else ""
    return f"mrf-run -n {copies} -l {level}{order}{header} -i {IN} -o out.bam -- {one.command}"


def parallel(one, level, copies):
    """The header goes around the filter, or before each block, and then only the first one stays."""
    start = f"parallel --pipe -k -j{copies} --block 16M"
    if one.header:
        work = f"samtools view -h --no-PG -@2 {IN} | {start} --header '(@.*\\n)*' '{one.command} | grep -v ^@'"
    else:
        work = f"samtools view --no-PG -@2 {IN} | {start} '{one.command}'"
    return (f"{{ samtools view -H --no-PG {IN}; {work}; }} | "
            f"samtools view {LEVELS[level]} --no-PG -@2 -o out.bam")


def columns(one, level):
    """What is timed for a row: the head of each column, and its command. The first result is the right one."""
    return {"pipe": pipe(one, level), "pipe, `-@2`": pipe(one, level, " -@2"),
            **{f"`mrf-run -n {copies}`": mrf_run(one, level, copies) for copies in COPIES},
            **{f"`--order seq -n {copies}`": mrf_run(one, level, copies, " --order seq") for copies in LIVE},
            **{f"`parallel -j{copies}`": parallel(one, level, copies) for copies in PARALLEL}}


def timed(command, data, examine):
    """Wall seconds, and with examine the digest of the result."""
    with tempfile.TemporaryDirectory(dir=data.directory) as directory:
        wall = run.shell(command, directory, data.environment)[0]
        return wall, run.output_of(RECORDS, directory, data) if examine else None


def measure(commands, data, rounds):
    """The seconds of each command, round by round, and what is wrong with some of them: "failed" or "differs"."""
    seconds, wrong, right = {name: [] for name in commands}, {}, None
    for number in range(rounds):
        for name, command in commands.items():
            if name in wrong:
                continue
            try:
                wall, digest = timed(command, data, number == 0)
            except (RuntimeError, subprocess.CalledProcessError) as error:
                print(f"bench: {error}", file=sys.stderr)
                wrong[name] = "failed"
                continue
            seconds[name].append(wall)
            right = right or digest
            if number == 0 and digest != right:
                print(f"bench: the result differs from that of the pipe: {command}", file=sys.stderr)
                wrong[name] = "differs"
    return seconds, wrong


def alone(one, data, rounds):
    """Microseconds of the filter for a record, without readers and writers: the median of the rounds."""
    command = f'{one.command} <"$DATA/big.sam" >/dev/null'
    return statistics.median(timed(command, data, False)[0] for _ in range(rounds)) / data.records * 1e6


def short(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def line_of(row):
    """A line of the table. The least time is bold."""
    medians = {name: statistics.median(times) for name, times in row["seconds"].items() if name not in row["wrong"]}
    least = min(medians.values(), default=0)
    cells = [row["wrong"].get(name) or (f"**{short(medians[name])}**" if medians[name] == least else
                                        short(medians[name])) for name in row["seconds"]]
    ours = [seconds for name, seconds in medians.items() if name.startswith(("`mrf-run", "`--order"))]
    rival = medians.get("pipe, `-@2`")
    gain = f"{rival / min(ours):.1f}" if ours and rival else "-"
    return "| " + " | ".join([row["work"], short(row["alone_us"]), str(row["level"]), *cells, gain]) + " |"


def head():
    names = ["filter", "alone, µs", "level", *columns(FILTERS[0], 1), "gain"]
    return "| " + " | ".join(names) + " |\n|---|" + "--:|" * (len(names) - 1)


def caption(data, rounds):
    size = os.path.getsize(data.directory / "big.bam") / 1e6
    times = "one run" if rounds == 1 else f"{rounds} runs in turns"
    return (f"Seconds from BAM to BAM, {data.records:,} records ({size:.0f} MB), the median of {times}, on "
            f"{run.processor()} with {os.cpu_count()} processors. *alone* is what the filter by itself takes for a "
            "record, *pipe* is `samtools view -h | filter | samtools view -b`, `parallel` is GNU parallel with "
            "`--pipe -k --block 16M` between two samtools with `-@2`. *gain* is the time of the pipe with `-@2` "
            "divided by the least time of `mrf-run`. `mrf-run -n N` starts the filter for every chunk; with "
            "`--order seq` two filters live as long as the run, and see a number on every record.")


def parts_of(text):
    """What stands before and behind the table."""
    before, begin, rest = text.partition(BEGIN)
    _, end, behind = rest.partition(END)
    if not begin or not end:
        sys.exit(f"bench: cannot write '{README}': the lines around the table are missing; put '{BEGIN}' and '{END}' "
                 "where the table belongs")
    return before, behind


def parsed():
    parser = argparse.ArgumentParser(prog="scripts/bench pays")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("filters", nargs="*")
    options = parser.parse_args()
    names = [one.name for one in FILTERS]
    for name in options.filters:
        if name not in names:
            parser.error(f"cannot find the filter '{name}'; the filters are {', '.join(names)}")
    if options.pairs < 1:
        parser.error("cannot take --pairs below 1")
    if options.write and options.filters:
        parser.error("cannot write a part of the table; leave out --write or the names of filters")
    return options


def chosen_rows(options, data):
    """The rows of the table, each when it is measured."""
    for one in FILTERS:
        if options.filters and one.name not in options.filters:
            continue
        alone_us = alone(one, data, options.pairs)
        for level in LEVELS:
            seconds, wrong = measure(columns(one, level), data, options.pairs)
            yield {"filter": one.name, "work": one.work, "level": level, "alone_us": alone_us, "seconds": seconds,
                   "wrong": wrong}


def main():
    options = parsed()
    if options.write:
        parts_of(README.read_text(encoding="utf-8"))
    size = run.QUICK if options.quick else run.WHOLE
    data = run.Data(size, run.load(size)[1])
    data.environment["FILTERS"] = str(run.HERE / "pays")
    machine = {"processor": run.processor(), "cores": os.cpu_count(), "records": data.records}
    rows = []
    try:
        for name in ("big.bam", "big.sam"):
            data.make(name)
        lines = [caption(data, options.pairs), "", head()]
        print("\n".join(lines), flush=True)
        for row in chosen_rows(options, data):
            rows.append(row)
            lines.append(line_of(row))
            print(lines[-1], flush=True)
            if options.json:
                options.json.write_text(json.dumps({**machine, "rows": rows}, indent=1) + "\n")
    except RuntimeError as error:
        sys.exit(f"bench: {error}")
    if any(row["wrong"] for row in rows):
        sys.exit("bench: a program failed, or its result differs: see above")
    if options.write:
        before, behind = parts_of(README.read_text(encoding="utf-8"))
        README.write_text("\n".join([before + BEGIN, *lines, END + behind]), encoding="utf-8")


if __name__ == "__main__":
    main()
