#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Shards of a CRAM (mrf-run(1), Shards): cut between containers.

load common
load run

# VERSION: in.cram of 20,000 records in some 40 containers. htslib's CRAM 2.1 loses a '*' of qualities.
cram() {
  samtools view -h "$(small_bam 20000)" | awk -F '\t' '/^@/ || $11 != "*"' | samtools sort --no-PG -o sorted.bam
  samtools view --no-PG -O cram,version="$1",no_ref,seqs_per_slice=500 -o in.cram sorted.bam
}
content_of() { samtools view -h --no-PG "$1" | sha256sum; }

@test "CRAM of each version: the records of one run, for any number of shards" {
  for version in 2.1 3.0; do
    cram $version
    for shards in 1 3 16 400; do
      run_apart mrf-run --shards $shards -i in.cram -o out.bam -- cat
      assert_status 0
      assert_stderr_is ''
      [[ $(content_of out.bam) == "$(content_of in.cram)" ]] || { echo "$version $shards" && false; }
    done
    mrf-run --shards 3 --record bam --write-index -i in.cram -o out.bam -- cat
    [[ $(content_of out.bam) == "$(content_of in.cram)" && -e out.bam.bai ]]
  done
  mrf-run --shards 4 --report r.json -F 4 -i in.cram -o names.txt -- cut -f 1
  cmp names.txt <(samtools view -F 4 sorted.bam | cut -f 1)
  [[ $(jq '.records_in, (.shards | length)' r.json) == "$(samtools view -c sorted.bam)"$'\n4' ]]
}

@test "CRAM without records" {
  samtools view -H --no-PG "$(small_bam)" | samtools view --no-PG -C --output-fmt-option no_ref -o in.cram
  mrf-run --shards 3 -i in.cram -o out.bam -- cat
  [[ $(samtools view -c out.bam) == 0 ]]
  cmp <(samtools view -H --no-PG in.cram) <(samtools view -H --no-PG out.bam)
}

@test "CRAM: a false cut, a truncated file and a damaged container are status 3" {
  cram 3.0
  mrf-run --shards 4 --shard-dir d --shard-plan -i in.cram -o out.bam -- cat
  cp d/plan.json good.json
  for change in '.cuts[2] += 1' '.cuts[2] -= 1'; do
    jq "$change" good.json >d/plan.json
    run_apart mrf-run --shard-run 1 --shard-dir d
    assert_status 3
    [[ ! -e d/receipts/1.json ]]
  done
  for bytes in 1 38 1000; do
    head -c -$bytes in.cram >cut.cram
    run_apart mrf-run --shards 4 -i cut.cram -o out.bam -- cat
    assert_status 3
    assert_stderr "mrf-run: cannot read 'cut.cram': it is truncated: it does not end with the end-of-file container"
  done
  at=$(jq '.cuts[2]' good.json)
  printf 'xxxxxxxx' | dd of=in.cram bs=1 seek="$at" conv=notrunc status=none
  run_apart mrf-run --shards 4 -i in.cram -o out.bam -- cat
  assert_status 3
  assert_stderr_has "no CRAM container begins at byte $at"
  [[ ! -e out.bam ]]
}
