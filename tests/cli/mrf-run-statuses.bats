#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-run: exit statuses of a job that are success, and what a job that is one of many knows of itself.

load common
load run

@test "ok LIST: these statuses of a job are success, others are not, nor is a signal" {
  seq 100 >in.txt
  workflow <<'E'
n = 2
split:          mrf-distribute -c 10 -i in.txt out:part[n]
work[n] ok 0,1: grep 15 < in:part[i] > out:kept[i]
join:           mrf-collect --order any in:kept[n] -o save:out.txt
E
  assert_status 0
  [ "$(cat out.txt)" = 15 ]
  rm out.txt
  workflow <<'E'
a ok 1: bash -c 'echo x; exit 2' > out:p
b: cat < in:p > save:out.txt
E
  assert_status 2
  [ ! -e out.txt ]
  workflow <<'E'
a ok 1,137: bash -c 'echo x; kill -KILL $$' > out:p
b: cat < in:p > save:out.txt
E
  assert_status 137
  [ ! -e out.txt ]
  assert_nothing_left
}

@test "a job that is one of many knows its number and theirs; --print-sh does the same" {
  cat >w.mrf <<'E'
work[3] ok 7: bash -c 'echo $MRF_WORKER of $MRF_WORKERS; exit 7' > out:said[i]
join: mrf-collect --order concat in:said[0] in:said[1] in:said[2] -o save:out.txt
E
  run_apart timeout 300 mrf-run w.mrf
  assert_status 0
  [ "$(cat out.txt)" = $'0 of 3\n1 of 3\n2 of 3' ]
  rm out.txt
  mrf-run --print-sh w.mrf >script
  run_apart timeout 300 bash script
  assert_status 0
  [ "$(cat out.txt)" = $'0 of 3\n1 of 3\n2 of 3' ]
}
