#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Shards of mrf-run(1): retries, the report over all shards, progress, the index of the join.

load common
load run

# FILE TEXT: an executable.
script() {
  printf '#!/bin/bash\n%s\n' "$2" >"$1"
  chmod +x "$1"
}
# A filter that fails at its first FAILURES starts.
failing_filter() {
  # shellcheck disable=SC2016
  script filter 'for ((i = 0; i < '"$1"'; ++i)); do mkdir "failed.$i" 2>/dev/null && exit 9; done
exec cat'
}
sorted_bam() {
  "$ROOT/tests/data/make-bam" --records 5000 -o unsorted.bam
  samtools sort --no-PG -o "$1" unsorted.bam
  rm unsorted.bam
}

@test "--retries N: exactly the shards without receipts run again, N times" {
  seq 100000 >in.txt
  failing_filter 2
  run_apart mrf-run --shards 4 --keep-dir --retries 1 -c 1000000 -i in.txt -o out.txt -- ./filter
  assert_status 0
  assert_stderr_has '2 of 4 shards have no receipt: 0 1; they are run again'
  cmp in.txt out.txt
  for attempts in 0:2 1:2 2:1 3:1; do
    [[ $(find out.txt.shards/attempts -name "${attempts%:*}-*" | wc -l) == "${attempts#*:}" ]]
  done
}

@test "retries that are not enough: the status of the shard, what is missing is said, and the next command goes on" {
  seq 100000 >in.txt
  failing_filter 3
  run_apart mrf-run --shards 2 --retries 1 -c 1000000 -i in.txt -o out.txt -- ./filter
  assert_status 9
  assert_stderr_has "cannot finish '$PWD/out.txt.shards': 2 of 2 shards have no receipt: 0 1; the same command runs only these"
  [[ ! -e out.txt ]]
  mrf-run --shards 2 -c 1000000 -i in.txt -o out.txt -- ./filter
  cmp in.txt out.txt
}

@test "--report: one report over all shards, with what was retried, records in and out, and the slowest" {
  input=$(small_bam 20000)
  failing_filter 1
  mrf-run --shards 4 --retries 2 --report r.json -i "$input" -o out.bam -- ./filter
  [[ $(jq -c '[.workflow, .status, .results, .missing, .retried]' r.json) == '["shards",0,["out.bam"],[],[0]]' ]]
  [[ $(jq '.records_in, .records_out' r.json) == $'20000\n20000' ]]
  [[ $(jq -c '[.shards[].attempts]' r.json) == '[2,1,1,1]' ]]
  jq -e '[.shards[].records_out] | add == 20000' r.json
  jq -e '.slowest.seconds == ([.shards[].seconds] | max)' r.json
  jq -e '[.jobs[].name] | index("work") and index("write")' r.json
  # Of the shards, without their directory.
  [[ ! -e out.bam.shards ]]
}

@test "--report: of a run that fails, of the join as a step, and where it cannot be" {
  seq 100000 >in.txt
  failing_filter 1
  run_apart mrf-run --shards 2 --report r.json -c 1000000 -i in.txt -o out.txt -- ./filter
  assert_status 9
  [[ $(jq -c '[.status, .results, .missing]' r.json) == '[9,[],[0,1]]' ]]
  mrf-run --shard-run 0 --shard-dir out.txt.shards
  mrf-run --shard-run 1 --shard-dir out.txt.shards
  run_apart mrf-run --shard-run 1 --shard-dir out.txt.shards --report other.json
  assert_status 2
  mkdir elsewhere
  (cd elsewhere && mrf-run --shard-join --shard-dir ../out.txt.shards --report joined.json)
  [[ $(jq -c '[.status, .results, .missing, .retried]' elsewhere/joined.json) == '[0,["out.txt"],[],[0]]' ]]
  cmp in.txt out.txt
  rm out.txt
  mrf-run --shards 2 --report - -i in.txt -o out.txt -- ./filter >stdout.json
  [[ $(jq -c .status stdout.json) == 0 ]]
  rm out.txt
  run_apart mrf-run --shards 2 --report nowhere/r.json -i in.txt -o out.txt -- ./filter
  assert_status 1
  [[ ! -e out.txt ]]
}

@test "--progress json: each shard is counted when it has its receipt, and the last event has the status" {
  seq 100000 >in.txt
  failing_filter 1
  run_apart mrf-run --shards 3 --progress json:5 -c 1000000 -i in.txt -o out.txt -- ./filter 5>events
  assert_status 9
  mrf-run --shards 3 --progress json:5 -c 1000000 -i in.txt -o out.txt -- ./filter 5>later.txt
  for file in events later.txt; do
    [[ $(jq -c 'select(.event == "start") | [.workflow, .shards]' $file) == '["shards",3]' ]]
    jq -s -e 'map(select(.event == "progress")) | length > 0 and
      all(.shards == 3 and .shards_done + .shards_running + .shards_waiting == 3)' $file
  done
  [[ $(tail -n 1 events | jq -c '[.event, .status]') == '["end",9]' ]]
  [[ $(tail -n 1 later.txt | jq -c '[.event, .status]') == '["end",0]' ]]
  jq -s -e 'map(select(.event == "progress")) | last | .shards_done == 2 and .shards_running == 1' later.txt
}

@test "--write-index: the index of the join is that of samtools index, and is published with it" {
  sorted_bam in.bam
  mrf-run --shards 5 --write-index -i in.bam -o out.bam -- cat
  samtools index -b out.bam expected.bai
  cmp expected.bai out.bam.bai
  [[ $(samtools view -c out.bam chr1) == $(samtools view -c -e 'rname=="chr1"' in.bam) ]]
  mrf-run --shards 5 --write-index -i in.bam -o out.sam.gz -- cat
  [[ -e out.sam.gz.bai || -e out.sam.gz.csi ]]
  assert_files in.bam out.bam out.bam.bai expected.bai out.sam.gz out.sam.gz.bai
}

@test "--write-index: records out of order are status 3, and nothing is published" {
  samtools sort -n --no-PG -o names.bam "$(small_bam 20000)"
  run_apart mrf-run --shards 3 --write-index -i names.bam -o out.bam -- cat
  assert_status 3
  assert_stderr_has "cannot index 'out.bam': its records are not sorted by position"
  [[ ! -e out.bam && ! -e out.bam.bai ]]
}

@test "--write-index: why the index cannot be written, in one line, and nothing is published" {
  sorted_bam in.bam
  # shellcheck disable=SC2016
  run_apart with_small_disk 1M bash -c '
    mrf-run --shards 3 --shard-dir disk/d --shard-plan --write-index -i in.bam -o out.bam -- cat
    for shard in 0 1 2; do mrf-run --shard-run $shard --shard-dir disk/d || exit 9; done
    cat /dev/zero >disk/zero 2>/dev/null
    mrf-run --shard-join --shard-dir disk/d'
  assert_status 1
  line="mrf-run: cannot index 'out.bam': cannot write '$PWD/disk/d/parts/0-*.index': No space left on device; the parts stay: without --write-index*"
  # shellcheck disable=SC2053
  [[ $stderr == $line ]] || show_result "expected stderr: $line"
  assert_files in.bam disk
}

@test "--write-index: an older index that is read in place of the new one is a warning" {
  sorted_bam in.bam
  echo old >out.bam.csi
  touch -d yesterday out.bam.csi
  run_apart mrf-run --shards 3 --write-index -i in.bam -o out.bam -- cat
  assert_status 0
  assert_stderr_is \
    "mrf-run: the index 'out.bam.csi' is older than 'out.bam' and read before others: make it anew, or remove it"
}

# bats test_tags=unsanitized
@test "--write-index: TERM leaves nothing, also where a file has a name from the start" {
  mkdir tools
  cp "$BIN/mrf-run" tools
  printf '#!/bin/bash\ntouch "%s"/waits && exec sleep 1000\n' "$PWD" >tools/mrf-bamread
  chmod +x tools/mrf-bamread
  sorted_bam in.bam
  mrf-run --shards 2 --write-index --shard-plan -i in.bam -o "$PWD/out.bam" -- cat
  for shard in 0 1; do mrf-run --shard-run $shard --shard-dir out.bam.shards; done
  # No O_TMPFILE, as on NFS.
  env --default-signal strace -f -qq -o /dev/null -P "$PWD" -e trace=openat -e inject=openat:error=EOPNOTSUPP \
    tools/mrf-run --shard-join --shard-dir out.bam.shards 2>stderr.txt 3>&- &
  strace=$!
  wait_until test -e waits
  [[ -n $(compgen -G '.out.bam.*') ]]
  kill -TERM "$(pgrep -P "$strace" -x mrf-run)"
  wait "$strace" && return 1 || status=$?
  [[ $status == 143 && -z $(compgen -G '.out.bam.*') && ! -e out.bam ]]
  wait_until assert_nothing_left
  [[ $(find out.bam.shards/parts -type f | wc -l) == 2 ]]
  mrf-run --shards 2 --write-index -i in.bam -o "$PWD/out.bam" -- cat
  samtools quickcheck out.bam
  [[ -e out.bam.bai && ! -e out.bam.shards ]]
}

@test "a killed run of shards: what the shard has made in TMPDIR is removed" {
  seq 100000 >in.txt
  script filter 'touch waits && exec sleep 1000'
  start_in_background --shards 2 -i in.txt -o out.txt -- ./filter
  wait_until test -e waits
  kill -KILL "$run"
  wait "$run" || true
  wait_until assert_nothing_left
  [[ ! -e out.txt ]]
}

@test "an output that is no regular file needs --shard-dir" {
  seq 100000 >in.txt
  run_apart mrf-run --shards 2 -i in.txt -o /dev/null -- cat
  assert_status 2
  assert_stderr_has "cannot write '/dev/null': it is no regular file: --shard-dir says where the parts are kept"
  mrf-run --shards 2 --shard-dir d -i in.txt -o /dev/null -- cat
  [[ ! -e d && ! -e /dev/null.shards ]]
  mkdir out
  for words in '' '--shard-dir d'; do
    # shellcheck disable=SC2086
    run_apart mrf-run --shards 2 $words -i in.txt -o out -- cat
    assert_status 1
    assert_stderr_is "mrf-run: cannot write 'out': Is a directory"
  done
  [[ ! -e d && ! -e out.shards ]]
}

@test "the join refuses an input that has changed since, and goes on without one" {
  seq 1000 >in.txt
  cp in.txt same.txt
  mrf-run --shards 2 --shard-dir d --shard-plan -i in.txt -o out.txt -- cat
  for shard in 0 1; do mrf-run --shard-run $shard --shard-dir d; done
  seq 1001 >in.txt
  run_apart mrf-run --shard-join --shard-dir d
  assert_status 3
  assert_stderr_is "mrf-run: cannot read 'in.txt': it has changed since its shards were planned; remove the directory '$PWD/d' to plan again"
  [[ ! -e out.txt && -e d/plan.json ]]
  rm in.txt
  mrf-run --shard-join --shard-dir d
  cmp out.txt same.txt
}
