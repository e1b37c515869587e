#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Five thousand workers of mrf-run(1) at a time.

load common
load run

# The input comes when all workers are there. mrf-run has a descriptor for each FIFO and for each job's standard error.
@test "5,000 workers at a time, with a report" {
  (($(ulimit -Hn) >= 15200)) || skip "the hard limit of descriptors is $(ulimit -Hn), below 15,200 (ulimit -Hn)"
  [[ $(ulimit -u) == unlimited ]] || (($(ulimit -u) >= 6000)) || skip "$(ulimit -u) processes are allowed (ulimit -u)"
  (($(cat /proc/sys/kernel/pid_max) >= 10000)) || skip "kernel.pid_max is below 10,000"
  (($(awk '/MemAvailable/ { print $2 }' /proc/meminfo) >= 4000000)) || skip "less than 4 GB of memory are free"
  seq 30000 >in
  local orders=(seq)
  [[ -z ${MRF_TEST_FULL-} ]] || orders=(any seq rows)
  for order in "${orders[@]}"; do
    mkfifo gate
    exec {gate}<>gate
    mrf-run -n 5000 -c 1 --order "$order" --report report -i gate -o "$order" -- cat 3>&- {gate}>&- &
    run=$!
    wait_until find_watchdog
    until has_children "$watchdog" 5000 cat; do
      kill -0 "$run"
      sleep 0.2
    done
    cat in >&"$gate"
    exec {gate}>&-
    wait "$run"
    rm gate
    [ "$(jq '[.jobs[] | select(.name == "work") | .records_in] | add' report)" = 30000 ]
  done
  [[ ! -e any ]] || sort -n any | cmp - in
  for order in "${orders[@]}"; do [[ $order == any ]] || cmp "$order" in; done
  assert_nothing_left
}
