# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# For the tests of mrf-run: `load run`, behind `load common`.
#
#   workflow OPTION...            runs standard input as w.mrf, as run_apart does, under a watchdog
#   start_in_background WORD...   starts mrf-run; $front and $supervisor are its two processes

workflow() {
  cat >w.mrf
  run_apart timeout -k 5 60 mrf-run "$@" w.mrf
}

start_in_background() {
  mrf-run "$@" 2>stderr.txt 3>&- &
  front=$!
  wait_until pgrep -P "$front" >/dev/null
  supervisor=$(pgrep -P "$front")
}
