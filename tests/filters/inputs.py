# SPDX-License-Identifier: MIT
"""Inputs of every kind, drawn from a random number generator. Every record carries its mark: r and six digits."""

import dataclasses
import gzip
import os
import subprocess

WORDS = "alpha beta gamma delta epsilon zeta eta theta iota kappa spam eggs foo bar".split()
BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


@dataclasses.dataclass
class Source:
    """An input as it is stored, and what a filter is to see of it."""

    kind: str
    names: list  # of its files
    header: bytes = b""
    records: list = dataclasses.field(default_factory=list)  # whole, each with its end
    options: list = dataclasses.field(default_factory=list)  # of mrf-run, that say what the input is
    form: str = "line"  # the record form of the records
    reference: str = ""  # path of the FASTA file that alignments lie on

    def count(self):
        """How many records there are; a pair is two."""
        return len(self.records) * (2 if self.kind.startswith("pairs") else 1)

    def marks(self):
        return [f"r{number:06d}" for number in range(len(self.records))]


def mark(number):
    return f"r{number:06d}"


def text(rng, number):
    words = " ".join(rng.choices(WORDS, k=rng.randint(1, 8)))
    return f"{mark(number)}\t{words}\t{rng.randint(-99, 9999)}"


def sequence(rng, low=30, high=120):
    return "".join(rng.choices("ACGT", k=rng.randint(low, high)))


def quality(rng, length):
    return "".join(rng.choices("IIIIF:,#@+>", k=length))


def lines(rng, count):
    return [(text(rng, number) + "\n").encode() for number in range(count)]


def tsv(rng, count):
    return b"id\twords\tvalue\n", lines(rng, count)


def csv(rng, count):
    rows = [f"{mark(n)},{rng.choice(WORDS)},{rng.randint(0, 999)}\n".encode() for n in range(count)]
    return b"id,word,value\n", rows


def vcf(rng, count):
    header = (
        b"##fileformat=VCFv4.2\n"
        b'##FILTER=<ID=PASS,Description="All filters passed">\n'
        b'##INFO=<ID=DP,Number=1,Type=Integer,Description="depth">\n'
        b"##contig=<ID=c1,length=1000000>\n"
        b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    )
    rows = []
    for n in range(count):
        row = f"c1\t{10 * n + 1}\t{mark(n)}\tA\t{rng.choice('CGT')}\t{rng.randint(1, 99)}\tPASS"
        rows.append(f"{row}\tDP={rng.randint(1, 50)}\n".encode())
    return header, rows


def json_lines(rng, count):
    return [f'{{"id":"{mark(n)}","n":{rng.randint(0, 99)},"s":"{rng.choice(WORDS)}"}}\n'.encode() for n in range(count)]


def nul(rng, count):
    return [(text(rng, number) + rng.choice(["", "\n", "\nmore"]) + "\0").encode() for number in range(count)]


def fixed(rng, count):
    return [(mark(number) + "".join(rng.choices("abc\n\t ", k=9))).encode() for number in range(count)]


def three_lines(rng, count):
    return [(text(rng, number) + "\n" + rng.choice(WORDS) + "\n\n").encode() for number in range(count)]


def blocks(rng, count):
    made = []
    for number in range(count):
        inner = "".join(f" BEGIN {rng.choice(WORDS)}\n" for _ in range(rng.randint(0, 4)))
        made.append(f"BEGIN {mark(number)}\n{inner}".encode())
    return made


def fasta(rng, count):
    made = []
    for number in range(count):
        rows = "".join(sequence(rng, 60, 60) + "\n" for _ in range(rng.randint(0, 4)))
        made.append(f">{mark(number)} {rng.choice(WORDS)} >inner\n{rows}{sequence(rng, 1, 60)}\n".encode())
    return made


def fastq_record(rng, number, comment="", genome_bases=""):
    bases = sequence(rng)
    if genome_bases and rng.random() < 0.5:
        at = rng.randint(0, len(genome_bases) - 120)
        bases = genome_bases[at : at + rng.randint(30, 120)]
    plus = f"+{mark(number)}{comment}" if rng.random() < 0.1 else "+"
    return f"@{mark(number)}{comment}\n{bases}\n{plus}\n{quality(rng, len(bases))}\n".encode()


def fastq(rng, count, genome_bases=""):
    return [fastq_record(rng, number, rng.choice(["", " 1:N:0:ACGT"]), genome_bases) for number in range(count)]


def pairs(rng, count):
    """Two lists of records, mates at the same place."""
    ends = rng.choice([("/1", "/2"), (" 1:N:0:AC", " 2:N:0:AC"), ("", "")])
    return tuple([fastq_record(rng, number, end) for number in range(count)] for end in ends)


def genome(rng):
    return {f"c{number}": sequence(rng, 4000, 4000) for number in (1, 2)}


def sam(rng, count, contigs):
    """Header and records of alignments: mapped, unmapped, secondary; with a cell's tag, mostly."""
    header = "@HD\tVN:1.6\tSO:unsorted\n"
    header += "".join(f"@SQ\tSN:{name}\tLN:{len(bases)}\n" for name, bases in contigs.items())
    header += "@RG\tID:lane\tSM:sample\n@CO\ta comment with a\ttab\n"
    made = []
    for number in range(count):
        name, (contig, bases) = mark(number), rng.choice(list(contigs.items()))
        length = rng.randint(30, 100)
        at = rng.randint(0, len(bases) - length)
        tags = rng.choice(["", "\tCB:Z:" + rng.choice(WORDS)]) + rng.choice(["", f"\tXF:i:{rng.randint(0, 300)}"])
        if rng.random() < 0.1:
            row = f"{name}\t4\t*\t0\t0\t*\t*\t0\t0\t{sequence(rng, length, length)}\t*{tags}"
        else:
            flag = rng.choice([0, 16, 0, 16, 256])
            shape = rng.choice([f"{length}M", f"5S{length - 5}M", f"{length - 7}M7S"])
            row = (
                f"{name}\t{flag}\t{contig}\t{at + 1}\t{rng.randint(0, 60)}\t{shape}\t*\t0\t0\t"
                f"{bases[at:at + length]}\t{quality(rng, length)}\tNM:i:0{tags}\tRG:Z:lane"
            )
        made.append((row + "\n").encode())
    return header.encode(), made


def bgzf(data):
    made = b""
    for at in range(0, len(data), 60000):
        packed = gzip.compress(data[at : at + 60000], 1, mtime=0)
        body = packed[10:-8]
        size = len(body) + 18 + 8 - 1
        made += bytes.fromhex("1f8b08040000000000ff060042430200") + size.to_bytes(2, "little") + body + packed[-8:]
    return made + BGZF_END


def packed(rng, data):
    """gzip of one member or of several, or BGZF."""
    how = rng.choice(["one", "members", "bgzf"])
    if how == "bgzf":
        return bgzf(data)
    if how == "one" or len(data) < 2:
        return gzip.compress(data, 1, mtime=0)
    cut = rng.randrange(len(data))
    return gzip.compress(data[:cut], 1, mtime=0) + gzip.compress(data[cut:], 1, mtime=0)


# The kind: name of its file, its makers, the record form, the options that say what it is.
SIMPLE = {
    "text": ("in.txt", lines, "line", []),
    "json": ("in.jsonl", json_lines, "line", []),
    "nul": ("in.dat", nul, "nul", ["--record", "nul"]),
    "fixed": ("in.dat", fixed, "fixed:16", ["--record", "fixed:16"]),
    "three": ("in.dat", three_lines, "lines:3", ["--record", "lines:3"]),
    "start": ("in.dat", blocks, "start:BEGIN", ["--record", "start:BEGIN"]),
    "fasta": ("in.fa", fasta, "fasta", []),
    "fastq": ("in.fq", fastq, "fastq", []),
}
HEADED = {
    "tsv": ("in.tsv", tsv, ["--header-lines", "1"]),
    "csv": ("in.csv", csv, ["--header-lines", "1"]),
    "vcf": ("in.vcf", vcf, ["--header-prefix", "#"]),
}
ALIGNED = ("sam", "bam", "cram")
KINDS = [*SIMPLE, "text.gz", "fastq.gz", "fasta.gz", "vcf.gz", *HEADED, *ALIGNED, "pairs", "pairs.gz"]


def store(directory, name, data):
    with open(os.path.join(directory, name), "wb") as file:
        file.write(data)


def make(rng, kind, count, directory):
    """Writes an input of a kind into a directory."""
    base, zipped = kind.removesuffix(".gz"), kind.endswith(".gz")
    pack = (lambda data: packed(rng, data)) if zipped else (lambda data: data)
    ending = ".gz" if zipped else ""
    if base in SIMPLE:
        name, maker, form, options = SIMPLE[base]
        more = [place_genome(rng, directory)["c1"]] if form == "fastq" else []
        source = Source(kind, [name + ending], records=maker(rng, count, *more), options=options, form=form)
        source.reference = os.path.join(directory, "ref.fa") if more else ""
        stored = b"".join(source.records)
        if form in ("line", "fasta", "fastq") and rng.random() < 0.1 and stored.endswith(b"\n"):
            stored = stored[:-1]  # a last line without its newline is given one
        store(directory, source.names[0], pack(stored))
        return source
    if base in HEADED:
        name, maker, options = HEADED[base]
        header, records = maker(rng, count)
        store(directory, name + ending, pack(header + b"".join(records)))
        return Source(kind, [name + ending], header, records, options)
    if base == "pairs":
        first, second = pairs(rng, count)
        names = ["R1.fq" + ending, "R2.fq" + ending]
        store(directory, names[0], pack(b"".join(first)))
        store(directory, names[1], pack(b"".join(second)))
        return Source(kind, names, records=[a + b for a, b in zip(first, second)], form="fastq")
    return aligned(rng, kind, count, directory)


def place_genome(rng, directory):
    """Writes ref.fa, with its index, for those who align."""
    contigs = genome(rng)
    store(directory, "ref.fa", "".join(f">{name}\n{bases}\n" for name, bases in contigs.items()).encode())
    subprocess.run(["samtools", "faidx", os.path.join(directory, "ref.fa")], check=True)
    return contigs


def aligned(rng, kind, count, directory):
    contigs = place_genome(rng, directory)
    reference = os.path.join(directory, "ref.fa")
    header, records = sam(rng, count, contigs)
    name = f"in.{kind}"
    if kind == "sam":
        store(directory, name, header + b"".join(records))
    else:
        fmt = ["-b"] if kind == "bam" else ["-C", "-T", reference]
        to = ["samtools", "view", *fmt, "--no-PG", "-o", os.path.join(directory, name), "-"]
        subprocess.run(to, input=header + b"".join(records), check=True)
        seen = ["samtools", "view", "-h", "--no-PG", "-T", reference, os.path.join(directory, name)]
        rows = subprocess.run(seen, check=True, stdout=subprocess.PIPE).stdout.splitlines(keepends=True)
        header = b"".join(row for row in rows if row.startswith(b"@"))
        records = [row for row in rows if not row.startswith(b"@")]
    options = ["-T", "ref.fa"] if kind == "cram" else []
    return Source(kind, [name], header, records, options, "sam", reference)
