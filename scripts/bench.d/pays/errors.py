# SPDX-License-Identifier: MIT
"""Adds the number of wrong bases to expect in each alignment, in thousandths, as a tag: the sum over all qualities."""

import sys

for line in sys.stdin:
    if not line.startswith("@"):
        line = line.rstrip("\n")
        errors = sum(10 ** ((33 - ord(quality)) / 10) for quality in line.split("\t")[10])
        line = f"{line}\tXE:i:{round(1000 * errors)}\n"
    sys.stdout.write(line)
