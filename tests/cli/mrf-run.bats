#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-run(1) and mrf-workflow(5) with the tools of the system as jobs; the chain of the project's own
# programs is in main-job.bats.

load common
load run

@test "jobs that open their FIFOs in opposite orders do not wait for each other" {
  workflow <<'E'
a: bash -c 'exec 3>"$1"; exec 4>"$2"; echo first >&3; echo second >&4' _ out:p out:q
b: bash -c 'cat "$2" "$1"' _ in:p in:q
E
  assert_status 0
  assert_output_is $'second\nfirst'
  assert_nothing_left
}

@test "a FIFO that is declared ends for its reader when its writer closes it and goes on" {
  mkfifo over
  workflow <<'E'
a: bash -c 'echo header > "$1"; cat over >&2' _ out:header!
b: bash -c 'cat "$1"; echo over > over' _ in:header
E
  assert_status 0
  assert_output_is header
  assert_stderr over
}

@test "a job that never opens its FIFO and ends holds nobody up" {
  workflow <<'E'
a: bash -c ': does not write' _ out:p
b: bash -c 'cat "$1"; echo through' _ in:p
c: bash -c 'bash -c "exec yes" > "$1"; echo "writer: $?" >&2' _ out:q
d: bash -c ': does not read' _ in:q
E
  assert_status 0
  assert_output_is through
  assert_stderr "writer: 141"
}

@test "a reader that comes late gets what a writer left that is gone" {
  mkfifo gate
  workflow <<'E'
a: bash -c 'echo data > "$1"; echo go > gate' _ out:p
b: bash -c 'read -r go < gate; cat "$1"' _ in:p
E
  assert_status 0
  assert_output_is data
}

@test "the reader of a job that fails never sees an end-of-file" {
  for _ in $(some 1 2 3 4 5 6 7 8 9 10); do
    workflow <<'E'
n = 8
feed:    bash -c 'for f; do yes "$f" | head -c 100000 > "$f"; done' _ out:part[n]
work[n]: bash -c 'head -c 50000; [ $1 != 5 ] || exit 42' _ [i] < in:part[i] > out:done[i]
join:    bash -c 'cat "$@" > /dev/null; echo "end of [5] seen"; exit 9' _ in:done[5]
rest:    cat in:done[0] in:done[1] in:done[2] in:done[3] in:done[4] in:done[6] in:done[7]
E
    assert_status 42
    [[ $output != *"end of [5] seen"* ]]
    assert_stderr "mrf-run: cannot finish 'work[5]': exit status 42"
  done
  assert_nothing_left
}

@test "the status is that of the job that failed first, whatever it is" {
  for code in 1 2 3 77 126 127 140 255; do
    workflow <<E
a: yes > out:p
b: bash -c 'read -r line; exit $code' < in:p > out:q
c: cat < in:q > save:result
E
    assert_status "$code"
    assert_files w.mrf
  done
  assert_nothing_left
}

@test "a job that a signal ends counts as 128+N" {
  for signal in HUP KILL SEGV TERM USR1; do
    workflow <<E
a: bash -c 'kill -$signal \$\$; exec tail -f /dev/null' > save:result
E
    assert_status $((128 + $(kill -l "$signal")))
    assert_files w.mrf
  done
}

@test "a job that ends early with success may leave its writers with SIGPIPE" {
  workflow <<'E'
a: yes > out:p
b: cat < in:p > out:q
c: head -n 2 < in:q > save:result
E
  assert_status 0
  [ "$(cat result)" = $'y\ny' ]
}

@test "SIGPIPE from outside the run is a failure without a result" {
  cat >w.mrf <<'E'
a: yes > save:result
b: yes
E
  run bash -c 'mrf-run w.mrf | head -n 1; exit "${PIPESTATUS[0]}"'
  [ "$status" = 141 ]
  assert_files w.mrf
}

@test "a command that is not there is 127, one that cannot be executed 126, a redirection that fails 1" {
  printf 'no program' >plain.txt
  workflow <<<"a: ./missing > save:r"
  assert_status 127
  assert_stderr "mrf-run: cannot execute './missing': No such file or directory"
  workflow <<<"a: mrf-colect > save:r"
  assert_status 127
  assert_stderr "mrf-run: cannot execute 'mrf-colect': No such file or directory; did you mean 'mrf-collect'?"
  workflow <<<"a: ./plain.txt > save:r"
  assert_status 126
  assert_stderr "mrf-run: cannot execute './plain.txt': Permission denied"
  workflow <<<"a: cat < nofile > save:r"
  assert_status 1
  assert_stderr "mrf-run: cannot open 'nofile': No such file or directory"
  assert_files w.mrf plain.txt
  assert_nothing_left
}

@test "jobs that ignore TERM are killed, and so is one that made itself a session of its own" {
  workflow --kill-after 0.2 <<'E'
a: bash -c 'trap "" TERM; echo ready > "$1"; while :; do tail -f /dev/null; done' _ out:p
b: bash -c 'setsid bash -c "trap : TERM HUP; while :; do tail -f /dev/null; done" & read -r x < "$1"; exit 5' _ in:p
E
  assert_status 5
  assert_nothing_left
}

@test "INT, QUIT, TERM, HUP and USR1 end the run, KILL of either process too: nothing is left" {
  cat >w.mrf <<'E'
a: bash -c 'echo data; setsid tail -f /dev/null & exec tail -f /dev/null' > out:p
b: cat < in:p > save:result
c: bash -c 'trap "echo >asked; exit 1" TERM; echo >ready; tail -f /dev/null & wait'
E
  echo old >result
  for strike in INT:run QUIT:run TERM:run HUP:run USR1:run KILL:run KILL:watchdog; do
    local signal=${strike%:*} victim=${strike#*:}
    start_in_background --kill-after 100 w.mrf
    wait_until test -e ready
    wait_until has_children "$watchdog" 3
    kill "-$signal" "${!victim}"
    wait "$run" && return 1 || status=$?
    [ "$status" = $((128 + $(kill -l "$signal"))) ]
    wait_until assert_nothing_left
    [ "$signal" = KILL ] || [ -e asked ]
    [ "$victim" = run ] || grep -qx "mrf-run: cannot finish 'watchdog': signal 9 (Killed)" stderr.txt
    rm -f stderr.txt ready asked
    assert_files w.mrf result
    [ "$(cat result)" = old ]
  done
}

@test "a signal that is ignored at the start stays ignored, by the jobs too" {
  cat >w.mrf <<'E'
a: bash -c 'for signal in INT QUIT TERM HUP USR1 TSTP; do kill -$signal $$; done; echo data' > out:p
b: bash -c 'cat; echo >ready; until [ -e go ]; do sleep 0.02; done' < in:p > save:result
E
  env --ignore-signal=INT,QUIT,TERM,HUP,USR1,TSTP mrf-run w.mrf 2>stderr.txt 3>&- &
  run=$!
  wait_until test -e ready
  for signal in INT QUIT TERM HUP USR1 TSTP; do kill "-$signal" "$run"; done
  touch go
  wait "$run"
  [ "$(cat result)" = data ]
  [ ! -s stderr.txt ]
}

@test "300 jobs in a chain" {
  {
    echo "j0: seq 1000 > out:f0"
    for i in $(seq 299); do echo "j$i: cat < in:f$((i - 1)) > out:f$i"; done
    echo "end: cat < in:f299"
  } >w.mrf
  run_apart timeout -k 5 300 mrf-run w.mrf
  assert_status 0
  assert_output_is "$(seq 1000)"
  assert_nothing_left
}
