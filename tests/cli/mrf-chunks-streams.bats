#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-chunks: filters that are started with the first record of their chunk, while the rest of it is still to come.
# shellcheck disable=SC2034

load common
load run

# The first bytes of an input are looked at before any filter starts, so the records are no shorter than those.
lines() { seq -f 'a line of the input, %g' "$@"; }

fastq() { printf '@%s\nACGTACGTACGTACGT\n+\nIIIIIIIIIIIIIIII\n' "$@"; }

# It says when it starts and when it has seen the end of its input.
setup() {
  common_setup
  cat >filter <<'END'
#!/bin/bash
: >"started.$MRF_CHUNK"
cat
: >"ended.$MRF_CHUNK"
END
  chmod +x filter
  mkfifo in
}

start_chunks() {
  timeout -k 5 300 mrf-chunks -i in "$@" >out 2>err 3>&- &
  chunks=$!
  exec 7>in
}

# Whether all that was written was read.
is_drained() {
  python3 -c 'import fcntl, struct, sys, termios
sys.exit(struct.unpack("i", fcntl.ioctl(7, termios.FIONREAD, bytes(4)))[0] != 0)'
}

status_of_chunks() {
  status=0
  wait "$chunks" || status=$?
  stderr=$(cat err)
}

@test "a filter starts with the first record of its chunk, and sees the end when the chunk is whole" {
  start_chunks -n 3 -c 3 -- ./filter
  lines 1 >&7
  wait_until test -s out
  [ -e started.0 ] && [ ! -e ended.0 ]
  lines 2 3 >&7
  wait_until test -e ended.0
  lines 4 4 >&7
  wait_until grep -q 'input, 4' out
  [ ! -e ended.1 ]
  exec 7>&-
  status_of_chunks
  assert_status 0
  cmp out <(lines 4)
  [ -e ended.1 ]
}

@test "no filter is started for a chunk without a record" {
  start_chunks -n 3 -c 2 -- ./filter
  lines 4 >&7
  wait_until test -e ended.1
  exec 7>&-
  status_of_chunks
  assert_status 0
  [ ! -e started.2 ]
}

@test "a chunk that turns out to be malformed: its filter is ended, and sees no end of its input" {
  cat >filter.py <<'END'
import os, sys
chunk = os.environ["MRF_CHUNK"]
open("started." + chunk, "w").close()
sys.stdin.read()
open("ended." + chunk, "w").close()
END
  start_chunks -n 3 -c 2 --record fastq -- /usr/bin/python3 filter.py
  fastq a b c >&7
  wait_until test -e ended.0
  wait_until test -e started.1
  fastq d | tail -c +2 >&7
  exec 7>&-
  status_of_chunks
  assert_status 3
  assert_stderr_has "'in'"
  assert_stderr_has "record 4"
  [ ! -e ended.1 ]
}

@test "a filter of a chunk that is cut off and takes no TERM is killed" {
  start_chunks -c 2 --record fastq -- bash -c 'trap "" TERM; : >started; exec tail -f /dev/null'
  fastq a >&7
  wait_until test -e started
  fastq d | tail -c +2 >&7
  exec 7>&-
  status_of_chunks
  assert_status 3
}

@test "a chunk that was cut off before its filter could start: the filter is not started" {
  mkfifo gate
  # shellcheck disable=SC2016 # they are the filter's
  start_chunks -n 1 -c 2 --record fastq -- bash -c '[[ $MRF_CHUNK != 0 ]] || { : >waiting; read -r _ <gate; }; ./filter'
  fastq a b c >&7
  wait_until is_drained
  fastq d | tail -c +2 >&7
  exec 7>&-
  wait_until test -e waiting
  # Then the thread that reads was started: when it is gone, the main thread and that for signals remain.
  wait_until bash -c 'for task in /proc/*/task; do
      [[ $(cat "${task%/task}/comm" 2>/dev/null) == mrf-chunks && $(readlink "${task%/task}/cwd") == "$PWD" ]] || continue
      [[ $(ls "$task" | wc -l) == 2 ]] && exit 0
    done; exit 1'
  echo >gate
  status_of_chunks
  assert_status 3
  [ -e ended.0 ] && [ ! -e started.1 ]
  cmp out <(fastq a b)
}

@test "a filter that fails before its chunk is whole ends the run at once" {
  # shellcheck disable=SC2016 # it is the filter's
  start_chunks -n 3 -c 3 -- bash -c '[[ $MRF_CHUNK != 1 ]] || exit 7; cat'
  lines 4 >&7
  status_of_chunks
  assert_status 7
  assert_stderr_has "cannot filter 'chunk 1': 'bash' ended with exit status 7 on the records from 4 on of 'in'"
  exec 7>&-
}

@test "filters that read nothing, or not to the end, of a chunk that is still to come" {
  start_chunks -n 2 -c 3 -- head -n 1
  for line in $(seq 9); do
    echo "$line" >&7
  done
  exec 7>&-
  status_of_chunks
  assert_status 0
  cmp out <(printf '%s\n' 1 4 7)
  # shellcheck disable=SC2016 # the inner shells' variables
  run_apart bash -c "seq 3000000 | timeout -k 5 300 mrf-chunks -n 2 -c 1000000 -- bash -c 'exec <&-; echo \$MRF_CHUNK'"
  assert_status 0
  assert_output_is $'0\n1\n2'
}

@test "filters that end without reading, while the writer of the FIFO stays: their output is there, the end is the writer's" {
  for workers in 1 2; do
    for ((try = 0; try < 10; ++try)); do
      # shellcheck disable=SC2016 # it is the filter's
      start_chunks -n $workers -c 2 -- bash -c 'echo "$MRF_CHUNK"'
      lines 5 >&7
      wait_until grep -qx 2 out
      kill -0 "$chunks" # the rest of the chunk may come
      lines 6 7 >&7
      wait_until grep -qx 3 out
      exec 7>&-
      status_of_chunks
      assert_status 0
      cmp out <(seq 0 3)
      # shellcheck disable=SC2016
      start_chunks -n $workers -c 2 -- bash -c 'echo "$MRF_CHUNK"; exit $((MRF_CHUNK == 1 ? 5 : 0))'
      lines 3 >&7
      status_of_chunks
      assert_status 5
      exec 7>&-
      cmp out <(seq 0 1)
    done
  done
}

@test "what filters do not take waits in 32 MiB of memory, then on disk" {
  # shellcheck disable=SC2016 # the inner shells' variables
  run_apart bash -c '{ head -c 100000000 /dev/zero; : >gate; } |
    timeout -k 5 300 mrf-chunks -n 2 --record fixed:1000 -c 50000 --stats s.json -- \
      bash -c "until [[ -e gate ]]; do sleep 0.05; done; wc -c"'
  assert_status 0
  assert_output_is $'50000000\n50000000'
  [[ -n ${MRF_SANITIZED-} ]] || jq -e '.max_rss_bytes > 33554432 and .max_rss_bytes < 50331648' s.json
  assert_nothing_left
}

@test "streamed or not, fast or slow, a filter gets the same bytes" {
  seq 3000000 >in.txt
  expected=$(mrf-chunks -n 2 -i in.txt -- md5sum)
  [ "$(mrf-chunks -n 3 -- md5sum < <(cat in.txt))" = "$expected" ]
  [ "$(mrf-chunks -n 3 -- bash -c 'sleep 0.1; md5sum' < <(cat in.txt))" = "$expected" ]
  [ "$(mrf-chunks -n 3 -- md5sum < <(gzip -1c in.txt))" = "$expected" ]
}

@test "INT, TERM and KILL while filters wait for the rest of their chunks: nothing is left" {
  for signal in INT TERM KILL; do
    rm -f started.* stderr.txt
    start_in_background -n 3 -c 2 -i in -o result -- ./filter
    exec 7>in
    lines 3 >&7
    wait_until test -e started.1
    kill -s "$signal" "$run"
    status=0
    wait "$run" || status=$?
    [[ $signal != INT || $status == 130 ]] && [[ $signal != TERM || $status == 143 ]]
    wait_until assert_nothing_left
    [ ! -e result ]
    exec 7>&-
  done
}

@test "a filter that writes each line by itself is not read for each of its lines" {
  seq 1000 >in.txt
  strace -o trace.txt -e trace=epoll_wait,splice,clock_nanosleep mrf-chunks -n 1 -i in.txt -- \
    bash -c 'while read -r line; do echo "$line"; done' >out.txt
  cmp in.txt out.txt
  # After a turn that moved little comes a pause.
  grep -q '^clock_nanosleep(.*tv_nsec=500000}' trace.txt
}

@test "a filter whose turn comes later goes on while that of the first chunk writes each line by itself" {
  seq 2 >in.txt
  # shellcheck disable=SC2016  # for the filter's shell
  mrf-chunks -n 2 -c 1 -i in.txt -- bash -c '
    if [[ $MRF_CHUNK == 0 ]]; then
      until [[ -e done ]]; do echo first; done
    else
      yes | head -c 100000000
      : >done
    fi' >out.txt
  [ "$(grep -c y out.txt)" = 50000000 ]
  # As many as are written in the time that the second one takes without waiting, with plenty to spare.
  (($(grep -c first out.txt) < $(sanitized 4000000 400000)))
}
