#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-distribute over paired streams.

load common
load distribute

# FASTQ records with the names; $1 is 1 or 2.
reads() {
  local mate=$1 name
  shift
  for name; do printf '@%s/%s x\nAC\n+\nI%s\n' "$name" "$mate" "$mate"; done
}

@test "reads and their mates go to the same worker" {
  reads 1 a b c d e >r1
  reads 2 a b c d e >r2
  distribute_to "p1 p2 q1 q2" --record fastq -c 2 -i r1 --mate r2 --stats stats
  assert_status 0
  cmp p1.out <(reads 1 a b e)
  cmp p2.out <(reads 2 a b e)
  cmp q1.out <(reads 1 c d)
  cmp q2.out <(reads 2 c d)
  run jq -c '[.records_in, .records_out, (.inputs | map(.records))]' stats
  assert_output_is '[10,10,[5,5]]'
}

@test "two distributors with the same options keep mates on workers of the same number" {
  reads 1 {1..100} >r1
  reads 2 {1..100} | gzip >r2
  for policy in "-c 3" "--key name"; do
    # shellcheck disable=SC2086
    distribute_to "a1 b1 c1" --record fastq $policy -i r1
    # shellcheck disable=SC2086
    distribute_to "a2 b2 c2" --record fastq $policy -i r2
    for n in a b c; do
      cmp <(grep -o '^@[0-9]*' ${n}1.out) <(grep -o '^@[0-9]*' ${n}2.out)
    done
    rm a1 b1 c1 a2 b2 c2
  done
}

@test "every policy takes pairs" {
  reads 1 {1..300} >r1
  reads 2 {1..300} >r2
  for policy in "-c 1" "--chunk-bytes 100" "--key name" "--balance -c 5"; do
    # shellcheck disable=SC2086
    distribute_to "p1 p2 q1 q2" --record fastq $policy -i r1 --mate r2
    assert_status 0
    cmp <(grep -ho '^@[0-9]*' p1.out q1.out) <(grep -ho '^@[0-9]*' p2.out q2.out)
    cmp <(sort p1.out q1.out) <(sort r1)
    rm p1 p2 q1 q2
  done
  distribute_to "p1 p2" --record fastq --seq -c 1 -i r1 --mate r2
  [[ $(tail -n 4 p2.out | head -n 1) == $'299\t@300/2 x' ]]
}

@test "several inputs and their mates" {
  reads 1 a >r1
  reads 2 a >r2
  reads 1 b | gzip >s1
  reads 2 b >s2
  distribute_to "p1 p2" --record fastq -i r1 --mate r2 -i s1 --mate s2
  assert_status 0
  cmp p2.out <(reads 2 a b)
}

@test "names that differ are bad data, and the first such pair is named" {
  reads 1 a b c >r1
  reads 2 a x c >r2
  distribute_to "p1 p2" --record fastq -i r1 --mate r2
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'r2': record 2 is 'x', its mate in 'r1' is 'b'"
  cmp p1.out <(reads 1 a && printf '*')
  cmp p2.out <(reads 2 a && printf '*')
}

@test "an input that ends before the other is bad data" {
  reads 1 a b >r1
  reads 2 a >r2
  distribute_to "p1 p2" --record fastq -i r1 --mate r2
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'r2': it ends after record 1, 'r1' does not"
  distribute_to "q1 q2" --record fastq -i r2 --mate r1
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'r2': it ends after record 1, 'r1' does not"
}

@test "a missing key skips both" {
  reads 1 a b >r1
  reads 2 a b >r2
  distribute_to "p1 p2" --record fastq --key after:@a --missing skip --stats stats -i r1 --mate r2
  assert_status 0
  cmp p2.out <(reads 2 a)
  run jq -c '[.records_in, .records_out, .records_skipped]' stats
  assert_output_is '[4,2,2]'
}

@test "what pairs cannot be is refused" {
  refused() {
    run_apart mrf-distribute "${@:2}" </dev/null
    assert_status 2 && assert_stderr_is "mrf-distribute: cannot use option $1; try 'mrf-distribute --help'"
  }
  refused "'--mate': the OUTPUTs are to be pairs" --record fastq -i r1 --mate r2 a b c
  refused "'--mate': one is needed for each --input" --record fastq -i r1 -i r2 --mate r2 a b
  refused "'--mate': records of nul have no mates" --record nul -i r1 --mate r2 a b
  refused "'--mate': not together with --sam" --sam -i r1 --mate r2 a b
  refused "'--missing': with --mate only error, skip and any" --record fastq --key name --missing x -i r1 --mate r2 a b
}
