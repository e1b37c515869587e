#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The kill soak (tests/soak/kill-soak): 100 runs, and with MRF_TEST_FULL=1 all 2,000.

load common

@test "random signals to random processes at random moments leave nothing and no wrong status" {
  local runs=100
  [[ -z ${MRF_TEST_FULL:-} ]] || runs=2000
  run_apart timeout -k 5 3600 "$ROOT/tests/soak/kill-soak" --runs "$runs" --seed 1
  assert_status 0
  [[ ${lines[1]} == "survivors 0, FIFOs 0, temporaries 0, results left 0, wrong statuses 0, hung 0" ]]
}
