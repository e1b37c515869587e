#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A few runs of tests/soak/verdicts, which is run with 200 of each rule by hand.

# bats file_tags=unsanitized

load common

@test "each rule of the end of data gives one verdict, however busy the processors are" {
  run_apart "$ROOT/tests/soak/verdicts" --runs 3 --program "$BIN/mrf-run"
  assert_status 0
  [ "$(grep -c '^3 of 3: ' <<<"$output")" = 11 ]
}
