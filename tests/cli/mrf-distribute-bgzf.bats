#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# BGZF of every legal kind, what may follow its end, and damage on pipes that stay open.

load common
load distribute

# BGZF blocks of stdin: $1 bytes a block, $2 puts subfields around BC, $3 follows the end-of-file block.
bgzf() {
  python3 -c '
import struct, sys, zlib
step, odd, tail = int(sys.argv[1]), sys.argv[2] == "odd", sys.argv[3].encode().decode("unicode_escape").encode("latin1")
def block(data):
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    before, after = (b"XY\x05\0hello", b"Z!\0\0") if odd else (b"", b"")
    extra = len(before) + 6 + len(after)
    size = 12 + extra + len(packed) + 8
    return (b"\x1f\x8b\x08\x04\0\0\0\0\0\xff" + struct.pack("<H", extra) + before + b"BC\x02\0" + struct.pack("<H", size - 1) + after
            + packed + struct.pack("<II", zlib.crc32(data), len(data)))
data = sys.stdin.buffer.read()
out = sys.stdout.buffer
for at in range(0, len(data), step): out.write(block(data[at:at + step]))
out.write(bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000") + tail)
' "$@"
}

@test "blocks of any size, with subfields before BC, from files and pipes, with and without threads" {
  seq 20000 >text
  local size kind threads
  for size in 1000 65280 65536; do
    for kind in plain odd; do
      bgzf $size $kind '' <text >in.gz
      for threads in 0 2; do
        run_apart mrf-distribute -@ $threads -i in.gz out
        assert_status 0
        cmp out text
        run_apart mrf-distribute -@ $threads -i <(cat in.gz) out
        assert_status 0
        cmp out text
      done
    done
  done
  seq 100 | bgzf 1 odd '' >in.gz
  run_apart mrf-distribute -i in.gz out
  cmp out <(seq 100)
}

@test "NUL bytes may follow the end, nothing else may" {
  local kind
  for kind in plain odd; do
    seq 1000 | bgzf 500 $kind '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >in.gz
    run_apart mrf-distribute -i in.gz out
    assert_status 0
    cmp out <(seq 1000)
    for tail in 'x' 'more than a header would be long' '\0x' '\x1f\x8bxxxxxxxxxxxxxxxxxxxxx'; do
      seq 1000 | bgzf 500 $kind "$tail" >in.gz
      run_apart mrf-distribute -i in.gz out2
      assert_status 3
      [[ ! -e out2 ]]
    done
  done
}

# Whether mrf-distribute ends with status 3 while the writer of its input keeps the pipe open.
ends_while_open() {
  mkfifo in
  mrf-distribute "${@:2}" -i in out 2>stderr 3>&- &
  local pid=$! status=0
  exec 4>in
  cat "$1" >&4 || true # the reader may have gone before the last byte
  wait $pid || status=$?
  exec 4>&-
  rm in
  [[ $status == 3 && ! -e out ]]
}

@test "damage is reported when it has been read, on a pipe that stays open" {
  seq 20000 | bgzf 5000 plain '' >good.gz
  { head -c 9000 good.gz && printf 'this is no block' && tail -c +9100 good.gz; } >garbled.gz
  { seq 1000 | bgzf 500 plain '' | head -c -28 && echo 'this is no block, but text'; } >between.gz
  { seq 1000 | gzip -c && echo 'this is no member'; } >members.gz
  printf '@a\nAC\n+\nI\n' >short.fq
  printf 'not BAM at all' >text
  printf 'BAM\1\xff\xff\xff\xff' >negative.bam
  for threads in 0 2; do
    for name in garbled.gz between.gz members.gz; do ends_while_open $name -@ $threads; done
  done
  ends_while_open short.fq --record fastq
  ends_while_open text --record bam
  ends_while_open negative.bam --record bam
  grep -F "its header is malformed: it has a negative length" stderr
}

@test "a BAM header of 24 MB with a million references takes no time to speak of" {
  python3 - >big.bam <<'END'
import struct, sys
names = 1000000
out = sys.stdout.buffer
out.write(b"BAM\1" + struct.pack("<I", 0) + struct.pack("<I", names))
out.write(b"".join(struct.pack("<I", 8) + b"%07d\0" % i + struct.pack("<I", 9) for i in range(names)))
END
  # A pass over the whole header for each piece of it would take minutes of processor time.
  (ulimit -t 20 && cat big.bam | mrf-distribute --record bam -i - out.bam)
  [[ $(samtools view -c out.bam) == 0 ]]
}

@test "--seq refuses a record that has the tag mi already, in SAM and BAM" {
  printf 'r1\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\tXA:Z:mi:i:3\nr2\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\tmi:Z:x\tNM:i:0\n' >in.sam
  run_apart mrf-distribute --sam --seq -i in.sam out
  assert_status 3
  assert_stderr_has "cannot read 'in.sam': the record 'r2' has the tag mi already, by which '--seq' numbers records"
  samtools view -b -o in.bam in.sam
  run_apart mrf-distribute --record bam --seq -i in.bam out
  assert_status 3
  assert_stderr_has "the record 'r2' has the tag mi already"
  run_apart mrf-distribute --sam --seq -i <(head -n 1 in.sam) out
  assert_status 0
}

@test "--key tag: one integer is one key, however SAM writes it" {
  for value in 5 05 +5 005; do printf 'r%s\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\tCB:i:%s\n' $value $value; done >in.sam
  run_apart mrf-distribute --sam --key tag:CB -i in.sam a b c d e
  assert_status 0
  [[ $(cat a b c d e | wc -l) == 4 && $(find . -name '[a-e]' -size +0 | wc -l) == 1 ]]
}
