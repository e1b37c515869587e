#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Jobs that open a FIFO more than once, and what they leave behind at it.

load common
load run

@test "a FIFO that its job opens again at once, or while it has it open, is one stream" {
  workflow <<'E'
a: bash -c 'for i in 1 2 3; do echo $i > "$1"; done' _ out:p
b: bash -c 'exec 3> "$1"; echo 1 > "$1"; sleep 0.4; echo 2 > "$1"; sleep 0.4; echo 3 >&3' _ out:q
c: bash -c 'read -r x < "$1"; echo $x; sleep 0.6; cat "$1" "$2"' _ in:p in:q
E
  assert_status 0
  assert_output_is $'1\n2\n3\n1\n2\n3'
}

@test "a FIFO that its writer closes and opens again, at whatever pace, is one stream" {
  workflow <<'E'
a: bash -c 'echo 1 > "$1"; sleep 1; echo 2 >> "$1"; bash -c "sleep 0.5; echo 3" > "$1"' _ out:p
b: cat in:p > save:result
E
  assert_status 0
  [ "$(cat result)" = $'1\n2\n3' ]
  # The writer is stopped for as long as it takes the reader to have read everything and to wait.
  rm result
  cat >w.mrf <<'E'
a: bash -c 'echo 1 > "$1"; kill -STOP $$; echo 2 >> "$1"' _ out:p
b: cat in:p > save:result
E
  start_in_background w.mrf
  writer=
  wait_until is_stopped_writer
  wait_until has_read_first
  kill -CONT "$writer"
  wait "$run"
  [ "$(cat result)" = $'1\n2' ]
  assert_nothing_left
}

is_stopped_writer() {
  writer=$(pgrep -P "$watchdog" -x bash) && in_state T "$writer"
}
has_read_first() { cat .mrf-run.*/result 2>/dev/null | grep -q 1; }

@test "a reader may close its FIFO and open it again, before the end and after it" {
  workflow <<'E'
a: bash -c 'seq 5; sleep 0.4; seq 6 10' > out:p
b: bash -c 'for _ in 1 2 3 4 5; do cat "$1"; done; read -r x < "$1" || echo end' _ in:p
E
  assert_status 0
  assert_output_is "$(seq 10; echo end)"
}

@test "a declared FIFO that is opened again after its end ends the run without a result" {
  workflow <<'E'
a: bash -c 'echo header > "$1"; echo more > "$1"' _ out:p!
b: cat in:p > save:result
E
  assert_status 1
  assert_stderr_is "mrf-run: cannot continue 'p': 'a' opened it again after it had closed it, which is the end of its data"
  assert_files w.mrf
  assert_nothing_left
}

@test "a writer that opens its FIFO again behind a reader that has ended gets SIGPIPE" {
  workflow <<'E'
a: bash -c 'for i in 1 2; do bash -c "exec yes" > "$1"; echo "writer: $?" >&2; done' _ out:p
b: head -n 1 in:p
E
  assert_status 0
  assert_output_is y
  assert_stderr_is $'writer: 141\nwriter: 141'
}

@test "what a reading job has left behind gets all that its FIFO holds when the writer ends" {
  cat >w.mrf <<'END'
a:     bash -c 'echo $$ >pid; exec head -c 400000 /dev/zero' > out:p
b:     bash -c '(until [[ -s pid ]] && ! kill -0 $(<pid); do sleep 0.02; done 2>/dev/null; sleep 0.3; cat) <&0 &' < in:p > save:b
END
  run_apart mrf-run w.mrf
  assert_status 0
  cmp -n 400000 b /dev/zero
  (($(stat -c %s b) == 400000))
}

@test "a message names what a job has left behind and that holds a FIFO, after ten seconds" {
  echo "a: bash -c 'setsid tail -f /dev/null & echo x' > out:p" >w.mrf
  echo "b: cat in:p > save:result" >>w.mrf
  seq 3 >in
  mrf-run w.mrf 2>workflow.err 3>&- &
  local runs=("$!") order
  echo "a: yes > out:p" >read.mrf
  echo "b: bash -c 'tail -f - 0<&0 >/dev/null & kill -STOP \$!; head -n 1' < in:p > save:result" >>read.mrf
  mrf-run read.mrf 2>read.err 3>&- &
  runs+=("$!")
  for order in seq rows any; do
    mrf-run -n 1 --order $order -i in -o "result.$order" -- bash -c 'tail -f /dev/null & cat' 2>$order.err 3>&- &
    runs+=("$!")
  done
  wait_until grep -qE "^mrf-run: still waiting for 'out:p': 'a' has ended, but process [0-9]+ \(tail\), which it has left behind, has it open for writing " workflow.err
  for order in seq rows any; do
    wait_until grep -qE "^mrf-run: still waiting for 'out:done\[0\]': 'work\[0\]' has ended, but process [0-9]+ \(tail\)" $order.err
  done
  wait_until grep -qE "^mrf-run: still waiting for 'in:p': 'b' has ended, but process [0-9]+ \(.*\), which it has left behind, has it open for reading " read.err
  kill "${runs[@]}"
  wait
  [ "$(cat ./*.err | grep -c 'still waiting')" = 5 ]
  assert_files {w,read}.mrf in {workflow,read,seq,rows,any}.err
  assert_nothing_left
}

@test "what a job leaves behind may write on; --stall-timeout tells of what only holds the FIFO" {
  workflow <<'E'
a: bash -c 'seq 5 | tee >(sleep 0.3; tac)' > out:p
b: sort in:p
E
  assert_status 0
  assert_output_is "$(printf '%s\n' 1 1 2 2 3 3 4 4 5 5)"
  echo "a: bash -c 'setsid tail -f /dev/null & echo x' > out:p" >w.mrf
  echo "b: cat in:p > save:result" >>w.mrf
  mrf-run --stall-timeout 0.3 w.mrf 2>said 3>&- &
  # Where the jobs start slowly, something else stands in lines before.
  wait_until grep -q "^mrf-run: cannot continue .* s; p: 'b' waits to read, what 'a' left behind does not write$" said
  kill "$!"
  wait "$!" && return 1 || status=$?
  [ "$status" = 143 ]
  assert_files w.mrf said
  assert_nothing_left
}

@test "a job that puts another file in the place of a FIFO ends the run without a result" {
  for replace in 'echo x >new && mv new "$1"' 'rm -f "$1"; echo x >"$1"' 'ln -sf /etc/passwd "$1"'; do
    workflow <<END
a: bash -c '$replace' _ out:p
b: cat < in:p > save:result
END
    assert_status 1
    assert_stderr_is "mrf-run: cannot continue 'p': 'a' has put another file in the place of the FIFO: it has to write to what is there, as cat FILE >\"\$1\" does in a shell"
    [ ! -e result ]
  done
  seq 3 >in
  # shellcheck disable=SC2016
  run_apart timeout -k 5 300 mrf-run -n 2 -c 1 --order any --side side -i in -o out -- \
    bash -c 'cat; echo x >"new.$MRF_WORKER"; mv "new.$MRF_WORKER" "$MRF_SIDE"'
  assert_status 1
  assert_stderr_has "has put another file in the place of the FIFO"
  [[ ! -e side && ! -e out ]]
  workflow <<'END'
a: bash -c 'echo x >"$1"; rm "$1"' _ out:p
b: cat < in:p > save:result
END
  assert_status 0
  [ "$(cat result)" = x ]
}

@test "what a job leaves behind may open FIFOs and results that are among its words" {
  # Each opens its file when its parent has ended and was waited for.
  # shellcheck disable=SC2016 # $$ is the job
  late='while [ -e /proc/$$ ]; do sleep 0.01; done; sleep 0.1'
  workflow <<END
a: bash -c '{ $late; seq 3 | tac >"\$1"; } >/dev/null 2>&1 & seq 2 >"\$2"' _ out:p out:q
b: cat < in:p > save:fifo
c: bash -c '{ $late; cat "\$1" >"\$2"; } >/dev/null 2>&1 &' _ in:q save:read
d: bash -c '{ $late; seq 4 | tac >"\$1"; } >/dev/null 2>&1 &' _ save:result
END
  assert_status 0
  [ "$(cat fifo read result)" = $'3\n2\n1\n1\n2\n4\n3\n2\n1' ]
  assert_nothing_left
}

@test "no watch of a FIFO is left when the results are published, and there is none without FIFOs" {
  command -v strace >/dev/null || skip 'no strace'
  calls() { run_apart timeout -k 5 300 strace -qq -o trace -e trace=inotify_add_watch,inotify_rm_watch,fsync "$@"; }
  printf '%s\n' 'a: seq 5 > out:p' 'b: cat in:p > save:result' >w.mrf
  calls mrf-run w.mrf
  assert_status 0
  [ "$(grep -c '^inotify_add_watch(.* = [1-9]' trace)" = 2 ]
  [ "$(sed '/^fsync/,$d' trace | grep -c '^inotify_rm_watch(.* = 0$')" = 2 ]
  echo 'a: seq 5 > save:result' >w.mrf
  calls mrf-run w.mrf
  assert_status 0
  grep -q '^fsync' trace
  [ "$(grep -c '^inotify' trace)" = 0 ]
}
