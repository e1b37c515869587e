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
  cc -shared -fPIC -O1 -o failing.so "$ROOT/tests/faults/failing_allocations.c"
  local program
  for program in mrf-run mrf-chunks mrf-distribute mrf-collect mrf-bamread mrf-bamwrite getm-fetch; do
    refused=0
    fail_each "$program" 97
    ((refused > 0)) || show_result "$program was never refused memory"
  done
}
