#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A filter from standard input to standard output that misbehaves; the options say how.

The output for a record depends only on the record's mark (its first word of r and six digits), on --seed and on the
other options. It does not depend on other records or on a sequence number in the record. So any cut of the input gives
the same records."""

import argparse
import os
import re
import signal
import sys
import time
import zlib

MARK = re.compile(rb"r\d{6}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("form", help="line, lines:K, fastq, fasta, nul, fixed:N, start:TEXT or sam")
    parser.add_argument("--seed", type=int, default=0, help="which records are dropped, doubled, delayed")
    parser.add_argument("--drop", type=int, default=0, metavar="PERCENT", help="records that are dropped")
    parser.add_argument("--double", type=int, default=0, metavar="PERCENT", help="records written twice")
    parser.add_argument("--delay", type=int, default=0, metavar="PERCENT", help="records that take 2 ms (default 0)")
    parser.add_argument("--fail-on", metavar="MARK", help="exit with --status at this record")
    parser.add_argument("--kill-on", metavar="MARK", help="die of SIGKILL at this record")
    parser.add_argument("--end-on", metavar="MARK", help="exit with 0 at this record")
    parser.add_argument("--mute-on", metavar="MARK", help="close the output at this record and continue to read")
    parser.add_argument("--tear-on", metavar="MARK", help="write only half of this record")
    parser.add_argument("--status", type=int, default=1, help="the status of --fail-on (default 1)")
    parser.add_argument("--stderr", type=int, default=0, metavar="BYTES", help="write BYTES to standard error first")
    parser.add_argument("--read", choices=["line", "block", "all"], default="block", help="bytes to read at a time")
    parser.add_argument("--flush", action="store_true", help="write every record as soon as it is ready")
    parser.add_argument("--unended", action="store_true", help="do not write the last newline")
    parser.add_argument("--close", action="store_true", help="close the output, wait 20 ms, then end")
    parser.add_argument("--end-status", type=int, default=0, help="the status at the end of the input (default 0)")
    parser.add_argument("--detach", action="store_true", help="a child does the work and outlives the filter")
    return parser.parse_args()


def pieces(stream, how):
    """The input in pieces of the size in which the filter reads."""
    if how == "all":
        yield stream.read()
    elif how == "line":
        yield from stream
    else:
        while piece := os.read(stream.fileno(), 1 << 16):
            yield piece


def by_delimiter(parts, delimiter):
    rest = b""
    for piece in parts:
        whole = (rest + piece).split(delimiter)
        rest = whole.pop()
        yield from (record + delimiter for record in whole)
    if rest:
        yield rest


def by_start(parts, start):
    held = []
    for line in by_delimiter(parts, b"\n"):
        if line.startswith(start) and held:
            yield b"".join(held)
            held = []
        held.append(line)
    if held:
        yield b"".join(held)


def by_lines(parts, count):
    held = []
    for line in by_delimiter(parts, b"\n"):
        held.append(line)
        if len(held) == count:
            yield b"".join(held)
            held = []
    if held:
        yield b"".join(held)


def by_size(parts, size):
    rest = b""
    for piece in parts:
        rest += piece
        end = len(rest) // size * size
        yield from (rest[at : at + size] for at in range(0, end, size))
        rest = rest[end:]
    if rest:
        yield rest


def records(parts, form):
    name, _, value = form.partition(":")
    if name == "nul":
        return by_delimiter(parts, b"\0")
    if name == "fixed":
        return by_size(parts, int(value))
    if name == "fasta":
        return by_start(parts, b">")
    if name == "start":
        return by_start(parts, value.encode())
    if name in ("lines", "fastq"):
        return by_lines(parts, int(value or 4))
    return by_delimiter(parts, b"\n")


def draw(mark, seed, what):
    """A number from 0 to 99 that follows from the record and the seed."""
    return zlib.crc32(b"%s %d %s" % (mark, seed, what)) // 7 % 100


def work(options):
    out = sys.stdout.buffer
    muted = False
    held = b""
    struck = ("fail_on", "kill_on", "end_on", "mute_on", "tear_on")
    marks = {name: (getattr(options, name) or "-").encode() for name in struck}
    header = options.form == "sam"
    for record in records(pieces(sys.stdin.buffer, options.read), options.form):
        header = header and record.startswith(b"@")
        found = MARK.search(record)
        mark = found.group() if found and not header else b""
        copies = 1
        if mark:
            if mark in (marks["fail_on"], marks["kill_on"], marks["end_on"]):
                out.write(held)
                out.flush()
            if mark == marks["fail_on"]:
                os._exit(options.status)
            if mark == marks["kill_on"]:
                os.kill(os.getpid(), signal.SIGKILL)
            if mark == marks["end_on"]:
                os._exit(0)
            if mark == marks["mute_on"] and not muted:
                out.write(held)
                held = b""
                out.flush()
                os.close(1)
                muted = True
            if mark == marks["tear_on"]:
                record = record[: len(record) // 2]
            if draw(mark, options.seed, b"drop") < options.drop:
                copies = 0
            elif draw(mark, options.seed, b"double") < options.double:
                copies = 2
            if draw(mark, options.seed, b"delay") < options.delay:
                time.sleep(0.002)
        if muted or not copies:
            continue
        out.write(held)
        held = record * copies
        if options.flush:
            out.write(held)
            held = b""
            out.flush()
    if not muted:
        if options.unended and held.endswith(b"\n"):
            held = held[:-1]
        out.write(held)
        out.flush()
        if options.close:
            os.close(1)
            time.sleep(0.02)
    os._exit(options.end_status)


def main():
    options = arguments()
    if options.detach and os.fork():
        os._exit(0)
    left = options.stderr
    while left > 0:
        line = b"a line of standard error\n" * 400
        left -= os.write(2, line[: min(left, len(line))])
    work(options)


main()
