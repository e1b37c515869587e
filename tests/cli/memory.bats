#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A program that gets no memory says so and ends with status 1, from the first allocation of main() on.
# shellcheck disable=SC2154

load common

# --version with the Nth allocation failing, N = 1, 1 + STEP, ... until a run is untouched.
fail_each() {
  local program=$1 step=$2 number=1
  while :; do
    rm -f failed
    run_apart env LD_PRELOAD="$PWD/failing.so" FAIL_AT="$number" FAIL_LOG=failed "$program" --version
    [[ $status == 0 || $status == 1 ]] || show_result "$program, allocation $number"
    if ((status == 1)); then
      assert_stderr_is "$program: cannot allocate 'memory': Cannot allocate memory"
      refused=$((refused + 1))
    fi
    [[ -e failed ]] || break
    number=$((number + step))
  done
}

@test "an allocation that fails while a program starts is status 1 with a message" {
  [[ -z ${MRF_SANITIZED-} ]] || skip 'the sanitizers have memory of their own'
  cc -shared -fPIC -O1 -o failing.so "$ROOT/tests/faults/failing_allocations.c"
  local program
  for program in mrf-run mrf-chunks mrf-distribute mrf-collect mrf-bamread mrf-bamwrite getm-fetch; do
    refused=0
    fail_each "$program" 97
    ((refused > 0)) || show_result "$program was never refused memory"
  done
}

# Whether an allocation fails in a run of mrf-distribute over two old results, the NUMBERth.
distribute_fails_at() {
  echo old | tee a >b
  rm -f failed
  run_apart env LD_PRELOAD="$PWD/failing.so" FAIL_AT="$1" FAIL_LOG=failed mrf-distribute -c 5 -i in.txt a b
  [[ -e failed ]]
}

@test "an allocation that fails while results get their names leaves all of the old ones or none" {
  [[ -z ${MRF_SANITIZED-} ]] || skip 'the sanitizers have memory of their own'
  cc -shared -fPIC -O1 -o failing.so "$ROOT/tests/faults/failing_allocations.c"
  seq 10 >in.txt
  local low=1 high=20000 middle number
  while ((low < high)); do
    middle=$(((low + high) / 2))
    if distribute_fails_at $middle; then low=$((middle + 1)); else high=$middle; fi
  done
  for ((number = low - 1; number > low - 30; --number)); do
    distribute_fails_at $number
    if ((status == 0)); then
      [[ $(cat a b) == "$(seq 10)" ]] || show_result "new results after allocation $number"
    else
      [[ $(cat a) == old && $(cat b) == old ]] || show_result "old results after allocation $number"
    fi
  done
}
