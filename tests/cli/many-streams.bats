#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Ten thousand outputs, ten thousand inputs, five thousand workers.

load common

# Skips unless a process may have so many descriptors.
need_descriptors() {
  (( $(ulimit -Hn) >= $1 )) || skip "the hard limit of descriptors is $(ulimit -Hn), below $1 (ulimit -Hn)"
}

# Files are made durable one by one, which only a file system in memory does quickly.
@test "distribute: 10,000 files" {
  need_descriptors 10100
  [ -w /dev/shm ] || skip "no file system in memory at /dev/shm"
  seq 30000 >in
  out=$(mktemp -d /dev/shm/mrf-test.XXXXXX)
  mapfile -t names < <(seq -f "$out/%05.0f" 0 9999)
  timeout 300 "$BIN/mrf-distribute" -c 1 -i in "${names[@]}" && status=0 || status=$?
  cat "$out"/* >all
  first=$(cat "$out/00000") last=$(cat "$out/09999")
  rm -r "$out"
  [ "$status" -eq 0 ]
  [ "$first" = "$(printf '1\n10001\n20001')" ]
  [ "$last" = "$(printf '10000\n20000\n30000')" ]
  sort -n all | cmp - in
}

# One reader has all FIFOs open, as mrf-collect has.
@test "distribute and collect: 10,000 FIFOs, in every order" {
  need_descriptors 10100
  seq 30000 >in
  mkdir fifo
  mapfile -t names < <(seq -f 'fifo/%05.0f' 0 9999)
  mkfifo "${names[@]}"
  for order in rows seq any concat; do
    numbers=()
    [[ $order != seq ]] || numbers=(--seq)
    timeout 300 "$BIN/mrf-collect" --order "$order" -c 1 -o "$order" "${names[@]}" 3>&- &
    collect=$!
    timeout 300 "$BIN/mrf-distribute" "${numbers[@]}" -c 1 -i in "${names[@]}"
    wait "$collect"
  done
  cmp rows in
  cmp seq in
  sort -n any | cmp - in
  sort -n concat | cmp - in
  [ "$(sed -n '1,4p' concat | paste -sd' ')" = "1 10001 20001 2" ]
}

@test "collect: 10,000 files" {
  need_descriptors 10100
  mkdir part
  seq 30000 | split -l 3 -d -a 5 - part/
  timeout 300 "$BIN/mrf-collect" --order concat -o out part/*
  seq 30000 | cmp - out
}

# The processor time of 20,000 lines, one at a time, through 2,000 streams is at most 4 times that through 20: what
# looks at all streams for each line takes 20 times as much and more.
one_line_of_many() {
  local few many
  few=$("$BATS_TEST_DIRNAME/one_at_a_time.py" "$1" 20 20000 "${@:2}")
  many=$("$BATS_TEST_DIRNAME/one_at_a_time.py" "$1" 2000 20000 "${@:2}")
  echo "$*: $few ms with 20 streams, $many ms with 2,000"
  (( many < 4 * few ))
}

@test "what a line costs does not follow from how many inputs or outputs there are" {
  need_descriptors 4100
  one_line_of_many collect "$BIN/mrf-collect" --order any
  one_line_of_many distribute "$BIN/mrf-distribute" -c 1
  one_line_of_many distribute "$BIN/mrf-distribute" -c 1 --balance
  one_line_of_many distribute "$BIN/mrf-distribute" --key column:1
}

# The input comes when all workers are there; one descriptor a FIFO and one a worker's standard error.
@test "run: 5,000 workers at a time, in every order of live workers" {
  need_descriptors 15200
  [[ $(ulimit -u) == unlimited ]] || (($(ulimit -u) >= 6000)) || skip "$(ulimit -u) processes are allowed (ulimit -u)"
  (($(cat /proc/sys/kernel/pid_max) >= 10000)) || skip "kernel.pid_max is below 10000"
  (($(awk '/MemAvailable/ { print $2 }' /proc/meminfo) >= 4000000)) || skip "less than 4 GB of memory are free"
  seq 30000 >in
  for order in any seq rows; do
    mkfifo gate
    timeout 500 "$BIN/mrf-run" -n 5000 -c 1 --order "$order" -i gate -o "$order" -- cat 3>&- &
    run=$!
    exec {gate}>gate
    watchdog=$(pgrep -P "$(pgrep -P "$run")")
    until (($(pgrep -cP "$watchdog" -x cat) == 5000)); do
      kill -0 "$run"
      sleep 0.2
    done
    cat in >&"$gate"
    exec {gate}>&-
    wait "$run"
    rm gate
  done
  sort -n any | cmp - in
  cmp seq in
  cmp rows in
}
