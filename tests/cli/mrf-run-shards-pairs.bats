#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Shards of two FASTQ inputs (mrf-run(1), Shards): cut at the same numbers of records.

load common
load run

# N pairs whose reads differ in length, so that the same number is nowhere at the same byte.
pairs() {
  awk -v n="$1" 'BEGIN { for (i = 1; i <= n; ++i) { s = substr("ACGTACGTACGTACGTACGT", 1, 5 + i % 13)
    q = s; gsub(/./, i % 3 ? "I" : "@", q); printf "@r%d/1\n%s\n+\n%s\n", i, s, q >"r1.fastq"
    t = s s s; u = q q q; printf "@r%d/2\n%s\n+\n%s\n", i, t, u >"r2.fastq" } }'
}
# FILE TEXT: an executable.
script() {
  printf '#!/bin/bash\n%s\n' "$2" >"$1"
  chmod +x "$1"
}

@test "a pair stays a pair, for any number of shards, plain and in BGZF, with both outputs those of one run" {
  pairs 20000
  bgzip -k r1.fastq && bgzip -k r2.fastq
  for shards in 1 3 64; do
    for end in '' .gz; do
      run_apart mrf-run --shards $shards -i r1.fastq$end -i r2.fastq$end -o o1.fastq -o o2.fastq.gz -- cat
      assert_status 0
      assert_stderr_is ''
      cmp r1.fastq o1.fastq
      cmp r2.fastq <(bgzip -dc o2.fastq.gz)
    done
  done
  mrf-run --shards 5 -i r1.fastq.gz -i r2.fastq -o o1.fastq -o o2.fastq -- cat
  cmp r1.fastq o1.fastq && cmp r2.fastq o2.fastq
  [[ ! -e o1.fastq.shards ]]
}

@test "a filter of pairs that drops some, and pairs that go into one BAM" {
  pairs 5000
  script drop "awk 'NR % 8 == 1 { keep = !/[37]\\/1\$/ } keep'"
  mrf-run -i r1.fastq -i r2.fastq -o a1.fastq -o a2.fastq -- ./drop
  mrf-run --shards 7 -i r1.fastq -i r2.fastq -o b1.fastq -o b2.fastq -- ./drop
  cmp a1.fastq b1.fastq && cmp a2.fastq b2.fastq
  [[ $(wc -l <b1.fastq) == 16000 ]]
  script single "awk 'NR % 8 == 1 { drop = /[37]\\/1\$/ } !drop || NR % 8 > 4 || NR % 8 == 0'"
  run_apart mrf-run --shards 2 -i r1.fastq -i r2.fastq -o c1.fastq -o c2.fastq -- ./single
  assert_status 3
  assert_stderr_has '--singles goes without --shards: with shards the filter has to keep or drop both mates'
  mrf-run --shards 3 -i r1.fastq -i r2.fastq -o names.txt -- awk 'NR % 4 == 1'
  cmp names.txt <(paste -d '\n' <(awk 'NR % 4 == 1' r1.fastq) <(awk 'NR % 4 == 1' r2.fastq))
}

@test "an output or a directory that cannot be made: said before a record is counted" {
  pairs 100
  while IFS='|' read -r words text; do
    # shellcheck disable=SC2086
    run_apart mrf-run -v --shards 3 -i r1.fastq -i r2.fastq $words -- cat
    assert_status 1
    assert_stderr_is "mrf-run: cannot $text"
    assert_files r1.fastq r2.fastq
  done <<E
-o none/o1.fastq -o o2.fastq|open 'none/o1.fastq': No such file or directory
-o o1.fastq -o none/o2.fastq|open 'none/o2.fastq': No such file or directory
-o o1.fastq -o o2.fastq --shard-dir none/d|make '$PWD/none/d': No such file or directory
-o o1.fastq -o o2.fastq --shard-dir r1.fastq/d|make '$PWD/r1.fastq/d': Not a directory
E
}

@test "files that are not mates: another number of records, other names" {
  pairs 2000
  head -n 7996 r2.fastq >short.fastq
  run_apart mrf-run --shards 3 -i r1.fastq -i short.fastq -o o1.fastq -o o2.fastq -- cat
  assert_status 3
  assert_stderr "mrf-run: cannot cut 'short.fastq': it has 1999 records, and 'r1.fastq' has 2000: they are not mates"
  sed 's/^@r1500\/2/@other\/2/' r2.fastq >names.fastq
  run_apart mrf-run --shards 3 -i r1.fastq -i names.fastq -o o1.fastq -o o2.fastq -- cat
  assert_status 3
  [[ ! -e o1.fastq && ! -e o2.fastq ]]
}

@test "cuts that are not in step are found by the shard, and receipts that are not by the join" {
  pairs 3000
  mrf-run --shards 3 --shard-dir d --shard-plan -i r1.fastq -i r2.fastq -o o1.fastq -o o2.fastq -- cat
  cp d/plan.json good.json
  jq '.mate.cuts[1] += 1' good.json >d/plan.json
  run_apart mrf-run --shard-run 0 --shard-dir d
  assert_status 3
  # A true start of a record, but the next one.
  size=$(tail -c "+$(($(jq '.mate.cuts[1]' good.json) + 1))" r2.fastq | head -n 4 | wc -c)
  jq ".mate.cuts[1] += $size" good.json >d/plan.json
  for shard in 0 1; do
    run_apart mrf-run --shard-run $shard --shard-dir d
    assert_status 3
    [[ ! -e d/receipts/$shard.json ]]
  done
  cp good.json d/plan.json
  for shard in 0 1 2; do mrf-run --shard-run $shard --shard-dir d; done
  cp d/receipts/1.json receipt.json
  jq '.mate.records_in -= 1' receipt.json >d/receipts/1.json
  run_apart mrf-run --shard-join --shard-dir d
  assert_status 3
  assert_stderr_has "shard 1 has"
  cp receipt.json d/receipts/1.json
  part=d/parts/$(jq -r .mate.part receipt.json)
  cp "$part" part && printf x | dd of="$part" bs=1 seek=100 conv=notrunc status=none
  run_apart mrf-run --shard-join --shard-dir d
  assert_status 3
  assert_stderr_has 'its digest is not that of its receipt'
  [[ ! -e o1.fastq && ! -e o2.fastq ]]
  mv part "$part"
  mrf-run --shard-join --shard-dir d
  cmp r1.fastq o1.fastq && cmp r2.fastq o2.fastq
  [[ ! -e d ]]
}
