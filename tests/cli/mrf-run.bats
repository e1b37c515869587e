#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-run(1) and mrf-workflow(5) with the tools of the system as jobs; the chain of the project's own
# programs is in main-job.bats.

load common

# A workflow from standard input, run under a watchdog: a hang is a failure.
workflow() {
  cat >w.mrf
  run_apart timeout -k 5 60 mrf-run "$@" w.mrf
}

# The process ids of mrf-run's two processes: the front, and the supervisor below it.
start_in_background() {
  mrf-run "$@" 2>stderr.txt 3>&- &
  front=$!
  wait_until pgrep -P "$front" >/dev/null
  supervisor=$(pgrep -P "$front")
}

@test "jobs that open their FIFOs in opposite orders do not wait for each other" {
  workflow <<'E'
a: bash -c 'exec 3>"$1"; exec 4>"$2"; echo first >&3; echo second >&4' _ out:p out:q
b: bash -c 'cat "$2" "$1"' _ in:p in:q
E
  assert_status 0
  assert_output_is $'second\nfirst'
  assert_nothing_left
}

@test "a FIFO that its writer closes early ends for its reader while the writer goes on" {
  mkfifo over
  workflow <<'E'
a: bash -c 'echo header > "$1"; cat over >&2' _ out:header
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
  for _ in 1 2 3 4 5 6 7 8 9 10; do
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
  local start=$EPOCHREALTIME
  workflow --kill-after 0.2 <<'E'
a: bash -c 'trap "" TERM; echo ready > "$1"; while :; do tail -f /dev/null; done' _ out:p
b: bash -c 'setsid bash -c "trap : TERM HUP; while :; do tail -f /dev/null; done" & read -r x < "$1"; exit 5' _ in:p
E
  assert_status 5
  assert_nothing_left
  [ $(((${EPOCHREALTIME/./} - ${start/./}) / 1000000)) -lt 10 ]
}

@test "INT, QUIT, TERM and HUP end the run, KILL of either process too: nothing is left" {
  cat >w.mrf <<'E'
a: bash -c 'echo data; setsid tail -f /dev/null & exec tail -f /dev/null' > out:p
b: cat < in:p > save:result
E
  echo old >result
  for signal in INT QUIT TERM HUP KILL; do
    for victim in front supervisor; do
      start_in_background --kill-after 0.2 w.mrf
      wait_until bash -c "[ \$(pgrep -c -P $supervisor) -ge 2 ]"
      kill "-$signal" "${!victim}"
      wait "$front" && return 1 || status=$?
      [ "$status" = $((128 + $(kill -l $signal))) ]
      wait_until assert_nothing_left
      rm -f stderr.txt
      assert_files w.mrf result
      [ "$(cat result)" = old ]
    done
  done
}

@test "results appear together, with what was written beside them, and only then" {
  workflow -D out='a result' <<'E'
a: bash -c 'echo 1 > "$1"; echo index > "$1.idx"' _ save:$out
b: bash -c 'ls >&2; echo 2' > save:second
E
  assert_status 0
  assert_stderr_is w.mrf
  assert_files w.mrf 'a result' 'a result.idx' second
  [ "$(cat 'a result.idx')" = index ]
}

@test "a failure leaves an existing result as it was, and a success keeps its mode" {
  echo old >result && chmod 640 result
  workflow <<<"a: bash -c 'echo new; exit 1' > save:result"
  assert_status 1
  [ "$(cat result)" = old ]
  workflow <<<"a: echo new > save:result"
  assert_status 0
  [ "$(cat result) $(stat -c %a result)" = "new 640" ]
}

@test "a result that no job wrote, or that cannot be written, is an error" {
  workflow <<<"a: echo save:result"
  assert_status 1
  assert_stderr "mrf-run: cannot publish 'result': its job succeeded, but did not write it"
  workflow <<<"a: echo > save:no/result"
  assert_status 1
  assert_stderr "mrf-run: cannot make a directory for 'no/result': No such file or directory"
  mkdir directory
  workflow <<<"a: echo > save:directory"
  assert_status 1
  assert_stderr "mrf-run: cannot open 'directory': Is a directory"
  workflow <<<"a: echo gone > save:/dev/null"
  assert_status 0
  assert_files w.mrf directory
}

@test "a full disk is an error without a result" {
  cat >w.mrf <<'E'
a: head -c 2000000 /dev/zero > out:p
b: dd status=none of=save:disk/result < in:p
E
  run_apart with_small_disk 1m bash -c 'mrf-run w.mrf; status=$?; ls -A disk; exit $status'
  assert_status 1
  assert_output_is ""
  assert_stderr_has "No space left on device"
}

@test "words: spaces, quotes, braces, dollars and other alphabets" {
  printf '#!/bin/sh\nprintf "[%%s]" "$@"\n' >show && chmod +x show
  workflow -D v='$x {a} "q" '\''' <<'E'
a: ./show $v "$v" 'a b' {c} $ "é ü" '' \$v a#b # comment
E
  assert_status 0
  assert_output_is '[$x {a} "q" '\''][$x {a} "q" '\''][a b][{c}][$][é ü][][$v][a#b]'
}

@test "a workflow that is wrong is refused with its line before anything starts" {
  workflow <<<$'a: touch started\nb: cat in:nothing'
  assert_status 2
  assert_stderr_is "mrf-run: w.mrf:2: FIFO 'nothing' has no writer"
  assert_files w.mrf
}

@test "an unreadable workflow, and none at all" {
  run_apart mrf-run missing.mrf
  assert_status 1
  assert_stderr_is "mrf-run: cannot open 'missing.mrf': No such file or directory"
  run_apart mrf-run .
  assert_status 1
  assert_stderr_is "mrf-run: cannot open '.': Is a directory"
  run_apart mrf-run
  assert_status 2
  run_apart mrf-run - </dev/null
  assert_status 2
  assert_stderr_is "mrf-run: standard input:1: there is no job in it"
}

@test "the short form over lines: rows, seq with a filter that drops, any" {
  seq 10000 >in.txt
  run_apart mrf-run -n 4 -c 7 --order rows -i in.txt -o rows.txt -- sed 's/^/x/'
  assert_status 0
  cmp rows.txt <(sed 's/^/x/' in.txt)
  run_apart mrf-run -n 4 -c 7 --order seq -i in.txt -o seq.txt -- grep -v 3
  assert_status 0
  cmp seq.txt <(awk '{ n = NR - 1; if ((n "\t" $0) !~ /3/) print }' in.txt)
  run_apart mrf-run -n 4 -c 7 --order any -i in.txt -o - -- grep 3
  assert_status 0
  cmp <(sort <<<"$output") <(grep 3 in.txt | sort)
  assert_files in.txt rows.txt seq.txt
  assert_nothing_left
}

@test "a filter of several lines" {
  seq 10 >in.txt
  run_apart mrf-run -n 2 --order any -c 5 -i in.txt -- awk '{
    print "x" $1  # it is
  }'
  assert_status 0
  cmp <(sort <<<"$output") <(seq 10 | sed s/^/x/ | sort)
}

@test "a dropping filter under --order rows is noticed" {
  seq 10000 >in.txt
  run_apart mrf-run -n 4 -c 7 --order rows -i in.txt -o rows.txt -- grep -v 3
  assert_status 3
  assert_files in.txt
}

@test "standard input and output, and process substitution" {
  run_apart bash -c 'seq 1000 | mrf-run -n 3 --order rows -i - -o - -- cat'
  assert_status 0
  assert_output_is "$(seq 1000)"
  run_apart bash -c 'mrf-run -n 3 --order rows -i <(seq 1000) -- cat'
  assert_status 0
  assert_output_is "$(seq 1000)"
}

@test "options that make no sense are refused" {
  seq 10 >in.txt
  for options in "-n 0" "-n -1" "-c 0" "-l 10" "--order sorted" "--record what"; do
    # shellcheck disable=SC2086
    run_apart mrf-run --order rows $options -i in.txt -o out.txt -- cat
    assert_status 2
  done
  run_apart mrf-run --order chunk --header-broadcast -i in.txt -o out.txt -- cat
  assert_status 2
  run_apart mrf-run --order rows -i in.txt -o in.txt -- cat
  assert_status 2
  assert_stderr_has "cannot write 'in.txt': it is the input"
  assert_files in.txt
}

@test "an unwritable TMPDIR" {
  echo "a: true" >w.mrf
  TMPDIR=/nonexistent run_apart mrf-run w.mrf
  assert_status 1
  assert_stderr_is "mrf-run: cannot make a directory for 'FIFOs': No such file or directory"
}

@test "as a user without privileges, with many FIFOs" {
  seq 20000 >in.txt
  run_apart as_user mrf-run -n 64 -c 10 --order rows -i in.txt -o out.txt -- cat
  assert_status 0
  cmp in.txt out.txt
}

@test "the report tells who failed, what every job did and what went through the FIFOs" {
  seq 10000 >in.txt
  run_apart mrf-run --report report.json -n 2 --order rows -i in.txt -o out.txt -- cat
  assert_status 0
  jq -e '.status == 0 and .failed == null and .results == ["out.txt"]' report.json
  jq -e '[.jobs[] | select(.name == "work") | .records_in] == [5000, 5000]' report.json
  jq -e '[.fifos[] | select(.name == "done[1]") | .records] == [5000]' report.json
  jq -e '.jobs | all(has("command") and has("wall_s") and has("user_s") and has("max_rss_bytes") and .status == 0)' report.json
  workflow --report report.json <<<"a: bash -c 'echo one >&2; echo two >&2; exit 4'"
  assert_status 4
  jq -e '.status == 4 and .failed == "a" and .results == [] and .jobs[0].stderr == ["one", "two"]' report.json
}

@test "-v shows the table, and the job's name before its messages" {
  workflow -v <<<"a: bash -c 'echo message >&2'"
  assert_status 0
  assert_stderr "a: message"
  assert_stderr_has "RECORDS OUT"
}

@test "--print shows a workflow that does the same, --dry-run starts nothing, --keep-dir keeps the FIFOs" {
  seq 100 >in.txt
  run_apart mrf-run -n 2 --order rows -i in.txt -o out.txt --print -- sed "s/\$/ 'x'/"
  assert_status 0
  printf '%s\n' "$output" >short.mrf
  run_apart mrf-run --dry-run short.mrf
  assert_status 0
  assert_files in.txt short.mrf
  run_apart mrf-run --keep-dir short.mrf
  assert_status 0
  cmp out.txt <(sed "s/\$/ 'x'/" in.txt)
  [ "$(find "$TMPDIR" -type p -path '*/in/*' | wc -l)" = 4 ]
}

@test "300 jobs in a chain" {
  {
    echo "j0: seq 1000 > out:f0"
    for i in $(seq 299); do echo "j$i: cat < in:f$((i - 1)) > out:f$i"; done
    echo "end: cat < in:f299"
  } >w.mrf
  run_apart timeout -k 5 60 mrf-run w.mrf
  assert_status 0
  assert_output_is "$(seq 1000)"
  assert_nothing_left
}
