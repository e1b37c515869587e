#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-distribute --mates: one stream of pairs to two outputs.

load common
load distribute

# FASTQ records with the first lines given.
reads() {
  local line
  for line; do printf '@%s\nAC\n+\nI%s\n' "$line" "${line: -1}"; done
}
part() { run_apart mrf-distribute --record fastq --mates --stats stats "$@"; }

@test "two records in a row of one name are a pair" {
  reads a/1 a/2 "b 1:N:0" "b 2:N:0" c c >in.fq
  part -i in.fq T1 T2
  assert_status 0
  cmp T1 <(reads a/1 "b 1:N:0" c)
  cmp T2 <(reads a/2 "b 2:N:0" c)
  [[ $(jq -c '[.records_in, .records_out, .records_skipped, (.outputs | map(.records))]' stats) == '[6,6,0,[3,3]]' ]]
}

@test "a record whose mate is missing is named, wherever it stands" {
  local -A cases=(
    ["a/1 b/1 b/2"]="record 1 (a) has no mate behind it: the next one is 'b'"
    ["a/1 a/2 b/2 c/1 c/2"]="record 3 (b) has no mate behind it: the next one is 'c'"
    ["a/1 a/2 b/1"]="record 3 (b) has no mate behind it: it is the last one"
    ["a/1 a/1"]="record 1 (a) and the next one have one name, but are not its mates 1 and 2 in this order"
    ["a/2 a/1"]="record 1 (a) and the next one have one name, but are not its mates 1 and 2 in this order"
    ["a a a"]="record 3 (a) is the third in a row of that name, and nothing tells which are mates"
    ["a a a a"]="record 3 (a) is the third in a row of that name, and nothing tells which are mates"
  )
  for names in "${!cases[@]}"; do
    # shellcheck disable=SC2086
    reads $names >in.fq
    part -i in.fq T1 T2
    assert_status 3
    assert_stderr_has "mrf-distribute: cannot read 'in.fq': ${cases[$names]}"
    assert_files in.fq stats
  done
}

@test "--singles takes them, and says in their first line that the mate is missing" {
  reads x/2 a/1 a/2 "b 2:N:0" "c 1:N:0" "c 2:N:0" "d x" >in.fq
  part --singles S.fq -i in.fq T1 T2
  assert_status 0
  cmp T1 <(reads a/1 "c 1:N:0")
  cmp T2 <(reads a/2 "c 2:N:0")
  [[ $(grep '^@' S.fq) == "@x/2 mate=missing
@b 2:N:0 mate=missing
@d x mate=missing" ]]
  [[ $(jq -c '[.records_in, .records_out, .records_skipped]' stats) == '[7,4,3]' ]]
  part --singles S2.fq -i in.fq T3 T4 --seq
  assert_status 0
}

@test "pairs to several workers in turn or by key, and a pair that was given twice" {
  reads a/1 a/2 b/1 b/2 c/1 c/2 c/1 c/2 >in.fq
  part -c 1 -i in.fq p1 p2 q1 q2
  assert_status 0
  cmp p1 <(reads a/1 c/1)
  cmp q2 <(reads b/2 c/2)
  part --key name -i in.fq k1 k2 l1 l2
  assert_status 0
  cmp <(sed -n 's,/1,/2,;1~4p' k1 l1) <(sed -n 1~4p k2 l2)
}

@test "what random dropping leaves is never out of step" {
  local seed
  for seed in 1 2 3 4 5; do
    seq 200 | awk -v seed=$seed 'BEGIN { srand(seed) } { for (m = 1; m < 3; ++m) if (rand() < 0.8) printf "@%d/%d\nA\n+\nI\n", $1, m }' >in.fq
    part --singles S -i in.fq T1 T2
    assert_status 0
    cmp <(grep ^@ T1) <(grep ^@ T2 | sed 's,/2,/1,')
    cmp <(sed -n 1~4p in.fq | sort) <(sed -n '1~4s, .*,,;1~4p' T1 T2 S | sort)
  done
}

@test "--mates with what does not go with it is a usage error" {
  for words in "--mates a" "--mates --record line a b" "--mates --mate x a b" "--singles s a b" "--mates --key name --missing x a b"; do
    # shellcheck disable=SC2086
    run_apart mrf-distribute --record fastq $words </dev/null
    assert_status 2
  done
}
