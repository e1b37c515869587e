# SPDX-License-Identifier: MIT
"""What tests/faults/sweep runs: one ordinary job of each program, small enough to be run some thousand times."""
import dataclasses
import gzip
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@dataclasses.dataclass
class Scenario:
    """`words` are bash's; $IN holds the inputs, $URL serves them. Without `results` standard output is the result.
    `places` are processes that calls fail in by themselves (failing_calls.cc)."""
    name: str
    words: str
    results: list = dataclasses.field(default_factory=list)
    places: list = dataclasses.field(default_factory=list)


SCENARIOS = [
    Scenario("distribute lines", 'mrf-distribute -c 10 -i "$IN/lines" a b', ["a", "b"]),
    Scenario("distribute gzip by key", 'mrf-distribute --key column:1 -i "$IN/lines.gz" a b', ["a", "b"]),
    Scenario("distribute bam", 'mrf-distribute --record bam -c 100 -i "$IN/small.bam" a b', ["a", "b"]),
    Scenario("collect rows", 'mrf-collect -c 10 -o out "$IN/part.0" "$IN/part.1"', ["out"]),
    Scenario("collect seq with spill",
             'mrf-collect --order seq --buffer 64K -o out "$IN/late" "$IN/early"', ["out"]),
    Scenario("collect to BGZF", 'mrf-collect --order concat -@ 2 -o out.gz "$IN/lines"', ["out.gz"]),
    Scenario("bamread to a file", 'mrf-bamread -@ 2 -o out.sam "$IN/small.bam"', ["out.sam"]),
    Scenario("bamread to stdout", 'mrf-bamread "$IN/small.bam"'),
    Scenario("bamwrite", 'mrf-bamwrite -@ 2 -l 1 -o out.bam "$IN/small.sam"', ["out.bam"]),
    Scenario("bamwrite with an index", 'mrf-bamwrite --write-index -o out.bam "$IN/small.sam"',
             ["out.bam", "out.bam.bai"]),
    Scenario("bamwrite CRAM", 'mrf-bamwrite -o out.cram "$IN/small.sam"', ["out.cram"]),
    Scenario("fetch to a file",
             'getm-fetch -q --retry 1 --part-size 64K --multipart-threshold 64K "$URL/lines" out', ["out"]),
    Scenario("fetch to stdout", 'getm-fetch -q --retry 1 "$URL/lines" -'),
    Scenario("run", 'mrf-run -n 2 -i "$IN/lines" --order rows -o out -- cat', ["out"],
             ["mrf-run:0", "mrf-run:1", "mrf-distribute:0", "mrf-collect:0"]),
    Scenario("run chunk", 'mrf-run -n 2 -i "$IN/lines" --order chunk -c 1000 -o out -- cat', ["out"],
             ["mrf-run:0", "mrf-run:1", "mrf-chunks:0"]),
    Scenario("chunks of a file", 'mrf-chunks -n 2 -c 1000 -i "$IN/lines" -- cat', [], ["mrf-chunks:0"]),
    Scenario("chunks of gzip, checked",
             'mrf-chunks -n 2 -c 1500 --output-record lines:1 -i "$IN/lines.gz" -- cat', [], ["mrf-chunks:0"]),
    Scenario("chunks of BAM", 'mrf-chunks -n 2 -c 700 --record bam -i "$IN/small.bam" -- cat', [], ["mrf-chunks:0"]),
    Scenario("run for two results",
             """mrf-run - <<<"a: cp $IN/lines save:a"$'\\n'"b: cp $IN/lines save:b" """, ["a", "b"],
             ["mrf-run:0", "mrf-run:1"]),
    Scenario("run bam", 'mrf-run -n 2 -i "$IN/small.bam" -o out.bam -- cat', ["out.bam"],
             ["mrf-run:0", "mrf-run:1", "mrf-bamread:0", "mrf-distribute:0", "mrf-collect:0", "mrf-bamwrite:0"]),
]


def make_inputs(directory, programs):
    lines = [f"{number % 7}\t{'x' * (number % 90)}{number}\n" for number in range(5000)]
    text = "".join(lines).encode()
    (directory / "lines").write_bytes(text)
    (directory / "lines.gz").write_bytes(gzip.compress(text))
    blocks = [lines[begin:begin + 10] for begin in range(0, len(lines), 10)]
    for part in (0, 1):
        (directory / f"part.{part}").write_text("".join(line for block in blocks[part::2] for line in block))
    numbered = [f"{number}\t{line}" for number, line in enumerate(lines)]
    (directory / "early").write_text("".join(numbered[2500:]))
    (directory / "late").write_text("".join(numbered[:2500]))
    subprocess.run([ROOT / "tests/data/make-bam", "--records", "2000", "-o", directory / "small.bam"], check=True)
    with open(directory / "small.sam", "wb") as out:
        subprocess.run([programs / "mrf-bamread", directory / "small.bam"], stdout=out, check=True)
