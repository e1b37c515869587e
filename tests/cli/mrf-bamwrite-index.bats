#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Indexes made while the file is written.

load common
load bam

setup() {
  common_setup
  samtools view -h --no-PG "$(small_bam)" >in.sam
}

sorted_sam() { samtools sort --no-PG -O sam -o sorted.sam "$(small_bam)" 2>/dev/null; }

@test "bamwrite: --write-index makes the index that samtools index makes" {
  sorted_sam
  for threads in 0 2; do
    for output in out.bam out.sam.gz; do
      mrf-bamwrite -@ $threads --write-index -o $output sorted.sam
      samtools index $output expected.bai
      cmp $output.bai expected.bai
    done
  done
  mrf-bamwrite --write-index -o out.cram sorted.sam
  samtools index out.cram expected.crai
  cmp <(zcat out.cram.crai) <(zcat expected.crai)
}

@test "bamwrite: a reference longer than 2^29 has a CSI index" {
  printf '@SQ\tSN:long\tLN:2000000000\n' >in.sam
  printf '%s\t0\tlong\t%s\t9\t4M\t*\t0\t0\tACGT\tIIII\n' a 1 b 600000000 c 1999999990 >>in.sam
  mrf-bamwrite --write-index -o out.bam in.sam
  samtools index -c out.bam expected.csi
  cmp <(bgzip -dc out.bam.csi) <(bgzip -dc expected.csi)
  mrf-bamread -r long:600000000-600000001 out.bam | grep -q ^b
}

@test "bamwrite: an index on unsorted data, of standard output or of plain SAM is refused" {
  (grep ^@ in.sam && grep -v ^@ in.sam | sort -k 10,10) >unsorted.sam
  number=$(grep -v ^@ unsorted.sam | awk -F '\t' '
    $3 == last ? $4 < at : seen[$3] || last == "*" { print NR; exit }
    { seen[$3] = 1; last = $3; at = $4 }')
  for threads in 0 2; do
    for file in out.bam out.sam.gz; do
      run_apart mrf-bamwrite -@ $threads --write-index -o $file unsorted.sam
      assert_status 3
      assert_stderr_is \
        "mrf-bamwrite: cannot index '$file': record $number is out of order: sort by position first"
      assert_files in.sam unsorted.sam
    done
  done
  run_apart mrf-bamwrite --write-index in.sam
  assert_status 2
  assert_stderr_has "cannot index 'standard output': only a file can have an index"
  run_apart mrf-bamwrite --write-index -o out.sam in.sam
  assert_status 2
  assert_stderr_has "cannot index 'out.sam': plain SAM has no index"
}

@test "bamwrite: CRAM that is not sorted has no index, with a reference too" {
  { echo '>c1' && printf 'ACGT%.0s' {1..2500} && printf '\n>c2\n' && printf 'ACGT%.0s' {1..2500} && echo; } >ref.fa
  record() { printf 'r\t0\t%s\t%s\t9\t4M\t*\t0\t0\tACGT\tIIII\n' "$1" "$2"; }
  unplaced=$'r\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII'
  header() { printf '@SQ\tSN:c1\tLN:10000\n@SQ\tSN:c2\tLN:10000\n'; }
  { header && record c1 500 && record c1 499; } >back.sam
  { header && record c1 5 && record c2 5 && record c1 9; } >again.sam
  { header && record c1 5 && echo "$unplaced" && record c2 5; } >behind.sam
  for input in back again behind; do
    number=$(grep -vc ^@ $input.sam)
    for threads in 0 2; do
      run_apart mrf-bamwrite -@ $threads -T ref.fa --write-index -o out.cram $input.sam
      assert_status 3
      assert_stderr_is "mrf-bamwrite: cannot index 'out.cram': record $number is out of order: sort by position first"
      [[ ! -e out.cram && ! -e out.cram.crai ]]
    done
    mrf-bamwrite -T ref.fa -o out.cram $input.sam
    rm out.cram
  done
  { header && record c2 5 && record c2 5 && record c1 7 && echo "$unplaced" && echo "$unplaced"; } >sorted.sam
  mrf-bamwrite -T ref.fa --write-index -o out.cram sorted.sam
  [[ $(mrf-bamread -T ref.fa --no-header -r c2 -r c1 out.cram | wc -l) == 3 ]]
}

@test "bamwrite: references in another order than the header's are indexed, as by samtools index" {
  sorted_sam
  (grep ^@ sorted.sam && grep -v ^@ sorted.sam | sort -s -t $'\t' -k 3,3r) >other.sam
  mrf-bamwrite --write-index -o out.bam other.sam
  samtools index out.bam expected.bai
  cmp out.bam.bai expected.bai
}

@test "bamwrite: the index of a BAM without records, and of unmapped records" {
  grep ^@ in.sam >none.sam
  (cat none.sam && printf 'r\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n') >unmapped.sam
  (cat none.sam && printf 'r\t%s\tchr1\t5\t0\t1M\t*\t0\t0\tA\tI\n' 4 0 4 && tail -n 1 unmapped.sam) >placed.sam
  for name in none unmapped placed; do
    mrf-bamwrite --write-index -o $name.bam $name.sam
    samtools index $name.bam expected.bai
    cmp $name.bam.bai expected.bai
  done
}

@test "bamwrite: an older index that is read in the place of the new one gives a warning" {
  sorted_sam
  for old in out.bam.csi out.csi; do
    mrf-bamwrite -o out.bam in.sam
    samtools sort --no-PG -o other.bam in.sam 2>/dev/null
    samtools index -c other.bam $old
    touch -d '2 days ago' $old
    run_apart mrf-bamwrite --write-index -o out.bam sorted.sam
    assert_status 0
    assert_stderr_is \
      "mrf-bamwrite: the index '$old' is older than 'out.bam' and read before others: make it anew, or remove it"
    rm $old
    run_apart mrf-bamwrite --write-index -o out.bam sorted.sam
    assert_status 0
    assert_stderr_is ''
  done
}

@test "bamwrite: an index that cannot be written is named, and neither file appears" {
  # 8 bytes of index for each reference, and a header that compresses to a third of that.
  { seq -f $'@SQ\tSN:c%.0f\tLN:9' 40000 && printf 'r\t0\tc1\t1\t9\t4M\t*\t0\t0\tACGT\tIIII\n'; } >many.sam
  run_apart bash -c 'trap "" XFSZ; ulimit -f 250; mrf-bamwrite --write-index -l 9 -o out.bam many.sam'
  assert_status 1
  assert_stderr_is "mrf-bamwrite: cannot write 'out.bam.bai': File too large"
  assert_files in.sam many.sam
}
