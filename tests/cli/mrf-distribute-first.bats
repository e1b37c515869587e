#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --first: the first records of the input, and no more.

load common
load distribute

first() { run_apart timeout 60 mrf-distribute --first "$@"; }

@test "the first records of each form, from files, pipes and gzip" {
  seq 100000 >lines
  gzip -k lines
  for n in 1 2 999 1000 1001 99999 100000 100001; do
    for input in lines lines.gz <(cat lines); do
      first $n -i "$input" out
      assert_status 0
      cmp out <(head -n $n lines) >&2
    done
  done
  first 2500 -i lines -c 1000 a b
  assert_status 0
  cmp a <(seq 1000; seq 2001 2500) >&2
  cmp b <(seq 1001 2000) >&2
  first 10 --chunk-bytes 7 -i lines out
  assert_status 0
  cmp out <(seq 10) >&2
  first 3 --seq -i lines out
  assert_status 0
  [ "$(cut -f 2 out)" = "$(seq 3)" ]
  first 6 --key column:1 -i lines a b
  assert_status 0
  cmp <(sort a b) <(seq 6) >&2
  printf '>a\nAC\nGT\n>b\nA\n>c\nC\n' >in.fa
  first 2 --record fasta -i in.fa out
  assert_status 0
  same out '>a\nAC\nGT\n>b\nA\n'
  printf '@a\nAC\n+\nII\n@b\nA\n+\nI\n' >in.fq
  first 1 --record fastq -i in.fq out
  assert_status 0
  same out '@a\nAC\n+\nII\n'
  printf 'a\0b\0c' >in.nul
  first 2 --record nul -i in.nul out
  assert_status 0
  same out 'a\0b\0'
}

@test "headers are no records, and several inputs are one sequence" {
  sam >in.sam
  first 2 --sam --header-broadcast -i in.sam out
  assert_status 0
  cmp out <(head -n 4 in.sam) >&2
  printf 'h\n1\n2\n3\n' >one
  printf 'h\n4\n5\n6\n' >two
  for n in 2 3 5; do
    first $n --header-lines 1 --header-broadcast -i one -i two out
    assert_status 0
    cmp out <(echo h; seq $n) >&2
  done
}

@test "BAM: a whole stream of the first records" {
  bam=$(small_bam)
  mrf-bamread -u "$bam" >in.bam
  first 1234 --record bam -i in.bam out.bam
  assert_status 0
  samtools quickcheck -u out.bam
  cmp <(samtools view --no-PG -h out.bam) <(samtools view --no-PG -H "$bam"; samtools view "$bam" | head -n 1234) >&2
}

@test "pairs: so many of both mates" {
  for mate in 1 2; do
    awk -v mate=$mate 'BEGIN { for (i = 1; i <= 5000; ++i) print "@r" i "/" mate "\nAC\n+\nII" }' >R$mate.fq
  done
  first 1700 --record fastq -i R1.fq --mate R2.fq a b
  assert_status 0
  cmp a <(head -n 6800 R1.fq) >&2
  cmp b <(head -n 6800 R2.fq) >&2
}

@test "what follows is not read: a pipe is left, a file stands behind the records" {
  run_apart bash -c 'set -o pipefail; yes | timeout 60 mrf-distribute --first 3 out'
  assert_status 141 # of yes
  same out 'y\ny\ny\n'
  seq 10 >in
  run_apart bash -c '{ mrf-distribute --first 3 out; cat; } <in'
  assert_status 0
  assert_output_is "$(seq 4 10)"
}

@test "--first 0, and --first with --mates, are refused" {
  first 0 out </dev/null
  assert_status 2
  assert_stderr "mrf-distribute: cannot use option '--first': 0 records are nothing to distribute; try 'mrf-distribute --help'"
  first 2 --mates --record fastq a b </dev/null
  assert_status 2
  assert_stderr_has 'not together with --first'
  assert_files
}
