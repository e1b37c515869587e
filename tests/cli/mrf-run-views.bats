#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What mrf-run shows: --dot, --progress, --stall-timeout, the bottleneck.

load common
load run

# The terminal of this test, by a socket of its own.
terminal() { tmux -S "$BATS_TEST_TMPDIR/terminal" -f /dev/null "$@"; }
screen() { terminal capture-pane -p; }
shows() { screen | grep -q "$1"; }
is_closed() { ! terminal has-session 2>/dev/null; }
teardown() {
  [[ ! -S $BATS_TEST_TMPDIR/terminal ]] || terminal kill-server 2>/dev/null || true
  common_teardown
}

@test "--dot: Graphviz draws every job with its command and copies, FIFO, input and result, whatever their names" {
  cat >w.mrf <<'E'
[each x in 1 2]
a: echo $x > out:p
[end]
work[2]: cat in:q[i] > save:'r "'[i]'" ü\.txt'
split: bash -c 'cat > "$1"; : > "$2"; cat' _ out:q[0] out:q[1] < in:p
c: cat 'x<"y' /dev/null > out:z
d: mrf-collect -o save:d in:z
e: tr \\ '"' < 'x<"y' > save:e
E
  run_apart mrf-run --dot w.mrf
  assert_status 0
  dot -Tplain <<<"$output" >drawn
  (($(grep -c ^node drawn) == 6 + 1 + 4))
  (($(grep -c ^edge drawn) == 3 + 1 + 4))
  dot -Tsvg <<<"$output" >drawn.svg
  python3 -c 'import sys, xml.etree.ElementTree as t; t.parse("drawn.svg")'
  for text in 'work ×2' 'a, 2 rounds' 'r &quot;1&quot; ü\.txt' 'x&lt;&quot;y' 'tr \ &quot;' 'q ×2'; do
    grep -qF ">$text<" drawn.svg || { cat drawn.svg && false; }
  done
  run_apart bash -c 'echo "a: cat in:x" | mrf-run --dot -'
  assert_status 2
  assert_output_is ""
}

# How often the supervisor PID has woken.
looks() { awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$1/status"; }
has_looked() { (($(looks "$1") >= $2 + $3)); }
# LINES TEXT: `said` has the text, behind so many lines.
says_behind() { tail -n "+$(($1 + 1))" said | grep -q "$2"; }

@test "--stall-timeout: who waits where is said once, and the run goes on" {
  mkfifo gate
  cat >w.mrf <<'E'
a: bash -c 'yes | head -c 3000000 > "$1"' _ out:p
b: bash -c 'read -r go < gate; cat "$1" > "$2"; read -r go < gate' _ in:p out:q
c: cat in:q > save:result
E
  mrf-run --stall-timeout 0.3 --pipe-size 64K w.mrf 2>said 3>&- &
  run=$!
  # Where the jobs start slowly, there are lines before.
  wait_until grep -Eqx "mrf-run: cannot continue 'w.mrf': nothing has moved for [0-9]+\.[0-9] s, all wait for 'b'; p: 'a' \
waits to write, 'b' has not opened it; q: 'c' waits to read, 'b' has not opened it" said
  before=$(wc -l <said)
  # It looks ten times a second: it could have said it twice more.
  wait_until has_looked "$run" "$(looks "$run")" 7
  [ "$(wc -l <said)" = "$before" ]
  echo go >gate
  wait_until says_behind "$before" "^mrf-run: 'w.mrf' moves again, after [0-9]*\.[0-9] s$"
  echo go >gate
  wait "$run"
  [ "$(stat -c %s result)" = 3000000 ]
  awk '/cannot continue/ != NR % 2 { bad = 1 } END { exit bad }' said
}

@test "--stall-timeout says nothing of a job that computes, or of data that flow slowly" {
  cat >w.mrf <<'E'
a: bash -c 'end=$((SECONDS + 4)); while ((SECONDS < end)); do :; done; echo x' > out:p
b: cat in:p
E
  run_apart timeout 300 mrf-run --stall-timeout 1.2 w.mrf
  assert_status 0
  assert_stderr_is ''
  for bad in x -1 nan; do
    run_apart mrf-run --stall-timeout "$bad" w.mrf
    assert_status 2
  done
}

# INPUT LINE: the filters stop until such a line is there. On a slow machine the first one knows of no byte yet.
run_with_progress() {
  rm -f lines
  mrf-run --progress -n 2 --order rows --record fixed:100 -c 1000 -o out -i "$1" -- \
    bash -c 'head -c 10000000; read -r go <gate; cat' <&0 2>lines 3>&- &
  wait_until grep -Eqx "$2" lines
  printf 'go\ngo\n' >&"$gate"
  wait $!
  cmp in out
}

@test "--progress without a terminal: lines with share, rate and time left" {
  head -c 30000000 /dev/zero >in
  mkfifo gate
  exec {gate}<>gate
  run_with_progress in 'mrf-run: [0-9]+% of 28\.6 MiB, [0-9.kM]+ rec/s, [0-9.]+ [KMG]?i?B/s, [0-9:]+ left, busiest: [a-z]+'
  run_with_progress - 'mrf-run: read [0-9.]+ [KMG]iB, [0-9.kM]+ rec/s, [0-9.]+ [KMG]i?B/s, busiest: [a-z]+' < <(cat in)
}

# COLUMNS: one bar that fits is on the screen, and the message.
has_bar_below_message() {
  screen >seen
  grep -q '^a message$' seen && grep -q '^\[#*\.*\] *[0-9]*%.* left' seen && (($(grep -c '%' seen) == 1 && $(wc -L <seen) < $1))
}

@test "--progress on a terminal of 80 and of 40 columns: a bar that fits, and messages above it" {
  seq 5000000 >in.txt  # more than fits into the FIFOs: the reader has it open
  for columns in 80 40; do
    rm -f go && mkfifo go
    terminal new-session -d -x "$columns" -y 10 bash -c '
      mrf-run --progress -n 1 --order rows -i in.txt -o out.txt -- bash -c "echo a message >&2; read -r x < go; cat"
      echo status $?
      read -r x < go'
    wait_until has_bar_below_message "$columns"
    echo >go
    wait_until shows '^status 0'
    screen >seen
    run ! grep '%' seen
    echo >go
    wait_until is_closed
  done
}

@test "--progress json: a first event, one a second, and a last one with the status" {
  seq 5000000 >in # more than fits into the FIFOs
  mkfifo gate
  exec {gate}<>gate
  mrf-run --progress json:9 -n 2 --order rows -o out -i in -- bash -c 'read -r go <gate; cat' 9>events 3>&- &
  wait_until grep -q '"records":[1-9].*"busiest":"' events
  printf 'go\ngo\n' >&"$gate"
  wait $!
  jq -es '.[0] == {event: "start", workflow: "short form", jobs: 4} and
    .[-1] == {event: "end", status: 0, failed: null} and
    (.[1:-1] | all(.event == "progress" and .elapsed_s > 0)) and
    (map(select(.busiest and .records))[0] | .bytes_total == 38888896 and .share > 0 and .share < 1 and .bytes > 0 and
      .left_s > 0 and .jobs_ended == 0 and .jobs_running == 4)' events
  cmp in out
}

@test "--progress json: the last event has the status of a failure, of a signal, and of a result that cannot be" {
  ends() { jq -es '.[0].event == "start" and .[-1] == {event: "end", status: '"$1"', failed: '"$2"'}' events; }
  run_apart bash -c 'echo "a: bash -c \"exit 7\"" | mrf-run --progress json:5 - 5>events'
  assert_status 7
  ends 7 '"a"'
  mkfifo gate
  echo 'a: cat gate' >w.mrf
  run_apart bash -c 'mrf-run --progress json:5 w.mrf 5>events & run=$!
    until grep -q progress events; do :; done; kill -TERM $run; wait $run'
  assert_status 143
  ends 143 null
  run_apart bash -c 'echo "a: true > out:x
b: cat in:x
c: true save:nothing" | mrf-run --progress json - 2>&1 >/dev/null | grep ^{ >events; exit ${PIPESTATUS[1]}'
  assert_status 1
  ends 1 null
}

@test "--progress json: a reader that is gone is no failure" {
  seq 3 >in
  mkfifo events
  exec {reader}<>events
  exec 9>events
  exec {reader}<&-
  run_apart mrf-run --progress json:9 -i in -o out -- cat
  assert_status 0
  assert_stderr_is ''
  cmp in out
}

@test "--progress takes a style or none, and no word that is something else" {
  seq 3 >in
  for style in '' bar log json none json:1 =log; do
    # shellcheck disable=SC2086
    run_apart mrf-run --progress${style:+ }$style -i in -o out -- cat
    [[ $style == =log ]] || assert_status 0
  done
  run_apart mrf-run --progress=log -i in -o out -- cat
  assert_status 0
  echo 'a: true' >w.mrf
  run_apart mrf-run --progress w.mrf
  assert_status 0
  run_apart mrf-run --progress=loud w.mrf
  assert_status 2
  assert_stderr_is "mrf-run: cannot use option '--progress': it takes bar, log, json, json:FD or none, not 'loud'; try 'mrf-run --help'"
  run_apart mrf-run --progress json:77 w.mrf
  assert_status 2
  assert_stderr_has "file descriptor 77 is not open for writing"
  run_apart mrf-run --progress json:x w.mrf
  assert_status 2
}

@test "--progress of an input that is read long before the first line" {
  seq 500000 >in
  mkfifo gate
  exec {gate}<>gate
  mrf-run --progress -n 2 --order any -o out -i in -- bash -c 'cat; read -r go <gate' <&0 2>lines 3>&- &
  wait_until grep -Eqx 'mrf-run: (all is read|100% of 3.2 MiB, ([0-9.kM]+ rec/s, )?[0-9.]+ [KM]iB/s, 00:00 left(, busiest: [a-z]+)?)' lines
  printf 'go\ngo\n' >&"$gate"
  wait $!
}

jobs_are_asleep() { find_watchdog && in_state S $(pgrep -P "$watchdog"); }
# Runs a workflow that has a job which stops at the gate, until that has been so in five of six samples.
stop_at_gate() {
  local begin=${EPOCHREALTIME/./} gate before
  cat >w.mrf
  mrf-run --report report.json w.mrf >out 3>&- &
  run=$!
  exec {gate}>gate # which the job has opened then
  wait_until jobs_are_asleep
  before=$(((${EPOCHREALTIME/./} - begin) / 100000 + 1))
  wait_until has_looked "$run" "$(looks "$run")" $((5 * before))
  echo go >&"$gate"
  exec {gate}>&-
  wait "$run"
}

@test "the bottleneck is the job that has something to read and room to write, however little it is" {
  mkfifo gate
  stop_at_gate <<'E'
a: seq 100 > out:p
b: bash -c 'read -r go < gate; cat' < in:p > out:q
c: sort in:q
E
  jq -e '.bottleneck == "b"' report.json
  stop_at_gate <<'E'
a: yes > out:p
b: head -n 1000000 < in:p > out:q
c: bash -c 'read -r go < gate; sort' < in:q
E
  jq -e '.bottleneck == "c"' report.json
}

@test "on a terminal that stops what writes in the background (stty tostop): results, bar and messages come" {
  seq 3 >in.txt
  mkfifo go
  terminal new-session -d -x 80 -y 20 bash -c '
    stty tostop
    mrf-run --progress -v -n 1 --order any -i in.txt -- bash -c "echo a message >&2; cat"
    echo status $?
    read -r x < go'
  wait_until shows '^status 0'
  shows '^3$'
  shows 'a message$'
  echo >go
  wait_until is_closed
}
