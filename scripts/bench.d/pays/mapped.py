# SPDX-License-Identifier: MIT
"""Keeps the alignments with a mapping quality of at least 30."""

import sys

for line in sys.stdin:
    if line.startswith("@") or int(line.split("\t")[4]) >= 30:
        sys.stdout.write(line)
