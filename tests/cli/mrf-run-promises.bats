#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What mrf-run(1) promises, provoked: every exit status and signal, many jobs, places that fail.

load common
load run

# All 256 with MRF_TEST_FULL=1.
@test "every exit status from 0 to 255, and every signal that ends a process, comes through the supervisor" {
  local number wrong=() numbers=(0 1 2 3 5 77 125 {126..130} 137 141 143 {160..255..19} 254 255)
  [[ -z ${MRF_TEST_FULL:-} ]] || numbers=({0..255})
  for number in $(some "${numbers[@]}"); do
    echo "a: sh -c 'exit $number' > save:result" >w.mrf
    status=0
    mrf-run w.mrf 2>stderr || status=$?
    [[ $status == "$number" && ($number == 0 || ! -e result) ]] ||
      wrong+=("$number:$status")
    rm -f result
  done
  for number in $(some 1 2 4 5 6 7 8 9 10 11 12 13 14 15 24 25 26 27 29 30 31); do
    echo "a: sh -c 'ulimit -c 0; kill -$number \$\$' > save:result" >w.mrf
    status=0
    mrf-run w.mrf 2>stderr || status=$?
    [[ $status == $((128 + number)) && ! -e result ]] || wrong+=("signal $number:$status")
  done
  [[ ${#wrong[@]} == 0 ]] || { echo "${wrong[@]}" >&2 && false; }
  assert_nothing_left
}

@test "mrf-run itself takes under a hundredth of the run's processor time, and under 16 MiB" {
  [[ -z ${MRF_SANITIZED-} ]] || skip "not under the sanitizers"
  printf 'a: head -c 4G /dev/zero > out:p\nb: cat in:p > out:q\nc: wc -c in:q\n' >w.mrf
  run_apart timeout -k 5 300 mrf-run --progress --stall-timeout 5 --report report.json w.mrf
  assert_status 0
  jq '[.wall_s, .supervisor, (.jobs[] | .user_s + .sys_s)]' report.json
  # It looks ten times a second, and a run that waits for the processors takes longer.
  jq -e '([.wall_s, (.jobs[] | .user_s + .sys_s)] | add) > 100 * (.supervisor | .user_s + .sys_s)' report.json
  jq -e '.supervisor.max_rss_bytes | . > 0 and . < 16 * 1048576' report.json
}

@test "1,000 jobs side by side" {
  printf 'n = 500\nfirst[n]: echo [i] > out:p[i]\nsecond[n]: cat < in:p[i] > out:q[i]\nall: cat in:q[n]\n' >w.mrf
  run_apart timeout -k 5 300 mrf-run w.mrf
  assert_status 0
  assert_output_is "$(seq 0 499)"
  assert_nothing_left
}

@test "a FIFO directory that disappears ends the run without a result, or does not matter" {
  cat >w.mrf <<'E'
a: bash -c 'rm -rf "$TMPDIR"/mrf-run.*; echo > removed; echo data > "$1"' _ out:p
b: bash -c 'read -r go < gate; cat "$1"' _ in:p > save:result
E
  mkfifo gate
  mrf-run --kill-after 0.2 w.mrf 2>stderr 3>&- &
  wait_until test -e removed
  exec {gate}<>gate
  echo go >&"$gate"
  wait $! && return 1
  exec {gate}>&-
  assert_files w.mrf gate stderr removed
  assert_nothing_left
}

@test "a job dies before it opens its FIFO, while it writes and after it: its own status each time" {
  for how in 'exit 9' 'yes | head -c 3000000 > "$1"; exit 9' 'exec 3> "$1"; echo x >&3; kill -9 $$' \
    'echo x > "$1"; exit 9'; do
    cat >w.mrf <<E
a: bash -c '$how' _ out:p
b: cat < in:p > out:q
c: cat < in:q > save:result
E
    run_apart timeout -k 5 300 mrf-run w.mrf
    [[ $status == 9 || ($how == *kill* && $status == 137) ]] || show_result "$how"
    assert_stderr_has "mrf-run: cannot finish 'a': "
    assert_files w.mrf
  done
  assert_nothing_left
}

@test "a job that leaves a child in a session of its own behind: it is gone with the run" {
  echo "a: bash -c 'setsid tail -f /dev/null >/dev/null & echo done' > save:result" >w.mrf
  run_apart timeout -k 5 300 mrf-run w.mrf
  assert_status 0
  [ "$(cat result)" = "done" ]
  assert_nothing_left
  echo "a: bash -c 'setsid tail -f /dev/null >log & until grep -q ^tail /proc/\$!/comm; do sleep 0.01; done; echo done' > save:result" >w.mrf
  run_apart timeout -k 5 300 mrf-run w.mrf
  assert_status 0
  [[ $stderr =~ ^"mrf-run: '$PWD/log' may not be complete: process "[0-9]+" (tail), which a job has left behind, has it open for writing, and is ended with the run: the job has to wait for it"$ ]]
  assert_nothing_left
}

@test "--stall-timeout takes nothing that still writes a result for a run that stands still" {
  echo "a: bash -c '{ sleep 1; echo done; } &' > save:result" >w.mrf
  run_apart timeout -k 5 300 mrf-run --stall-timeout 0.2 w.mrf
  assert_status 0
  assert_stderr_is ""
  [ "$(cat result)" = "done" ]
}

@test "what a job leaves behind writes results, return values and standard output to their ends" {
  # The process that is left behind writes when its parent has ended and was waited for.
  # shellcheck disable=SC2016 # $$ is the job
  late='while [ -e /proc/$$ ]; do sleep 0.01; done; echo late'
  workflow <<E
a: bash -c '{ $late; } & echo early' > save:stdout
b: bash -c '{ $late; } >"\$1" & { $late; } >"\$1.beside" & echo early >"\$2"' _ save:own save:other
c: bash -c '{ $late; } >"\$MRF_RESULT" &'
d: bash -c '{ $late; } &'
E
  assert_status 0
  assert_output_is late
  [ "$(cat stdout)" = $'early\nlate' ]
  [ "$(cat own own.beside other)" = $'late\nlate\nearly' ]
  mrf-run --report report.json w.mrf >/dev/null
  [ "$(jq -c '[.jobs[] | .result // empty]' report.json)" = '["late"]' ]
  script -qec 'mrf-run w.mrf' typescript >/dev/null
  grep -q late typescript
  assert_nothing_left
}

@test "what a job leaves behind may fork on, and end its first thread" {
  cat >job.py <<'E'
import ctypes, os, sys, threading, time
parent = os.getpid()
if os.fork(): os._exit(0)
for _ in range(50):
    if os.fork(): os._exit(0)
while os.path.exists(f"/proc/{parent}"): time.sleep(0.01)
def late():
    while "Z" not in open(f"/proc/self/task/{os.getpid()}/stat").read(): time.sleep(0.01)
    time.sleep(0.1)
    os.write(1, b"late\n")
    os._exit(0)
threading.Thread(target=late).start()
ctypes.CDLL(None).pthread_exit(None)
E
  workflow <<<'a: /usr/bin/python3 job.py > save:result'
  assert_status 0
  [ "$(cat result)" = late ]
  assert_nothing_left
}

@test "a job that closes its FIFOs and then fails: no reader sees an end, no writer loses its reader" {
  workflow <<'E'
a: bash -c 'echo 1 > "$1"; echo 2 > "$2"; sleep 1; exit 3' _ out:p out:q
b: bash -c 'cat "$1"; exit 9' _ in:p
c: bash -c 'cat "$1"; exit 9' _ in:q
E
  assert_status 3
  assert_stderr_is "mrf-run: cannot finish 'a': exit status 3"
  workflow <<'E'
a: bash -c 'yes > "$1"; exit 1' _ out:p
b: bash -c 'head -n 1 < "$1"; sleep 1; exit 7' _ in:p
E
  assert_status 7
  assert_stderr_is "mrf-run: cannot finish 'b': exit status 7"
  assert_nothing_left
}

@test "mrf-distribute or mrf-collect finds bad data: 3, whatever the filters make of their ends" {
  seq 100000 >lines
  gzip <lines | head -c 100000 >cut.gz
  for _ in 1 2 3 4 5; do
    run_apart mrf-run -n 2 --order any -i cut.gz -o result -- grep -c none
    assert_status 3
    assert_stderr_has "mrf-run: cannot finish 'split': exit status 3"
    run_apart mrf-run -n 2 --order any --key column:2 -i lines -o result -- grep -v '[05]'
    assert_status 3
    assert_stderr_has "mrf-run: cannot finish 'split': exit status 3"
    run_apart mrf-run -n 4 --order seq -i lines -o result -- cut -f2
    assert_status 3
    assert_stderr_has "mrf-run: cannot finish 'join': exit status 3"
    [[ $stderr != *"Broken pipe"* ]] || show_result "no broken pipe"
  done
  assert_files lines cut.gz
  assert_nothing_left
}

@test "standard output, a FIFO or a pipe that closes early ends the run with 141 and no message" {
  seq 300000 >in
  mkfifo fifo
  for order in chunk any rows seq; do
    run_apart bash -c 'mrf-run -n 2 --order "$1" -i in -- cat | head -n 1; exit "${PIPESTATUS[0]}"' _ "$order"
    assert_status 141
    assert_stderr_is ''
    [[ ${#lines[@]} == 1 ]]
    head -n 1 fifo >line &
    run_apart mrf-run -n 2 --order "$order" -i in -o fifo -- cat
    assert_status 141
    assert_stderr_is ''
    wait $!
    [ -s line ]
  done
  run_apart bash -c 'mrf-run -n 2 -i in -o >(head -n 1 >/dev/null) -- cat'
  assert_status 141
  assert_stderr_is ''
  assert_nothing_left
}
