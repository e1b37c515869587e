# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
# For the tests of mrf-run: `load run`, behind `load common`.
#
#   workflow OPTION...            runs standard input as w.mrf, as run_apart does, under a watchdog
#   start_in_background WORD...   starts mrf-run, which ignores no signal; $run and $watchdog are its two processes
#   find_watchdog                 sets $watchdog to that of $run, if it is there
#   has_children PID N [NAME]     whether it has at least so many, or so many that have executed NAME

workflow() {
  cat >w.mrf
  run_apart timeout -k 5 300 mrf-run "$@" w.mrf
}

start_in_background() {
  env --default-signal mrf-run "$@" 2>stderr.txt 3>&- &
  run=$!
  wait_until find_watchdog
}

find_watchdog() { watchdog=$(pgrep -P "$run"); }

has_children() { (($(pgrep -c -P "$1" ${3:+-x "$3"}) >= $2)); }
