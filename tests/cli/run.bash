# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# For the tests of mrf-run: `load run`, behind `load common`.
#
#   workflow OPTION...            runs standard input as w.mrf, as run_apart does, under a watchdog
#   start_in_background WORD...   starts mrf-run; $run and $watchdog are its two processes

workflow() {
  cat >w.mrf
  run_apart timeout -k 5 60 mrf-run "$@" w.mrf
}

start_in_background() {
  mrf-run "$@" 2>stderr.txt 3>&- &
  run=$!
  wait_until pgrep -P "$run" >/dev/null
  watchdog=$(pgrep -P "$run")
}
