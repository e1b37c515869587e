#!/usr/bin/awk -f
# Drops records without a position: bit 4 of the flag.
BEGIN { FS = "\t" }
int($2 / 4) % 2 == 0
