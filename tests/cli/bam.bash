# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For the tests of mrf-bamread and mrf-bamwrite, beside common.

# The lines of FILE that end: text that is not whole ends in the middle of one.
whole_lines() {
  [[ $(tail -c 1 "$1" | od -An -tx1) != *0a ]] || { echo "$1 looks whole" && return 1; }
  head -n "$(wc -l <"$1")" "$1"
}

bam_text() { samtools view -h --no-PG "$1"; }

# change RECORD OFFSET BYTES: plain.bam with the bytes from OFFSET of a record on changed.
change() {
  python3 - "$@" <<'END'
import struct, sys
data = bytearray(open("plain.bam", "rb").read())
at = 8 + struct.unpack_from("<I", data, 4)[0]
references, at = struct.unpack_from("<I", data, at)[0], at + 4
for _ in range(references):
    at += 8 + struct.unpack_from("<I", data, at)[0]
for _ in range(int(sys.argv[1]) - 1):
    at += 4 + struct.unpack_from("<I", data, at)[0]
at += int(sys.argv[2])
value = bytes.fromhex(sys.argv[3])
data[at:at + len(value)] = value
open("changed.bam", "wb").write(data)
END
}

sorted_bam() {
  samtools sort --no-PG -o sorted.bam "$(small_bam)" 2>/dev/null
  samtools index sorted.bam
}

# break_block FILE N PYTHON: broken.bam is FILE after PYTHON changed its block N, counted from 0, the bytearray
# `block`. Prints where the block begins.
break_block() {
  python3 - "$@" <<'END'
import struct, sys
stored = open(sys.argv[1], "rb").read()
at = 0
for _ in range(int(sys.argv[2])):
    at += struct.unpack_from("<H", stored, at + 16)[0] + 1
end = at + struct.unpack_from("<H", stored, at + 16)[0] + 1
block = bytearray(stored[at:end])
exec(sys.argv[3])
open("broken.bam", "wb").write(stored[:at] + block + stored[end:])
print(at)
END
}

# Files that the Python of standard input writes, with the functions of bam_bytes.py.
bam_bytes() { python3 "$ROOT/tests/cli/bam_bytes.py"; }
