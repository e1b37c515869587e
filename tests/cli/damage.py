#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: damage.py cut|flip FILE SAMTOOLS_TEXT

Runs mrf-bamread on FILE, damaged in many ways, from a file and from a pipe; prints how the runs ended.

cut   at every block boundary and at every byte of the last 64 KiB: status 3 each time, and the text
      that comes out is the beginning of SAMTOOLS_TEXT.
flip  one random bit each time: never a crash, and status 0 only with the text that samtools gives.

A sample, always the same one and a fifth of it under the sanitizers (MRF_SANITIZED), or with MRF_TEST_FULL=1 every cut and 10,000 random flips; MRF_TEST_SEED chooses another.
"""
import collections
import os
import random
import struct
import subprocess
import sys

FULL = os.environ.get("MRF_TEST_FULL") == "1"
PART = 5 if os.environ.get("MRF_SANITIZED") else 1


def run(damaged, by_pipe):
    if by_pipe:
        return subprocess.run(["mrf-bamread"], input=damaged, capture_output=True, timeout=600)
    with open("damaged", "wb") as out:
        out.write(damaged)
    return subprocess.run(["mrf-bamread", "-@", "1", "damaged"], capture_output=True, timeout=600)


def boundaries(data):
    at = 0
    while at < len(data):
        yield at
        at += struct.unpack_from("<H", data, at + 16)[0] + 1


def cut(data, text):
    blocks = list(boundaries(data))[1:]
    last = range(max(1, len(data) - 65536), len(data))
    cuts = set(blocks) | (set(last) if FULL else set(random.sample(last, 60 // PART)) | set(last[-40::PART]))
    for at in sorted(cuts):
        for by_pipe in (False, True):
            result = run(data[:at], by_pipe)
            assert result.returncode == 3, (at, by_pipe, result.returncode, result.stderr)
            # What is not whole ends in the middle of a line.
            whole = result.stdout[: result.stdout.rfind(b"\n") + 1]
            assert text.startswith(whole) and (whole == b"" or whole != result.stdout), (at, by_pipe)
            yield "status 3"


def flip(data, _):
    for turn in range(10000 if FULL else 150 // PART):
        damaged = bytearray(data)
        bit = random.randrange(8 * len(data))
        damaged[bit // 8] ^= 1 << bit % 8
        result = run(bytes(damaged), turn % 2 == 0)
        assert result.returncode in (0, 3), (bit, result.returncode, result.stderr)
        if result.returncode == 0:
            theirs = subprocess.run(["samtools", "view", "-h", "--no-PG", "-"], input=bytes(damaged),
                                    capture_output=True)
            assert theirs.stdout == result.stdout, (bit, "another text than that of samtools")
        yield f"status {result.returncode}"


def main():
    seed = int(os.environ.get("MRF_TEST_SEED", random.randrange(1 << 32) if FULL else 1))
    print("seed", seed)
    random.seed(seed)
    with open(sys.argv[2], "rb") as stored, open(sys.argv[3], "rb") as text:
        ways = {"cut": cut, "flip": flip}[sys.argv[1]]
        print(dict(collections.Counter(ways(stored.read(), text.read()))))


main()
