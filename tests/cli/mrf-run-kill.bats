#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-run is killed and stopped: its process group, and the kill soak (tests/soak/kill-soak): 100 runs, 20 under
# the sanitizers, with MRF_TEST_FULL=1 2,000.

load common
load run

@test "random signals to random processes at random moments leave nothing and no wrong status" {
  local runs
  runs=$(sanitized 20 100)
  [[ -z ${MRF_TEST_FULL:-} ]] || runs=2000
  run_apart timeout -k 5 3600 "$ROOT/tests/soak/kill-soak" --runs "$runs" --seed 1
  assert_status 0
  [[ ${lines[1]} == "survivors 0, FIFOs 0, temporaries 0, results left 0, wrong statuses 0, hung 0" ]]
}

has_jobs() { find_watchdog && has_children "$watchdog" 1; }

@test "KILL to the whole process group of mrf-run leaves nothing" {
  seq 3 >in
  for form in any chunk; do
    setsid mrf-run -n 1 --order "$form" -i in -o result -- bash -c 'tail -f /dev/null; cat' 3>&- &
    run=$!
    wait_until has_jobs
    kill -KILL -- "-$run"
    wait "$run" && return 1 || status=$?
    [ "$status" = 137 ]
    wait_until assert_nothing_left
    assert_files in
  done
}

both_have_results() { (($(find . -name '.mrf-run.*' | wc -l) == 2)); }

@test "a run that is a job of another one leaves nothing when it is killed with it" {
  seq 3 >in
  inner=(mrf-run -n 1 --order any -i in -o inner -- tail -f /dev/null)
  setsid mrf-run -n 1 --order any -i in -o result -- "${inner[@]}" 3>&- &
  run=$!
  wait_until both_have_results
  # Its two processes cannot clean up.
  inside=$(pgrep -x mrf-run -P "$(pgrep -P "$run")")
  kill -STOP "$inside" "$(pgrep -P "$inside")"
  kill -KILL "$run"
  wait "$run" && return 1
  wait_until assert_nothing_left
  assert_files in
  # Beside a job that fails.
  cat >stop <<'END'
#!/bin/bash
until find . -name ".mrf-run.*" | grep -q . && inside=$(pgrep -x mrf-run -P "$PPID"); do sleep 0.01; done
kill -STOP "$inside" "$(pgrep -P "$inside")"
exit 7
END
  chmod +x stop
  printf '%s\n' "a: ${inner[*]} < /dev/null" 'b: ./stop' >w.mrf
  run_apart timeout -k 5 300 mrf-run --kill-after 0.2 w.mrf
  assert_status 7
  assert_nothing_left
  assert_files in stop w.mrf
}

# The directories of runs: of FIFOs, and beside results.
directories_of_runs() { find "$TMPDIR" "$1" -maxdepth 1 -name '*mrf-run.*' | sort; }

are_directories() { [[ $(directories_of_runs results) == "$(sort <<<"$1")" ]]; }
run_leaves() {
  mrf-run -n 1 -i in -o out -- cat
  are_directories "$1"
}

@test "KILL of all processes of mrf-run: the next run removes what they have left, and nothing of others" {
  seq 3 >in
  mkdir results
  mkfifo gate
  exec {gate}<>gate
  mrf-run --keep-dir -n 1 -i in -o kept -- cat 2>/dev/null
  kept=$(directories_of_runs results)
  start_in_background -n 1 --order any -i in -o results/live -- bash -c 'read -r go <gate && cat'
  wait_until has_jobs
  live=$run
  lives=$(directories_of_runs results)
  start_in_background -n 1 --order any -i in -o results/killed -- sleep 1000
  wait_until has_jobs
  for process in "$run" "$watchdog"; do # others see by this lock that one of the two lives
    [[ -n $(find "/proc/$process/fd" -lname "$TMPDIR/mrf-run.*/run.lock") ]]
  done
  mapfile -t all < <(pgrep -P "$watchdog")
  kill -STOP "$run"
  wait_until in_state T "$run"
  kill -KILL "$watchdog" "$run" "${all[@]}"
  wait "$run" || true
  (($(directories_of_runs results | wc -l) == $(wc -l <<<"$lives") + 2))
  mkdir "$TMPDIR/mrf-run.0123456789abcdef" # without a mark
  others=$TMPDIR/mrf-run.0123456789abcdef
  wait_until run_leaves "$lives"$'\n'"$others"
  kill "$live"
  wait "$live" || true
  are_directories "$kept"$'\n'"$others"
  rm -r "${TMPDIR:?}"/mrf-run.*
}

@test "--keep-dir: the mark of a run is there as long as the directory beside its result" {
  echo "a: bash -c 'echo new >\"\$1\"; exit 3' _ save:result" >w.mrf
  run_apart strace -f -qq -o trace -e trace=unlink,unlinkat,rmdir mrf-run --keep-dir w.mrf
  assert_status 3
  [[ $(grep -o -e 'rmdir("[^"]*/\.mrf-run\.' -e '/run\.lock"' trace) == rmdir*$'\n/run.lock"' ]]
  rm -r "${TMPDIR:?}"/mrf-run.*
}

# The jobs, each of which has executed its command.
both_there() { has_children "$watchdog" 1 bash && has_children "$watchdog" 1 cat; }

@test "TSTP stops the run with all of its jobs, and CONT lets it go on" {
  mkfifo gate
  exec {gate}<>gate
  cat >w.mrf <<'E'
a: bash -c 'echo 1; read -r go < gate; echo "$go"' > out:p
b: cat < in:p > save:result
E
  start_in_background w.mrf
  wait_until both_there
  mapfile -t jobs < <(pgrep -P "$watchdog")
  kill -TSTP "$run"
  wait_until in_state T "$run" "${jobs[@]}"
  kill -CONT "$run"
  echo go >&"$gate"
  wait "$run"
  [ "$(cat result)" = $'1\ngo' ]
}

@test "a HUP that nohup(1) has made ignored does not end the run" {
  mkfifo gate
  exec {gate}<>gate
  cat >w.mrf <<'E'
a: bash -c 'read -r go < gate; echo "$go"' > out:p
b: cat < in:p > save:result
E
  (
    trap '' HUP
    exec mrf-run w.mrf
  ) 3>&- 2>stderr.txt &
  run=$!
  wait_until has_jobs
  kill -HUP "$run"
  echo go >&"$gate"
  wait "$run"
  [ "$(cat result)" = go ]
}
