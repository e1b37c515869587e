#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Memory and time of mrf-bamread and mrf-bamwrite: large headers, large records, sizes that an input only says.

load common
load bam

# memory_of COMMAND: the most memory that the command took, in MiB; its output is thrown away.
memory_of() {
  run_apart bash -c "$1 --stats stats.json >/dev/null"
  assert_status "${2:-0}" >&2
  echo $(($(jq .max_rss_bytes stats.json) >> 20))
}

@test "bamread: a header of 50 MB is read in a time that grows with its size, from SAM and BAM, by a pipe" {
  awk 'BEGIN { for (i = 0; i < 280000; i++) print "@SQ\tSN:a_contig_of_a_large_assembly_with_a_name_" i "\tLN:1000\tM5:0123456789abcdef0123456789abcdef\tUR:file:///somewhere/in/a/directory/of/references/assembly.fa\tAS:assembly_" i
    print "r\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI" }' >in.sam
  [[ $(stat -c %s in.sam) -gt 40000000 ]]
  head -n 2500 in.sam >small.sam
  processor_seconds() { mrf-bamread --stats stats.json "$1" >out.sam && jq '.user_s + .sys_s' stats.json; }
  small=$(processor_seconds small.sam)
  large=$(processor_seconds in.sam)
  cmp in.sam out.sam
  # A hundred times as large: quadratic would be ten thousand times as long.
  awk -v small="$small" -v large="$large" 'BEGIN { exit !(large < 1000 * (small + 0.01)) }'
  mrf-bamread -u in.sam >in.bam
  cat in.bam | mrf-bamread | cmp - in.sam
  python3 -c 'import subprocess, sys
data = open("in.sam", "rb").read()
reader = subprocess.Popen(["mrf-bamread"], stdin=subprocess.PIPE, stdout=open("out.sam", "wb"))
for at in range(0, len(data), 4096):
    reader.stdin.write(data[at:at + 4096]); reader.stdin.flush()
reader.stdin.close()
sys.exit(reader.wait())'
  cmp in.sam out.sam
}

@test "bamread: sizes that a BAM only says take no memory" {
  bam_bytes <<'END'
whole = header() + record("a")
def cut(name, data):
    open(name, "wb").write(blocks(data) + EOF)
cut("record.bam", whole + record("b", size=0xfffffff0))
cut("long.bam", whole + record("b", size=0x7fffffff)[:20])
cut("text.bam", b"BAM\1\xff\xff\xff\xff")
cut("list.bam", b"BAM\1\0\0\0\0\xff\xff\xff\x7f")
cut("name.bam", b"BAM\1\0\0\0\0\1\0\0\0\xff\xff\xff\x7f")
cut("tags.bam", whole + record("b", tags=b"XABI\xff\xff\xff\xff"))
END
  for file in record long text list name tags; do
    for options in '' '-u' '-@ 2'; do
      [[ $(memory_of "mrf-bamread $options $file.bam" 3) -lt 64 ]]
    done
  done
}

@test "bamread: what follows a block and is none is not gathered, however much it is" {
  bam_bytes <<'END'
front = block(header())
whole = front + block(record("a")) + EOF
open("zeros.bam", "wb").write(whole)
open("other.bam", "wb").write(whole + b"no block" * 9)
open("range", "w").write(f"{len(front) << 16}-{200 << 36}")
END
  truncate -s 200M zeros.bam other.bam
  [[ $(memory_of 'mrf-bamread zeros.bam') -lt 64 ]]
  [[ $(memory_of 'mrf-bamread other.bam' 3) -lt 64 ]]
  [[ $(memory_of 'mrf-bamread --range "$(<range)" other.bam' 3) -lt 64 ]]
}

@test "bamread, bamwrite: many reads of 200 kB, and a few of 20 MB, stay within the budget, whatever the threads" {
  [[ -z ${MRF_SANITIZED-} ]] || skip 'the sanitizers have memory of their own'
  python3 - <<'END'
import random
random.seed(1)
with open("in.sam", "w") as out:
    out.write("@SQ\tSN:c1\tLN:100000000\n")
    bases = "".join(random.choice("ACGT") for _ in range(400000))
    for i in range(600):
        at = random.randrange(200000)
        out.write(f"r{i}\t0\tc1\t{i + 1}\t60\t200000M\t*\t0\t0\t{bases[at:at + 200000]}\t*\n")
with open("long.sam", "w") as out:
    out.write("@SQ\tSN:c1\tLN:100000000\n")
    for i in range(6):
        out.write(f"r{i}\t0\tc1\t{i + 1}\t60\t20000000M\t*\t0\t0\t{bases * 50}\t*\n")
END
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram in.sam
  samtools index in.cram
  mrf-bamwrite -l 1 --write-index -o in.bam in.sam
  mrf-bamwrite -l 1 -o long.bam long.sam
  for command in 'mrf-bamread in.bam' 'mrf-bamread -r c1 in.bam' 'mrf-bamread in.cram' 'mrf-bamread -r c1 in.cram' \
    'mrf-bamwrite -l 1 in.sam'; do
    echo "$command: $(memory_of "$command -@ 8")"
    [[ $(memory_of "$command -@ 8") -lt 256 ]]
  done
  one=$(memory_of 'mrf-bamread -@ 0 long.bam')
  echo "one thread: $one, eight: $(memory_of 'mrf-bamread -@ 8 long.bam')"
  [[ $(memory_of 'mrf-bamread -@ 8 long.bam') -lt $((3 * one)) ]]
}
