#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What mrf-collect holds back: in memory, then in a file without a name.

load common

rss() { jq .max_rss_bytes "$1"; }

# A worker that holds everything back to its end beside one that does not: hold_back OPTIONS... A and B are
# commands; B goes first.
hold_back() {
  mkfifo a b
  mrf-collect --stats stats "$@" a b >out 3>&- &
  collect=$!
  eval "$B" >b
  eval "$A" >a
  wait $collect
}

@test "memory stays under the buffer and 32 MiB when one input holds back much more" {
  A="yes $(printf '%0127d' 0) | head -c 64M" B=$A
  for buffer in 1M 16M; do
    hold_back -c 1 --buffer $buffer
    [[ $(stat -c %s out) == $((128 << 20)) ]]
    [[ -n ${MRF_SANITIZED-} ]] || (($(rss stats) < (${buffer%M} + 32) << 20))
    rm a b
  done
  assert_nothing_left
}

@test "memory stays there in the order of numbers too, with large chunks and 64 inputs" {
  # shellcheck disable=SC2034
  mkfifo {100..163}
  mrf-collect --order seq --buffer 4M --stats stats {100..163} >out 3>&- &
  collect=$!
  seq 0 1999999 | awk '{ print $0 "\t" $0 >("part" int($0 / 20000) % 64 + 100) }'
  for i in {163..100}; do cat "part$i" >"$i" & done 3>&-
  wait $collect
  cmp out <(seq 0 1999999)
  [[ -n ${MRF_SANITIZED-} ]] || (($(rss stats) < 36 << 20))
}

@test "one worker holds its 5 GB back: memory, and the space of the spill file" {
  [[ -n ${MRF_TEST_FULL:-} ]] || skip "only with MRF_TEST_FULL=1"
  mkfifo a b out
  local line
  line=$(printf '%0255d' 0)
  md5sum <out >sum 3>&- &
  local sum=$!
  mrf-collect -c 1 --stats stats a b >out 3>&- &
  collect=$!
  yes "$line" | head -c 5G >b
  yes "$line" | head -c 5G >a
  wait $collect
  wait $sum
  [[ $(<sum) == "$(yes "$line" | head -c 10G | md5sum)" ]]
  (($(rss stats) < (256 + 32) << 20)) || show_result "$(rss stats) bytes of memory"
  assert_nothing_left
}

@test "records longer than the whole buffer" {
  line=$(head -c 3000000 /dev/zero | tr '\0' x)
  A='for i in 1 2 3; do echo "$line"; done' B='for i in 1 2 3; do echo "$line"; done'
  hold_back -c 1 --buffer 64K
  [[ $(md5sum <out) == "$(for i in 1 2 3 4 5 6; do echo "$line"; done | md5sum)" ]]
}

# The open files of the process that have no name and are not empty.
spilled() {
  find "/proc/$1/fd" -lname "$TMPDIR/*(deleted)" 2>/dev/null | grep -q .
}

@test "the spill file has no name, also while it is in use, and is gone after KILL" {
  mkfifo a b
  exec 9<>a
  mrf-collect --buffer 1M a b >out 3>&- 9>&- &
  collect=$!
  yes | head -c 8M >b
  wait_until spilled $collect
  [[ -z $(find "$TMPDIR" -mindepth 1) ]]
  kill -KILL $collect
  wait $collect || true
  exec 9>&-
  assert_nothing_left
}

@test "a full disk while holding back is said with its directory, and the others are let go" {
  with_small_disk 4M true || skip "no mount namespaces"
  mkfifo a b
  (yes | head -c 20M >b || echo let go >writer) 3>&- 2>/dev/null &
  # shellcheck disable=SC2016
  run_apart with_small_disk 4M bash -c 'exec 9<>a; TMPDIR=disk exec mrf-collect --buffer 1M -o result a b 9>&-'
  assert_status 1
  assert_stderr_is "mrf-collect: cannot write 'temporary file in disk': No space left on device"
  wait_until test -s writer
  [[ ! -e result ]]
}

@test "SAM that a full disk has cut is not taken for the whole by the next program" {
  with_small_disk 4M true || skip "no mount namespaces"
  mrf-bamread -o all.sam "$(small_bam 1000)"
  mkfifo a b
  (grep -v '^@' all.sam >lines; cat all.sam; for _ in {1..60}; do cat lines; done) >b 2>/dev/null 3>&- &
  # shellcheck disable=SC2016
  run_apart with_small_disk 1M bash -c 'exec 9<>a; cat all.sam >&9 &
    TMPDIR=disk mrf-collect --sam --order concat --buffer 1M a b 9>&- | mrf-bamwrite -o out.bam
    echo "${PIPESTATUS[*]}"'
  assert_output_is '1 3'
  [[ ! -e out.bam ]]
}

@test "a TMPDIR that is not there is an error only when it is needed" {
  seq 10 >a
  TMPDIR=none run_apart mrf-collect a
  assert_status 0
  mkfifo f g
  yes | head -c 8M >g 2>/dev/null 3>&- &
  # shellcheck disable=SC2016
  TMPDIR=none run_apart bash -c 'exec 9<>f; exec mrf-collect --buffer 1M f g 9>&-'
  assert_status 1
  assert_stderr_is "mrf-collect: cannot make 'temporary file in none': No such file or directory"
}

sleeps_or_has_ended() { [[ ! -e /proc/$1 ]] || in_state SZ "$1"; }

@test "--spool holds nothing of a regular file, which its reader may take as late as it likes" {
  seq 1000000 >in.txt
  mkfifo out
  TMPDIR=$PWD/no-such-directory mrf-collect --record fixed:1 --order concat --spool --buffer 64K in.txt >out &
  collect=$!
  exec 5<out
  # One that holds what it has read sleeps for some time, too, and then finds no directory.
  for ((look = 0; look < 100; ++look)); do wait_until sleeps_or_has_ended $collect; done
  cmp in.txt <&5
  wait $collect
}
