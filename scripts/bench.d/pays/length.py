# SPDX-License-Identifier: MIT
"""Adds the number of bases of each alignment as a tag."""

import pysam

with pysam.AlignmentFile("-") as source, pysam.AlignmentFile("-", "w", template=source) as result:
    for read in source:
        read.set_tag("XL", read.query_length)
        result.write(read)
