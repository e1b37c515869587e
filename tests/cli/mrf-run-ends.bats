#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What ends a run of mrf-run(1): jobs that wait for each other, that leave records unread, that want a terminal or
# cannot be killed.

load common
load run

@test "a wait that only an undeclared end would resolve ends the run and says what to declare" {
  cat >in.mrf <<'E'
a: bash -c 'echo header > "$1"; yes | head -c 9000000 > "$2"' _ out:header out:rest
b: bash -c 'cat "$1"; cat "$2" | wc -c' _ in:header in:rest
E
  workflow <in.mrf
  assert_status 1
  assert_stderr_is "mrf-run: cannot continue 'w.mrf': no job can go on: 'b' waits for the end of 'header', which 'a' \
has closed but might open again; where that is the end of its data, write out:header!"
  assert_nothing_left
  sed 's/out:header/out:header!/' in.mrf >declared.mrf
  workflow <declared.mrf
  assert_status 0
  assert_output_is $'header\n9000000'
}

@test "jobs that wait for each other for ever end the run, which says who waits where" {
  workflow <<'E'
a: bash -c 'yes | head -c 9000000 > "$1"; echo x > "$2"' _ out:p out:q
b: cat in:q in:p
E
  assert_status 1
  assert_stderr_is "mrf-run: cannot continue 'w.mrf': no job can go on, since they wait for each other: p: 'a' waits \
to write, 'b' has not opened it; q: 'b' waits to read, 'a' has not opened it"
  assert_nothing_left
}

@test "who sleeps, computes or waits for something outside the run is never taken for one that waits in a circle" {
  mkfifo gate
  (sleep 4 && echo go >gate) 3>&- &
  workflow <<'E'
a: bash -c 'echo 1 > "$1"; sleep 4; echo 2 >> "$1"' _ out:p
b: cat in:p
c: bash -c 'echo 3 > "$1"; end=$((SECONDS + 4)); while ((SECONDS < end)); do :; done; echo 4 >> "$1"' _ out:q
d: cat in:q
e: bash -c 'echo 5 > "$1"; cat gate >> "$1"' _ out:r
f: cat in:r
E
  assert_status 0
  [ "$(sort <<<"$output")" = $'1\n2\n3\n4\n5\ngo' ]
}

@test "a live worker that ends before it has read its records has failed, each time" {
  seq 1000 >in
  for _ in $(some {1..20}); do
    run_apart timeout -k 5 300 mrf-run -n 2 --order any -i in -o result -- true
    assert_status 1
    [[ $stderr =~ ^"mrf-run: cannot finish 'work["[01]"]': it ended with status 0 before it had read everything"$ ]]
  done
  seq 300000 >in
  for order in any rows seq; do
    run_apart timeout -k 5 300 mrf-run -n 2 --order "$order" -i in -o result -- head -n 5
    assert_status 1
    assert_stderr_has "it ended with status 0 before it had read everything"
    [[ $stderr != *"Broken pipe"* ]]
  done
  : >in
  run_apart timeout -k 5 300 mrf-run -n 2 --order any -i in -o result -- true
  assert_status 0
  rm result
  # One worker has records and does not want them, the other has none.
  echo 1 >in
  run_apart timeout -k 5 300 mrf-run -n 2 --order any -i in -o result -- true
  assert_status 1
  assert_stderr_is "mrf-run: cannot finish 'work[0]': it ended with status 0 before it had read everything"
  assert_files in
  assert_nothing_left
}

@test "what a job leaves behind keeps its standard error" {
  workflow <<'E'
a: bash -c 'exec 3>&1; (sleep 0.5; echo late >&2; echo data >&3) & exit 0' > out:p
b: cat in:p
E
  assert_status 0
  assert_output_is data
  assert_stderr late
}

@test "a job that floods its standard error delays neither a signal nor the end of another" {
  cat >w.mrf <<'E'
a: bash -c 'echo ready > started; exec yes >&2' > out:p
b: cat in:p
c: bash -c 'until [[ -e go ]]; do sleep 0.05; done; exit 5'
E
  for signal in INT ""; do
    rm -f started go
    env --default-signal=INT mrf-run w.mrf 2>/dev/null 3>&- &
    run=$!
    wait_until test -e started
    if [[ $signal ]]; then kill -INT "$run"; else : >go; fi
    status=0
    wait "$run" || status=$?
    [ "$status" = "$([[ $signal ]] && echo 130 || echo 5)" ]
    assert_nothing_left
  done
}

@test "a job that reads from the terminal ends the run, which says so" {
  seq 100 >in.txt
  for options in '-c 10' '--order any' --try; do
    run_apart timeout -k 5 60 script -qec "mrf-run -n 2 $options -i in.txt -o out.txt -- bash -c 'read -r line </dev/tty; cat'" \
      typescript
    assert_status 1
    tr -d '\r' <typescript | grep -E "^mrf-run: cannot finish 'work(\[[01]\])?': it wants to use the terminal, which a job does not \
have; let it take its input from a file$"
    rm typescript
    assert_files in.txt
  done
  assert_nothing_left
}

@test "a job that cannot be killed is named, and the run ends without it" {
  ((EUID == 0)) || skip "it takes root to start it"
  local python=$BATS_TEST_TMPDIR/root-python
  cp "$(readlink -f /usr/bin/python3)" "$python" && chmod 4755 "$python"
  cat >job.py <<'E'
import os, time
os.setresuid(0, 0, 0)
open("pid", "w").write(str(os.getpid()))
while True: time.sleep(3600)
E
  echo "a: $python -E job.py > out:p" >w.mrf
  echo 'b: bash -c "until [[ -s pid ]]; do sleep 0.05; done; exit 7" < in:p' >>w.mrf
  run_apart as_user timeout -k 5 300 mrf-run --kill-after 0.1 w.mrf
  pid=$(cat pid)
  kill "$pid"
  assert_status 7
  assert_stderr "mrf-run: cannot end 'a': Operation not permitted; it goes on as process $pid"
  wait_until assert_nothing_left
}

@test "jobs get the limit of open files that mrf-run was given" {
  echo "a: bash -c 'ulimit -Sn'" >w.mrf
  run_apart bash -c 'ulimit -Sn 123; mrf-run w.mrf'
  assert_status 0
  assert_output_is 123
}

@test "of two jobs that have failed, the first in the flow of data is named" {
  cat >w.mrf <<'E'
late:  bash -c 'cat > /dev/null' < in:q
b: bash -c 'read -r go < gate.b; exit 5' > out:q < in:p
a: bash -c 'read -r go < gate.a; exit 3' > out:p
E
  mkfifo gate.a gate.b
  for _ in $(some {1..20}); do
    mrf-run w.mrf 2>said 3>&- &
    run=$!
    exec {a}>gate.a {b}>gate.b
    # The jobs are there now, since they have opened the gates. Both end while mrf-run and its watchdog are stopped.
    find_watchdog
    mapfile -t jobs < <(pgrep -P "$watchdog" -f gate)
    ((${#jobs[@]} == 2))
    kill -STOP "$run" "$watchdog"
    wait_until in_state T "$run" "$watchdog"
    echo go >&"$b"
    echo go >&"$a"
    wait_until in_state Z "${jobs[@]}"
    kill -CONT "$watchdog" "$run"
    status=0
    wait "$run" || status=$?
    exec {a}>&- {b}>&-
    [ "$status" = 3 ]
    grep -qx "mrf-run: cannot finish 'a': exit status 3" said
  done
}

@test "a reader that has read enough ends its writer, whatever the way in which that writes to the FIFO" {
  seq 300000 >in
  for join in 'mrf-collect in > out:p' 'mrf-collect -o out:p in' 'mrf-chunks -i in -- cat > out:p'; do
    workflow <<E
join: $join
end: head -n 3 in:p > save:result
E
    assert_status 0
    [ "$(cat result)" = "$(seq 3)" ]
    rm result
  done
}

# Both in mrf-run and in the script that it prints: status 141, and no result.
assert_cut_off() {
  cat >w.mrf
  run_apart timeout -k 5 300 mrf-run w.mrf
  assert_status 141
  assert_stderr_has "cannot finish 'both': signal 13 (Broken pipe); a job that reads from it has ended"
  assert_files w.mrf in.txt
  run_apart mrf-run --print-sh w.mrf
  assert_status 0
  run_apart timeout -k 5 300 bash <<<"$output"
  assert_status 141
  assert_files w.mrf in.txt
}

@test "a job that SIGPIPE ends has failed when something else that it writes is cut off" {
  seq 1000000 >in.txt
  assert_cut_off <<'E'
both: tee out:a < in.txt > out:b
first: head -n 1 < in:a > save:first
all: cat < in:b > save:all
E
  assert_cut_off <<'E'
both: tee save:copy < in.txt > out:a
first: head -n 1 < in:a > save:first
E
  assert_cut_off <<'E'
both: tee out:a < in.txt > save:copy
first: head -n 1 < in:a > save:first
E
  assert_cut_off <<'E'
both: COPY=save:copy bash -c 'exec tee "$COPY"' < in.txt > out:a
first: head -n 1 < in:a > save:first
E
  assert_cut_off <<'E'
both: tee out:a! < in.txt > out:b
first: head -n 1 < in:a > save:first
all: cat < in:b > save:all
E
}

@test "a job that SIGPIPE ends has not failed when nothing else is cut off, or it writes on" {
  seq 1000000 >in.txt
  workflow <<'E'
both: tee -p out:a < in.txt > out:b
first: head -n 1 < in:a > save:first
all: cat < in:b > save:all
E
  assert_status 0
  cmp all in.txt
  workflow <<'E'
log: bash -c 'echo said >&2; exec cat in.txt' > out:a 2> save:said
first: head -n 1 < in:a > save:first
E
  assert_status 0
  [ "$(cat said)" = said ]
  workflow <<'E'
head: bash -c 'echo header > "$1"; exec cat in.txt' _ out:header! > out:a
first: head -n 1 < in:a > save:first
header: cat < in:header > save:header
E
  assert_status 0
  [ "$(cat header)" = header ]
}

@test "head behind the workers of mrf-distribute: the message names the job that ended early" {
  seq 200000 >in.txt
  cat >w.mrf <<'E'
n = 2
d:    mrf-distribute --seq -c 639 -i in.txt out:p[n]
m[n]: cat < in:p[i] > out:q[i]
j:    mrf-collect --order seq in:q[n] > out:s
h:    head -n 26 < in:s > save:res
E
  run_apart mrf-run --pipe-size 4096 w.mrf
  assert_status 1
  assert_stderr "mrf-run: cannot finish 'd': exit status 1; 'h' ended before it had read everything: let it read on, as \
sed -n 1,10p does and head does not"
  assert_files in.txt w.mrf
  sed -i 's/head -n 26/sed -n 1,26p/' w.mrf
  mrf-run --pipe-size 4096 w.mrf
  cmp res <(seq 26)
}
