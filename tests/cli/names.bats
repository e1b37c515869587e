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
  cat fifo.bam >got 3>&- &
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

@test "standard output that is the input is refused, as cat does: what is written would be read again" {
  printf '@HD\tVN:1.6\nr\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\n' >x.sam
  cp x.sam y.sam
  for words in "mrf-chunks -- cat" "mrf-distribute -" "mrf-bamread" "mrf-bamwrite -O sam" "mrf-run -i - -o - -- cat" \
    "mrf-run -n 1 --order seq -i - -- cat" "mrf-collect -"; do
    # shellcheck disable=SC2086,SC2094
    run_apart bash -c "$words <x.sam >>x.sam"
    assert_status 2
    assert_stderr_has "the same file as input 'standard input'"
    cmp x.sam y.sam
    # shellcheck disable=SC2086
    bash -c "$words <x.sam | cat >out"
    grep -q ^r out
  done
  for words in "mrf-chunks -i x.sam -- cat" "mrf-distribute -i x.sam -" "mrf-bamread x.sam" "mrf-bamwrite -O sam x.sam" \
    "mrf-run -i x.sam -o - -- cat"; do
    run_apart bash -c "$words >>x.sam"
    assert_status 2
    assert_stderr_has "the same file as input 'x.sam'"
    cmp x.sam y.sam
  done
}

@test "--stats: room for the file is reserved before the work, so that a full disk leaves no result" {
  mkdir disk
  mount -t tmpfs -o size=64k tmpfs disk || skip "no right to mount a file system"
  dd if=/dev/zero of=disk/full bs=1k count=1024 2>/dev/null || true
  seq 10 >in
  printf '@HD\tVN:1.6\n' >in.sam
  for words in "mrf-run -n 2 -i in -o out" "mrf-collect -o out in" "mrf-bamwrite -o out in.sam" "mrf-distribute -i in out"; do
    filter=()
    [[ $words != mrf-run* ]] || filter=(-- cat)
    # shellcheck disable=SC2086
    run_apart $words --stats disk/stats "${filter[@]}"
    [[ $status == 1 ]] || break
    assert_stderr_has "disk/stats': No space left on device"
    [[ ! -e out ]] || break
  done
  umount disk
  assert_status 1
  assert_files disk in in.sam
}
