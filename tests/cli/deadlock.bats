#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Whatever the workers between mrf-distribute and mrf-collect do, nothing waits for ever. A sample of
# tests/grid/deadlock; with MRF_TEST_FULL=1 the whole of it.

load common

setup() {
  common_setup
  cp -r "$ROOT/tests/grid" .
  sample=50
  if [[ -n ${MRF_SANITIZED-} ]]; then sample=10; fi
  if [[ -n ${MRF_TEST_FULL:-} ]]; then sample=0; fi
}

assert_good_grid() {
  assert_status 0
  [[ $output =~ ([0-9]+)' cells tried, 0 hangs, 0 wrong' && ${BASH_REMATCH[1]} -ge $sample ]] ||
    show_result "expected no hang and nothing wrong"
}

@test "no deadlock, as the user who runs the tests" {
  run_apart grid/deadlock --bin "$BIN" --sample "$sample"
  assert_good_grid
}

@test "no deadlock without a pipe quota" {
  # shellcheck disable=SC2016
  run_apart as_user bash -c 'grid/deadlock --no-quota --sample "$1" --bin "$(dirname "$(type -P mrf-collect)")"' \
    bash "$sample"
  assert_good_grid
}
