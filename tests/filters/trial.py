# SPDX-License-Identifier: MIT
"""One trial: mrf-run with a filter over an input, and the same filter in a plain pipe, compared.

The rule: status 0 only when the bytes are the pipe's (in the order any: the same whole records in some order); else
another status and no result. A filter that remembers earlier records is outside the promise; of it the bytes have
to be the same for every number of workers. Nothing may be left behind, and nothing may hang."""

import collections
import dataclasses
import gzip
import os
import re
import shlex
import signal
import subprocess
import sys

import forms
from inputs import BGZF_END

LIMIT = 300  # seconds until a run has hung; nothing else depends on it


@dataclasses.dataclass
class Case:
    """What is run. The fields that a filter or an input does not need stay empty."""

    source: object
    filter: object
    view: str
    order: str = "chunk"
    workers: int = 2
    chunk: str = ""  # -c
    output: str = "out.txt"  # the name, or two of them with a blank between, or "-"
    format: str = ""  # --output-format, for "-"
    record: str = ""  # --output-record
    transport: str = "file"  # file, pipe (-i -), stdin (no -i), fifo, fifos (of pairs, both written by one program)
    options: tuple = ()
    program: str = "mrf-run"  # or mrf-chunks by itself, to "-"

    def marks(self):
        return self.source.marks() or ["r999999"]

    def command(self):
        marks = self.marks()
        places = {"{first}": marks[0], "{middle}": marks[len(marks) // 2], "{last}": marks[-1]}
        return [places.get(word, word) for word in self.filter.command]

    def broadcast(self):
        return self.view in ("samh", "tsvh", "csvh", "vcfh")

    def outputs(self):
        return [] if self.output == "-" else self.output.split()

    def arguments(self):
        if self.program == "mrf-chunks":
            return self.chunks()
        words = ["-n", str(self.workers)]
        if self.order != "chunk":
            words += ["--order", self.order]
        if self.chunk:
            words += ["-c", self.chunk]
        words += self.source.options
        if self.view == "bam":
            words += ["--record", "bam"]
        if self.broadcast():
            words += ["--header-broadcast"]
        words += [*self.filter.needs, *self.options]
        if self.transport == "file":
            for name in self.source.names:
                words += ["-i", name]
        elif self.transport in ("fifo", "fifos"):
            for number in range(len(self.source.names)):
                words += ["-i", f"fifo{number}"]
        elif self.transport == "pipe":
            words += ["-i", "-"]
        if self.transport == "fifos":
            words += ["--record", "fastq"]
        elif self.transport != "file" and self.source.kind.removesuffix(".gz") in INPUT_FORMATS:
            words += ["--input-format", INPUT_FORMATS[self.source.kind.removesuffix(".gz")]]
        for name in self.output.split():
            words += ["-o", name]
        if self.format:
            words += ["--output-format", self.format]
        if self.record:
            words += ["--output-record", self.record]
        return ["mrf-run", *words, "--", *self.command()]

    def chunks(self):
        """mrf-chunks reads what a job of mrf-run would give it."""
        words = ["-n", str(self.workers), *(["-c", self.chunk] if self.chunk else []), *self.options]
        if self.source.form == "sam":
            words += ["--record", "bam"] if self.view == "bam" else ["--sam"]
            if self.view == "sam" and (self.record or self.format) not in (None, "", "sam", "bam"):
                words += ["--header-to", "/dev/null"]  # it goes to standard output otherwise
        else:
            words += self.source.options
        if self.source.form in ("fastq", "fasta"):
            words += ["--record", self.source.form]
        if self.broadcast():
            words += ["--header-broadcast"]
        if self.record or self.format:
            words += ["--output-record", self.record or self.format]
        if self.transport == "fifo":
            words += ["-i", "fifo0"]
        if self.transport == "file":
            words += ["-i", self.source.names[0]]
        return ["mrf-chunks", *words, *self.filter.needs, "--", *self.command()]

    def __str__(self):
        command = [word if len(word) < 60 else word[:57] + "..." for word in self.arguments()]
        given = " [from FIFOs]" if self.transport.startswith("fifo") else f" <{self.source.names[0]}"
        end = "" if self.transport == "file" else given
        count = len(self.source.records)
        return f"[{self.source.kind}, {count} records, {self.view}, {self.filter.name}] {shlex.join(command)}{end}"


INPUT_FORMATS = {"sam": "sam", "bam": "bam", "cram": "cram", "fastq": "fastq", "fasta": "fasta"}


@dataclasses.dataclass
class Result:
    status: int
    stdout: bytes
    stderr: bytes
    hung: bool = False


def run(command, directory, environment, feed=None, stdin=None):
    """Runs a command in a session of its own; what takes longer than LIMIT is killed and has hung."""
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.PIPE if feed is not None else (stdin or subprocess.DEVNULL),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(feed, timeout=LIMIT)
        return Result(process.returncode, out, err)
    except subprocess.TimeoutExpired:
        process.terminate()  # mrf-run ends its jobs
        try:
            out, err = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = b"", b""
        return Result(-1, out, err, True)


# Opens all FIFOs, one after the other, and fills them by turns, as a program does that writes mates to two files.
BY_TURNS = """
import signal, sys
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
names = sys.argv[1:]
count = len(names) // 2
sources = [open(name, "rb") for name in names[:count]]
outs = [open(name, "wb", 0) for name in names[count:]]
while pieces := [source.read(3000) for source in sources]:
    if not any(pieces):
        break
    for piece, out in zip(pieces, outs):
        out.write(piece)
"""


class Bench:
    """Where the trials run: a directory for each input, the programs, the results of the plain pipes."""

    def __init__(self, programs, base):
        self.directory = os.path.join(base, "work")
        self.temporary = os.path.join(base, "tmp")
        os.makedirs(self.directory)
        os.makedirs(self.temporary)
        self.environment = dict(os.environ, LC_ALL="C.UTF-8", TMPDIR=self.temporary)
        self.environment["PATH"] = programs + os.pathsep + os.environ["PATH"]
        self.pipes = {}

    def pipe(self, case, numbered):
        """What the filter makes of the whole input in a plain pipe: (status, bytes)."""
        key = (id(case.source), tuple(case.command()), case.view, numbered)
        if key not in self.pipes:
            result = run(case.command(), self.directory, self.environment, self.feed(case, numbered))
            if result.hung:
                raise RuntimeError(f"the plain pipe hangs: {case}")
            self.pipes[key] = (result.status, result.stdout)
        return self.pipes[key]

    def feed(self, case, numbered):
        source, records = case.source, case.source.records
        if numbered and source.form == "sam":
            records = [record[:-1] + b"\tmi:i:%d\n" % number for number, record in enumerate(records)]
        elif numbered:
            records = [b"%d\t%s" % (number, record) for number, record in enumerate(records)]
        body = b"".join(records)
        if case.view == "bam":
            return self.samtools(["-u"], source.header + body, case)
        return (source.header if case.broadcast() else b"") + body

    def samtools(self, options, data, case):
        command = ["samtools", "view", "--no-PG", *options]
        if case.source.reference:
            command += ["-T", case.source.reference]
        done = subprocess.run([*command, "-"], input=data, capture_output=True, check=False)
        return done.stdout if done.returncode == 0 else None

    def expected(self, case):
        """(status, header, records) of the plain pipe, or (status, None, None) when it gives nothing that
        is a result of this kind."""
        numbered = case.order == "seq"
        status, data = self.pipe(case, numbered)
        if case.filter.ok and str(status) in case.filter.ok.split(","):
            status = 0
        gives = case.filter.output(case.view)
        final = output_form(case)
        header = b""
        if gives == "bam":
            data = self.samtools(["-h"], data, case)
            if data is None:
                return status, None, None
        if final == "sam" and data is not None:
            if gives == "sam" or (gives == "line" and case.view == "sam"):
                data = case.source.header + data
            parsed = self.samtools(["-h"], data, case)
            if parsed is not None and case.output.endswith(".cram"):
                parsed = self.samtools(["-h"], self.samtools(["-C"], parsed, case), case)
            if parsed is None:
                return status, None, None
            header, body = forms.sam_parts(parsed)
        elif gives in ("samh", "bam"):
            header, body = forms.sam_parts(data)
        elif case.source.header and not case.source.form == "sam":
            if case.broadcast():
                header, body = forms.header_parts(data, case.source)
            else:
                header, body = case.source.header, data
        else:
            body = data
        pairs = numbered and case.source.kind.startswith("pairs")  # a pair has one number
        records = forms.split(body, "lines:8" if pairs else record_form(case), numbered and case.source.form != "sam")
        if records and forms.ends(record_form(case)) and not records[-1].endswith(forms.ends(record_form(case))):
            records[-1] += forms.ends(record_form(case))
        if numbered:
            records = forms.unnumbered(records, case.source.form)
            if records is None:
                return status, None, None
        if pairs:
            records = forms.split(b"".join(records), "fastq")
        return status, header, records

    def actual(self, case, result):
        """The bytes of the result: its header and body as text, and what is wrong with it."""
        if case.output == "-":
            data = result.stdout
        else:
            parts = []
            for name in case.outputs():
                with open(os.path.join(self.directory, name), "rb") as file:
                    parts.append(file.read())
            if len(parts) == 2:
                return interleave(*[unpacked(part, name) for part, name in zip(parts, case.outputs())])
            data = parts[0]
        kind = (case.output if case.output != "-" else "x." + (case.format or "txt")).rsplit(".", 1)[1]
        if kind == "bam" and not data.endswith(BGZF_END):
            return None, "the BAM has no end-of-file block"
        if kind in ("bam", "cram"):
            data = self.samtools(["-h"], data, case)
            if data is None:
                return None, "samtools cannot read the result"
        elif kind == "gz":
            data = unpacked(data, "x.gz")
        return data, ""

    def trial(self, case):
        """Runs a case; returns (result, what is wrong with it or '')."""
        for name in case.outputs():
            remove(os.path.join(self.directory, name))
        before = set(os.listdir(self.directory))
        result = self.start(case)
        after = set(os.listdir(self.directory)) - before
        wrong = self.judge(case, result, after)
        left = os.listdir(self.temporary)
        if left and not wrong:
            wrong = f"left in TMPDIR: {left}"
        for name in left:
            subprocess.run(["rm", "-rf", os.path.join(self.temporary, name)], check=False)
        for name in after - set(case.outputs()):
            subprocess.run(["rm", "-rf", os.path.join(self.directory, name)], check=False)
        return result, wrong

    def start(self, case):
        command = case.arguments()
        names = case.source.names
        if case.transport in ("fifo", "fifos"):
            fifos = [f"fifo{number}" for number in range(len(names))]
            for fifo in fifos:
                os.mkfifo(os.path.join(self.directory, fifo))
            writer = subprocess.Popen([sys.executable, "-c", BY_TURNS, *names, *fifos], cwd=self.directory)
            try:
                return run(command, self.directory, self.environment)
            finally:
                writer.kill()
                writer.wait()
                for fifo in fifos:
                    remove(os.path.join(self.directory, fifo))
        if case.transport in ("pipe", "stdin"):
            reading, writing = os.pipe()
            path = os.path.join(self.directory, names[0])
            writer = subprocess.Popen(["cat", path], stdout=writing, stderr=subprocess.DEVNULL)
            os.close(writing)
            try:
                return run(command, self.directory, self.environment, stdin=reading)
            finally:
                os.close(reading)
                writer.kill()
                writer.wait()
        return run(command, self.directory, self.environment)

    def judge(self, case, result, made):
        if result.hung:
            return f"hangs for {LIMIT} s"
        if result.status < 0 or result.status in (132, 134, 135, 136, 139):
            return f"crashes: status {result.status}"
        strangers = made - set(case.outputs())
        if strangers:
            return f"left beside the result: {sorted(strangers)}"
        if result.status != 0:
            if made:
                return f"status {result.status}, but there is a result: {sorted(made)}"
            if not result.stderr.strip():
                return f"status {result.status} without a message"
            return self.judge_failure(case, result)
        missing = set(case.outputs()) - made
        if missing:
            return f"status 0 without {sorted(missing)}"
        if case.filter.memory:
            return ""
        return self.judge_success(case, result)

    def judge_failure(self, case, result):
        """A failure is right unless all is in order and the promise covers it."""
        if case.filter.memory or case.filter.maybe:
            return ""
        status, header, records = self.expected(case)
        if status != 0 or records is None or not promised(case, header, records):
            return ""
        last = result.stderr.decode("utf-8", "replace").strip().splitlines()
        return f"status {result.status}, but the pipe succeeds: " + " / ".join(line[:200] for line in last[-3:])

    def judge_success(self, case, result):
        status, header, records = self.expected(case)
        if status != 0 and case.source.records:
            return f"status 0, but the pipe's is {status}"
        if records is None:
            return "status 0, but the pipe's output is no such result"
        data, reason = self.actual(case, result)
        if data is None:
            return f"status 0, but {reason}"
        if case.order == "rows" and len(records) != case.source.count():
            return f"status 0 in rows, but {len(records)} records for {case.source.count()}"
        if case.order != "any":
            return difference(header + b"".join(records), data)
        if not data.startswith(header):
            return "the header differs: " + difference(header, data[: len(header)])
        given = collections.Counter(forms.split(data[len(header) :], record_form(case)))
        if given != collections.Counter(records):
            lost, more = collections.Counter(records) - given, given - collections.Counter(records)
            return f"lost {total(lost)} records {few(lost)}, has {total(more)} others {few(more)}"
        return ""


def promised(case, header, records):
    """Whether the contract promises success for what is right in a plain pipe."""
    if case.order == "rows":
        if len(records) != case.source.count():
            return False
    if case.order == "seq" and (
        case.source.form not in ("line", "sam")
        or (case.source.form == "line" and case.broadcast())
        or case.filter.output(case.view) != case.view
        or (output_form(case) == "sam") != (case.source.form == "sam")
    ):
        return False
    if case.order != "chunk" and case.filter.early:
        return False
    if case.source.kind.startswith("pairs") and not (paired(records) and told_apart(records)):
        return False
    return all(forms.whole(record, record_form(case)) for record in records)


def paired(records):
    """Whether records come by twos of the same name."""
    names = [re.split(rb"[\s]|/[12]\s", record, maxsplit=1)[0] for record in records]
    return len(names) % 2 == 0 and names[::2] == names[1::2]


def told_apart(records):
    """Whether no pair follows another one of the same name, where nothing may tell which are mates."""
    firsts = [re.split(rb"[\s]|/[12]\s", record, maxsplit=1)[0] for record in records[::2]]
    return all(a != b for a, b in zip(firsts, firsts[1:]))


def output_form(case):
    """What the result holds: sam (alignments in any format), or a record form."""
    kind = case.output.split()[0].removesuffix(".gz").rsplit(".", 1)[-1] if case.output != "-" else case.format
    if kind in ("sam", "bam", "cram"):
        return "sam"
    if case.record:
        return case.record
    return {"fq": "fastq", "fastq": "fastq", "fa": "fasta", "fasta": "fasta"}.get(kind, "line")


def record_form(case):
    form = output_form(case)
    return "line" if form in ("sam", "bam") else form


def interleave(first, second):
    """Two FASTQ streams by turns, as one."""
    ones, twos = forms.split(first, "fastq"), forms.split(second, "fastq")
    if len(ones) != len(twos):
        return None, f"{len(ones)} records beside {len(twos)}"
    if not paired([record for pair in zip(ones, twos) for record in pair]):
        return None, "mates out of step"
    return b"".join(record for pair in zip(ones, twos) for record in pair), ""


def unpacked(data, name):
    return gzip.decompress(data) if name.endswith(".gz") and data else data


def remove(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def total(counter):
    return sum(counter.values())


def few(counter):
    return [record[:40] for record in list(counter)[:2]]


def difference(expected, given):
    if expected == given:
        return ""
    at = next((n for n, (a, b) in enumerate(zip(expected, given)) if a != b), min(len(expected), len(given)))
    return (
        f"other bytes from {at} on ({len(given)} for {len(expected)}): "
        f"{given[max(0, at - 20):at + 30]!r} for {expected[max(0, at - 20):at + 30]!r}"
    )


def determinism(bench, cases):
    """Runs cases that differ only in their workers: all have to give the same bytes. Returns what is wrong."""
    first = None
    for case in cases:
        result, wrong = bench.trial(case)
        if wrong:
            return case, wrong
        now = (result.status, bench.actual(case, result)[0] if result.status == 0 else None)
        if first is None:
            first = now
        elif now != first:
            return case, f"differs from that of {cases[0].workers} workers: status {now[0]}, {first[0]}"
    return cases[-1], ""
