# SPDX-License-Identifier: MIT
"""Record forms: where records end, what a whole one is, and the numbers that the order seq adds."""

import re


def split(data, form, numbered=False):
    """The records of a form, each with its end (the last one as it is), and with a number in front of each if
    they are numbered."""
    name, _, value = form.partition(":")
    if name == "nul":
        return pieces(data, b"\0")
    if name == "fixed":
        return [data[at : at + int(value)] for at in range(0, len(data), int(value))]
    lines = pieces(data, b"\n")
    if name in ("fasta", "start"):
        start = re.escape(b">" if name == "fasta" else value.encode())
        return starting(lines, re.compile(rb"\d+\t" + start if numbered else start))
    if name in ("lines", "fastq"):
        count = int(value or 4)
        return [b"".join(lines[at : at + count]) for at in range(0, len(lines), count)]
    return lines


def pieces(data, delimiter):
    parts = data.split(delimiter)
    last = parts.pop()
    return [part + delimiter for part in parts] + ([last] if last else [])


def starting(lines, start):
    made = []
    for line in lines:
        if start.match(line) or not made:
            made.append([])
        made[-1].append(line)
    return [b"".join(part) for part in made]


def ends(form):
    """What ends a record of the form, or nothing."""
    return {"nul": b"\0", "fixed": b""}.get(form.partition(":")[0], b"\n")


def whole(record, form):
    name, _, value = form.partition(":")
    if name == "fixed":
        return len(record) == int(value)
    if name == "lines":
        return record.count(b"\n") == int(value)
    if name == "fasta":
        return record.startswith(b">")
    if name == "start":
        return record.startswith(value.encode())
    if name == "fastq":
        lines = record.split(b"\n")
        return (
            len(lines) == 5
            and lines[0][:1] == b"@"
            and lines[2][:1] == b"+"
            and lines[2][1:] in (b"", lines[0][1:])
            and len(lines[1]) == len(lines[3])
        )
    return True


def sam_parts(data):
    """Header and records of SAM text."""
    end = 0
    while data.startswith(b"@", end):
        end = data.index(b"\n", end) + 1
    return data[:end], data[end:]


def header_parts(data, source):
    """Header and records of what a filter wrote that saw a table's header."""
    lines = pieces(data, b"\n")
    if source.header.startswith(b"#"):
        count = next((n for n, line in enumerate(lines) if not line.startswith(b"#")), len(lines))
    else:
        count = source.header.count(b"\n")
    return b"".join(lines[:count]), b"".join(lines[count:])


def unnumbered(records, form):
    """The records without the numbers that were added to them; None when one has none, or they are out of order."""
    made, last = [], 0
    pattern = re.compile(rb"\tmi:i:(\d+)(?=[\t\n])" if form == "sam" else rb"(\d+)\t")
    for record in records:
        found = list(pattern.finditer(record)) if form == "sam" else [pattern.match(record)]
        if not found or not found[-1] or int(found[-1][1]) < last:
            return None
        last = int(found[-1][1])
        made.append(record[: found[-1].start()] + record[found[-1].end() :])
    return made
