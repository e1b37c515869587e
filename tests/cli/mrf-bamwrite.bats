#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load common

setup() {
  common_setup
  samtools view -h --no-PG "$(small_bam)" >in.sam
}

# break_line N SED: in.sam with line N changed.
break_line() { sed -E "$1$2" in.sam >bad.sam; }
first_record() { echo $(($(grep -c ^@ in.sam) + 1)); }

refuses() {
  for threads in 0 2; do
    run_apart mrf-bamwrite -@ $threads -o out.bam bad.sam
    assert_status 3
    assert_stderr_is "mrf-bamwrite: cannot read 'bad.sam': $1"
    assert_files in.sam bad.sam
  done
}

@test "bamwrite: SAM to BAM and back is the same text, at every level and number of threads" {
  for level in 0 1 6 9; do
    for threads in 0 2; do
      mrf-bamwrite -@ $threads -l $level -o out.bam in.sam
      samtools quickcheck -v out.bam
      samtools view -h --no-PG out.bam | cmp - in.sam
    done
  done
  mrf-bamwrite <in.sam | samtools view -h --no-PG | cmp - in.sam
  cat in.sam | mrf-bamwrite - | samtools view -h --no-PG | cmp - in.sam
}

@test "bamwrite: reads BAM, compressed or not, and gzipped SAM" {
  mrf-bamwrite "$(small_bam)" | samtools view -h --no-PG | cmp - in.sam
  samtools view --no-PG -u "$(small_bam)" | mrf-bamwrite | samtools view -h --no-PG | cmp - in.sam
  gzip -c in.sam | mrf-bamwrite | samtools view -h --no-PG | cmp - in.sam
  bgzip -c in.sam | mrf-bamwrite | samtools view -h --no-PG | cmp - in.sam
}

@test "bamwrite: the format comes from -O or from the extension" {
  mrf-bamwrite -o out.sam in.sam
  cmp out.sam in.sam
  mrf-bamwrite -O SAM in.sam | cmp - in.sam
  mrf-bamwrite --no-PG -O bam -o odd.sam in.sam
  samtools quickcheck -v odd.sam
}

@test "bamwrite: a format or level that does not exist is refused" {
  run_apart mrf-bamwrite -O vcf in.sam
  assert_status 2
  assert_stderr_is "mrf-bamwrite: cannot use output format 'vcf': not bam, cram, sam or sam.gz; try 'mrf-bamwrite --help'"
  run_apart mrf-bamwrite -l 10 in.sam
  assert_status 2
  assert_stderr_has "cannot use level '10': not between 0 and 9"
}

@test "bamwrite: a last line without a newline is a record" {
  head -c -1 in.sam | mrf-bamwrite | samtools view -h --no-PG | cmp - in.sam
}

@test "bamwrite: a header alone is a BAM without records" {
  grep ^@ in.sam | mrf-bamwrite -o out.bam
  samtools quickcheck -v out.bam
  [[ $(samtools view -c out.bam) == 0 ]]
}

@test "bamwrite: a malformed line is named by its number and reason, and there is no output" {
  line=$(first_record)
  break_line "$line" 's/.*/junk/'
  refuses "line $line: 1 fields where 11 are needed"
  break_line "$line" 's/^([^\t]*)\t[^\t]*/\1\tx/'
  refuses "line $line: FLAG 'x' is not a number in range"
  tail=$(wc -l <in.sam)
  break_line "$tail" 's/$/\tXX:Q:1/'
  refuses "line $tail: the optional field 'XX:Q:1' has an unknown type"
  break_line "$tail" 's/$/\tXX:i:/'
  refuses "line $tail: the optional field 'XX:i:' has a malformed value"
}

@test "bamwrite: a record that names an unknown reference is an error, as is its mate's" {
  line=$(first_record)
  break_line "$line" 's/^([^\t]*\t[^\t]*)\t[^\t]*/\1\tnowhere/'
  refuses "line $line: RNAME 'nowhere' is not in the header"
  break_line "$line" 's/^(([^\t]*\t){6})[^\t]*/\1nowhere/'
  refuses "line $line: RNEXT 'nowhere' is not in the header"
}

@test "bamwrite: a BAM that is cut off gives no output, and an existing one stays" {
  head -c -28 "$(small_bam)" >cut.bam
  echo old >out.bam
  for command in 'mrf-bamwrite -@ 2 -o out.bam cut.bam' 'cat cut.bam | mrf-bamwrite -o out.bam'; do
    run_apart bash -c "$command"
    assert_status 3
    assert_stderr_has "truncated: the BGZF end-of-file block is missing"
    [[ $(cat out.bam) == old ]]
    assert_files in.sam cut.bam out.bam
  done
}

@test "bamwrite: an output that cannot be written is an error, an input that is empty too" {
  run_apart mrf-bamwrite -o no/such/out.bam in.sam
  assert_status 1
  assert_stderr_has "cannot open 'no/such/out.bam': No such file or directory"
  run_apart mrf-bamwrite -o out.bam /dev/null
  assert_status 3
  assert_stderr_is "mrf-bamwrite: cannot read '/dev/null': the input is empty"
  run_apart bash -c 'mrf-bamwrite -@ 2 in.sam >/dev/full'
  assert_status 1
  assert_stderr_is "mrf-bamwrite: cannot write 'standard output': No space left on device"
  assert_files in.sam
}
