#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# No program writes one format under the name of another.

load common

@test "collect and distribute: text under the name of BAM, CRAM or BCF is refused, and BAM under that of SAM" {
  printf '@HD\tVN:1.6\nr\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\n' >in.sam
  samtools view --no-PG -b -o in.bam in.sam
  for name in x.bam x.BAM x.ubam x.cram x.bcf; do
    for words in "mrf-collect --sam -o $name in.sam" "mrf-collect -o $name in.sam" \
      "mrf-distribute --sam -i in.sam $name b" "mrf-distribute --key column:2 --missing $name -i in.sam a b"; do
      # shellcheck disable=SC2086
      run_apart $words
      assert_status 2
      assert_stderr_has "cannot write '$name': it gets text, and its name says another format; mrf-bamwrite"
    done
  done
  for name in x.sam x.sam.gz x.cram; do
    for words in "mrf-collect --record bam -o $name in.bam" "mrf-distribute --record bam -i in.bam $name b"; do
      # shellcheck disable=SC2086
      run_apart $words
      assert_status 2
      assert_stderr_has "cannot write '$name': it gets BAM, and its name says another format; mrf-bamwrite"
    done
  done
  assert_files in.bam in.sam
}

@test "collect and distribute: names that fit are taken, and a FIFO may have any" {
  printf '@HD\tVN:1.6\nr\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\n' >in.sam
  samtools view --no-PG -b -o in.bam in.sam
  mrf-collect --record bam -o out.bam in.bam
  samtools view --no-PG -h out.bam | cmp - in.sam
  mrf-collect --sam -o out.sam in.sam
  cmp out.sam in.sam
  mrf-distribute --record bam -i in.bam part.bam
  samtools view --no-PG -h part.bam | cmp - in.sam
  mkfifo fifo.bam
  cat fifo.bam >got &
  mrf-collect --sam -o fifo.bam in.sam
  wait $!
  cmp got in.sam
}

@test "mrf-run --print and --dry-run refuse what a program of the chain would refuse: a number without room" {
  printf 'abcdef' >in.txt
  for form in fixed:2 fasta start:x; do
    for words in --print --dry-run --verbose; do
      run_apart mrf-run $words -n 2 --order seq --record $form -i in.txt -o out.txt -- cat
      assert_status 2
      assert_stderr_has "cannot use order 'seq': records of the form $form have no room for a number; --order chunk"
    done
  done
  assert_files in.txt
}
