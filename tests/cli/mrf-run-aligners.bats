#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Aligners as filters: FASTQ in, SAM with a header out.

load common

setup() {
  common_setup
  "$ROOT/tests/data/make-reads"
  gzip -k R1.fq R2.fq
}

run_aligner() { run_apart timeout -k 5 300 mrf-run -n "${workers:-3}" "$@"; }

# The command of an aligner of single reads, but for the file, is put into `aligner`.
choose_aligner() {
  case $1 in
    bwa) aligner=(bwa mem -v 1 -t 1 ref.fa) ;;
    minimap2) aligner=(minimap2 -a -x sr -t 1 ref.fa) ;;
    bowtie2) aligner=(bowtie2 --quiet -x ref -U) ;;
  esac
}
make_indexes() {
  bwa index ref.fa 2>log
  bowtie2-build -q ref.fa ref
}

# The header of FILE, @HD first, without the command lines of @PG lines, of which that of samtools is not there.
header_of() {
  samtools view -H --no-PG "$1" | sed -E '/^@PG/s/\tCL:[^\t]*//' |
    awk '/^@HD/ { print; next } { rest = rest $0 "\n" } END { printf "%s", rest }'
}

# Of bwa, which chooses among equally good places by the number of the read in its input, without the reads of repeats.
records_of() { # FILE ALIGNER
  if [[ $2 == bwa ]]; then samtools view -e 'mapq > 0 || flag.unmap' "$1"; else samtools view "$1"; fi
}

@test "single reads: bwa, minimap2 and bowtie2 side by side give the records of one of them, and its header once" {
  make_indexes
  for name in bwa minimap2 bowtie2; do
    choose_aligner $name
    "${aligner[@]}" R1.fq 2>log >serial.sam
    records_of serial.sam $name >expected
    [[ $(awk '$3 != "*"' expected | wc -l) -gt 1500 ]]
    for options in '-c 300' '-c 999' ''; do
      # shellcheck disable=SC2086
      run_aligner $options -i R1.fq.gz -o out.bam -- "${aligner[@]}" -
      assert_status 0
      [[ $(samtools view -c out.bam) == $(samtools view -c serial.sam) ]]
      records_of out.bam $name | cmp expected -
      cmp <(header_of serial.sam) <(header_of out.bam)
    done
    run_aligner --order any -c 100 -i R1.fq -o out.sam -- "${aligner[@]}" -
    assert_status 0
    cmp <(sort expected) <(records_of out.sam $name | sort)
    cmp <(header_of serial.sam | sed $'s/\tGO:[^\t]*//') <(header_of out.sam)
  done
}

@test "pairs: minimap2 and bowtie2 give the records of one of them" {
  make_indexes
  minimap2 -a -x sr -t 1 ref.fa R1.fq R2.fq 2>log | samtools view - >expected
  [[ $(wc -l <expected) -ge 4000 ]]
  run_aligner -c 300 -i R1.fq.gz -i R2.fq.gz -o out.bam -- minimap2 -a -x sr -t 1 ref.fa -
  assert_status 0
  samtools view out.bam | cmp expected -
  run_aligner -c 100 --order any -i R1.fq.gz -i R2.fq.gz -o out.bam -- minimap2 -a -x sr -t 1 ref.fa -
  assert_status 0
  samtools view out.bam | sort | cmp <(sort expected) -
  bowtie2 --quiet -x ref -1 R1.fq -2 R2.fq | samtools view - >expected
  run_aligner -c 300 -i R1.fq.gz -i R2.fq.gz -o out.bam -- bowtie2 --quiet -x ref --interleaved -
  assert_status 0
  samtools view out.bam | cmp expected -
}

@test "bwa gives what it gives for each chunk alone, with any number of workers" {
  make_indexes
  for ((from = 1; from <= 2000; from += 300)); do
    lines() { sed -n "$((4 * from - 3)),$((4 * (from + 299)))p" "$1"; }
    lines R1.fq >part1.fq
    lines R2.fq >part2.fq
    bwa mem -v 1 -t 1 ref.fa part1.fq part2.fq 2>log | samtools view - >>expected
    bwa mem -v 1 -t 1 ref.fa part1.fq 2>log | samtools view - >>single
  done
  [[ $(cut -f 1 expected | sort -u | wc -l) == 2000 ]]
  for workers in 1 4; do
    run_aligner -c 300 -i R1.fq.gz -i R2.fq.gz -o out.bam -- bwa mem -v 1 -t 1 -p ref.fa -
    assert_status 0
    samtools view out.bam | cmp expected -
    run_aligner -c 300 -i R1.fq.gz -o out.bam -- bwa mem -v 1 -t 1 ref.fa -
    assert_status 0
    samtools view out.bam | cmp single -
  done
}

@test "an aligner that fails in one chunk, or writes another header there, gives no result" {
  make_indexes
  run_aligner -c 300 -i R1.fq.gz -o out.bam -- \
    sh -c '[ "$MRF_CHUNK" = 3 ] && exit 7; exec bwa mem -v 1 ref.fa - 2>/dev/null'
  assert_status 7
  run_aligner -c 300 -i R1.fq.gz -o out.bam -- \
    sh -c 'bwa mem -v 1 ref.fa - 2>/dev/null | sed "2s/LN:.*/&\tAS:$((MRF_CHUNK / 3))/"'
  assert_status 3
  assert_stderr_has 'its header is not that of chunk 0'
  run_aligner --order any -c 100 -i R1.fq.gz -o out.bam -- \
    sh -c 'bwa mem -v 1 ref.fa - 2>/dev/null | sed "2s/LN:.*/&\tAS:$MRF_WORKER/"'
  assert_status 3
  assert_stderr_has 'its header is not that of'
  run_aligner --order seq -i R1.fq.gz -o out.bam -- bwa mem ref.fa -
  assert_status 2
  [[ ! -e out.bam ]]
  assert_nothing_left
}
