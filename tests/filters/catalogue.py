# SPDX-License-Identifier: MIT
"""The filters: programs that users have, each with what it can read and what it writes."""

import dataclasses
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# What a filter sees: records of a form, alignments as SAM without and with their header, BAM, tables with and
# without their header, the mates of pairs by turns.
FORMS = ("line", "json", "nul", "fixed", "three", "start", "fasta", "fastq")
ALIGNMENTS = ("sam", "samh", "bam")
HEADED = ("tsvh", "csvh", "vcfh")
VIEWS = (*FORMS, *ALIGNMENTS, *HEADED, "pairs")
LINES = ("line", "json", "sam", "samh", *HEADED)


@dataclasses.dataclass(frozen=True)
class Filter:
    name: str
    command: tuple
    sees: tuple
    gives: str = ""  # another view than it sees
    memory: bool = False  # what it writes for a record depends on the records before it
    slow: bool = False  # to start
    ok: str = ""  # its statuses that are success
    early: bool = False  # its process ends before its input is read, which a live one may not
    maybe: bool = False  # may fail on a part of the input although it succeeds on the whole
    needs: tuple = ()  # options of mrf-run

    def output(self, view):
        return self.gives or view


def pysam_python():
    """The Python that has pysam: the system's, as a rule."""
    for python in ("/usr/bin/python3", sys.executable):
        if subprocess.run([python, "-c", "import pysam"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return python
    sys.exit("filters: cannot import pysam; scripts/setup --tests installs it")


PYSAM = """
import sys, pysam
source = pysam.AlignmentFile("-", sys.argv[1], check_sq=False)
out = pysam.AlignmentFile("-", sys.argv[2], template=source)
for read in source:
    if read.mapping_quality >= 20 or read.is_unmapped:
        read.set_tag("XL", read.query_length)
        out.write(read)
"""
BUFFERED = "import sys\nfor line in sys.stdin: print(line.rstrip('\\n').replace('a', 'A'))"
FLUSHED = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
READ_ALL = "import sys\nlines = sys.stdin.readlines()\nsys.stdout.writelines(lines)"
JOINED = "import sys\nprint('\\n'.join(sys.stdin.read().splitlines()), end='')"


def bash(name, script, sees, **more):
    return Filter(name, ("bash", "-c", script), sees, **more)


def line_filters():
    text = ("line", "json")
    table = ("line", "tsvh")
    return [
        Filter("awk-column", ("awk", "-F\t", "$3 > 500"), ("line",)),
        Filter("awk-first", ("awk", "{print $1}"), ("line",)),
        Filter("awk-fields", ("awk", "-F\t", "NF==3"), ("line",)),
        Filter("sed", ("sed", "s/alpha/ALPHA/g"), LINES),
        Filter("sed-drops", ("sed", "-n", "/spam/p"), text),
        Filter("sed-doubles", ("sed", "p"), text),
        Filter("sed-prefix", ("sed", "s/^/x/"), text),
        Filter("grep", ("grep", "spam"), text, maybe=True),
        Filter("grep-ok", ("grep", "spam"), text, ok="0,1", needs=("--ok-status", "0,1")),
        Filter("grep-v-ok", ("grep", "-v", "spam"), LINES, ok="0,1", needs=("--ok-status", "0,1")),
        Filter("grep-none", ("grep", "no such word"), text, maybe=True),
        Filter("grep-none-ok", ("grep", "no such word"), text, ok="0,1", needs=("--ok-status", "0,1")),
        Filter("cut", ("cut", "-f", "1,2"), table),
        Filter("tr", ("tr", "a-z", "A-Z"), ("line",)),
        Filter("rev", ("rev",), ("line",)),
        Filter("perl", ("perl", "-ne", "print if /eggs|r.*5/"), text),
        Filter("jq", ("jq", "-c", ".n += 1"), ("json",)),
        Filter("jq-select", ("jq", "-c", "select(.n > 50)"), ("json",)),
        Filter("jq-raw", ("jq", "-r", ".s"), ("json",), gives="line"),
        Filter("python-buffered", ("python3", "-c", BUFFERED), text),
        Filter("python-flushed", ("python3", "-c", FLUSHED), LINES),
        Filter("python-all-first", ("python3", "-c", READ_ALL), LINES),
        Filter("python-joined", ("python3", "-c", JOINED), text),
        bash("bash-loop", 'while IFS= read -r line; do echo "$line"; done', LINES),
        Filter("bcftools-view", ("bcftools", "view", "--no-version", "-i", "QUAL>30", "-"), ("vcfh",)),
        Filter("bcftools-query", ("bcftools", "query", "-f", "%POS %QUAL\n", "-"), ("vcfh",), gives="line"),
        Filter("grep-z", ("grep", "-z", "spam"), ("nul",), ok="0,1", needs=("--ok-status", "0,1")),
        Filter("sed-z", ("sed", "-z", "s/alpha/A/"), ("nul",)),
        Filter("first-of-three", ("sed", "-n", "1~3p"), ("three",), gives="line"),
    ]


def sequence_filters():
    trim = ("--quiet", "-j", "1", "-m", "40", "-u", "5")
    fastp = ("fastp", "--stdin", "--stdout", "-A", "-G", "-l", "50", "-w", "1", "-j", "/dev/null", "-h", "/dev/null")
    flat = "paste - - - - - - - - | awk 'length($2) > 40' | tr '\\t' '\\n'"
    return [
        Filter("seqtk-fasta", ("seqtk", "seq", "-"), ("fasta",)),
        Filter("seqtk-reverse", ("seqtk", "seq", "-r", "-"), ("fasta", "fastq")),
        Filter("seqtk-comp", ("seqtk", "comp", "-"), ("fasta", "fastq"), gives="line"),
        Filter("seqtk-a", ("seqtk", "seq", "-a", "-"), ("fastq",), gives="fasta"),
        Filter("seqtk-trim", ("seqtk", "trimfq", "-b", "3", "-"), ("fastq", "pairs")),
        Filter("seqtk-long", ("seqtk", "seq", "-L", "60", "-"), ("fastq",)),
        Filter("names", ("sed", "-n", "1~4p"), ("fastq",), gives="line"),
        Filter("paste", ("paste", "-", "-", "-", "-"), ("fastq",), gives="line"),
        Filter("cutadapt", ("cutadapt", *trim, "-"), ("fastq",), slow=True),
        Filter("cutadapt-pairs", ("cutadapt", "--interleaved", *trim, "-o", "-", "-"), ("pairs",), slow=True),
        Filter("cutadapt-torn-pairs", ("cutadapt", *trim, "-"), ("pairs",), slow=True),
        Filter("fastp", fastp, ("fastq",), slow=True),
        Filter("fastp-pairs", (*fastp, "--interleaved_in"), ("pairs",), slow=True),
        bash("paste-pairs", flat, ("pairs",)),
        Filter("minimap2", ("minimap2", "-a", "-t", "1", "ref.fa", "-"), ("fastq",), gives="samh", slow=True),
        Filter("bwa", ("bwa", "mem", "-v", "1", "-t", "1", "ref.fa", "-"), ("fastq",), gives="samh", slow=True),
    ]


def alignment_filters(python):
    return [
        Filter("awk-quality", ("awk", "-F\t", "$5 >= 30"), ("sam",)),
        Filter("awk-quality-h", ("awk", "-F\t", "/^@/ || $5 >= 30"), ("samh",)),
        Filter("awk-eleven", ("awk", "-F\t", "NF == 11"), ("sam",)),
        Filter("awk-last", ("awk", "-F\t", "{print $NF}"), ("sam",), gives="line"),
        Filter("cut-tags", ("cut", "-f", "1-11"), ("sam",)),
        Filter("pysam-sam", (python, "-c", PYSAM, "r", "wh"), ("samh",), slow=True),
        Filter("pysam-bam", (python, "-c", PYSAM, "rb", "wbu"), ("bam",), slow=True),
        Filter("pysam-to-bam", (python, "-c", PYSAM, "r", "wb"), ("samh",), gives="bam", slow=True),
        Filter("view", ("samtools", "view", "-h", "-q", "30", "-"), ("samh",)),
        Filter("view-no-header", ("samtools", "view", "-"), ("samh", "bam"), gives="line"),
        Filter("view-headless", ("samtools", "view", "-h", "-"), ("sam",), maybe=True),
        Filter("view-bam", ("samtools", "view", "-u", "-q", "30", "-"), ("bam",)),
        Filter("view-bam-packed", ("samtools", "view", "-b", "--no-PG", "-"), ("bam",)),
        Filter("view-bam-to-sam", ("samtools", "view", "-h", "--no-PG", "-"), ("bam",), gives="samh"),
        Filter("fastq", ("samtools", "fastq", "-"), ("samh", "bam"), gives="fastq"),
        Filter("fasta", ("samtools", "fasta", "-"), ("samh",), gives="fasta"),
        Filter("calmd", ("samtools", "calmd", "-", "ref.fa"), ("samh",)),
        Filter("calmd-bam", ("samtools", "calmd", "-u", "-", "ref.fa"), ("bam",)),
        Filter("count-names", ("cut", "-f", "1"), ("sam",), gives="line"),
    ]


def shell_filters():
    everything = VIEWS
    return [
        Filter("cat", ("cat",), everything),
        bash("tee", "tee >(wc -c >&2)", everything),
        bash("late-substitution", "exec > >(sleep 0.1; cat); cat", everything),
        bash("substitution", "cat > >(cat)", everything),
        bash("read-by-substitution", "cat <(cat)", everything),
        bash("background", "cat <&0 & wait", everything),
        bash("child-holds-output", "(sleep 0.2; echo late >&2) & cat", everything),
        bash("pipe", "set -o pipefail; cat | cat", everything),
        bash("floods-errors", "head -c 10000000 /dev/zero | tr '\\0' 'e' >&2; cat", everything),
        bash("closes-output", "cat; exec >&-; sleep 0.05", everything),
        bash("closes-and-fails", "cat; exec >&-; sleep 0.05; exit 4", everything),
        bash("fails-after-all", "cat; exit 3", everything),
        bash("fails-at-once", "exit 5", everything),
        bash("fails-unread", "head -c 1 >/dev/null; exit 6", everything),
        bash("killed", "cat >/dev/null; kill -KILL $$", everything),
        bash("absent", "exec /nonexistent/filter", everything),
        bash("silent", "cat >/dev/null", ("line", "fastq", "sam", "nul", "fasta")),
        bash("writes-nothing-reads-nothing", "exit 0", everything, memory=True),
    ]


def memories():
    return [
        Filter(name, command, sees, memory=True, gives=gives)
        for name, command, sees, gives in (
            ("sort", ("sort",), ("line",), ""),
            ("sort-z", ("sort", "-z"), ("nul",), ""),
            ("tac", ("tac",), ("line",), ""),
            ("uniq", ("uniq", "-c"), ("line",), ""),
            ("wc", ("wc", "-l"), ("line", "sam", "fasta"), "line"),
            ("tail", ("tail", "-n", "1"), ("line", "sam"), ""),
            ("head", ("head", "-n", "1"), ("line", "sam"), ""),
            ("head-4", ("head", "-n", "4"), ("fastq",), ""),
            ("awk-number", ("awk", "{print NR, $1}"), ("line",), ""),
            ("awk-odd", ("awk", "NR % 2"), ("line", "sam"), ""),
            ("first-deleted", ("sed", "1d"), ("line", "sam"), ""),
            ("slurp", ("jq", "-s", "-c", "map(.n) | add"), ("json",), "line"),
            ("md5sum", ("md5sum",), ("line", "fixed", "fastq"), "line"),
            ("sample", ("seqtk", "sample", "-s1", "-", "0.5"), ("fastq",), ""),
        )
    ]


def behaviours():
    """behave.py in the ways of the issue of every house: what fails, drops, ends early."""
    forms = {"three": "lines:3", "fixed": "fixed:16", "start": "start:BEGIN", "json": "line", "pairs": "lines:8"}
    views = (*FORMS, "sam", "samh", "pairs")
    ways = (
        ("drops", ("--drop", "30"), {}),
        ("doubles", ("--double", "30"), {}),
        ("drops-and-doubles", ("--drop", "30", "--double", "30"), {}),
        ("delays", ("--delay", "50", "--read", "line", "--flush"), {}),
        ("reads-all", ("--read", "all"), {}),
        ("unended", ("--unended",), {}),
        ("fails-at-first", ("--fail-on", "{first}", "--status", "7"), {}),
        ("fails-at-middle", ("--fail-on", "{middle}", "--status", "7"), {}),
        ("fails-at-last", ("--fail-on", "{last}", "--status", "7"), {}),
        ("killed-at-middle", ("--kill-on", "{middle}"), {}),
        ("killed-at-last", ("--kill-on", "{last}"), {}),
        ("ends-at-middle", ("--end-on", "{middle}"), {"memory": True}),
        ("mute-at-middle", ("--mute-on", "{middle}"), {"memory": True}),
        ("detaches", ("--detach",), {"early": True}),
        ("closes", ("--close",), {}),
        ("fails-at-end", ("--end-status", "9"), {}),
    )
    made = []
    for view in views:
        form = {"samh": "sam"}.get(view, forms.get(view, view))
        for name, options, more in ways:
            if name == "unended" and view in ("fixed", "three"):
                continue  # half a record, in these forms
            command = ("python3", os.path.join(HERE, "behave.py"), form, *options)
            made.append(Filter(name, command, (view,), **more))
    return made


def catalogue():
    return [
        *shell_filters(),
        *line_filters(),
        *sequence_filters(),
        *alignment_filters(pysam_python()),
        *memories(),
        *behaviours(),
    ]
