#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The bar, on the screen of a real terminal. The server holds its answers after 64 KiB until open_gates.
load common
load getm-fetch

setup_file() { serve_samples; }
teardown_file() { stop_servers; }
setup() {
  common_setup
  export TMUX_TMPDIR=$TMPDIR TURN=$BATS_TEST_NUMBER
}
teardown() {
  tmux kill-server 2>/dev/null || true
  common_teardown
}

# in_terminal COLUMNS COMMAND: the screen stays when the command has ended.
in_terminal() {
  tmux -f /dev/null new-session -d -x "$1" -y 24 "$2; echo status \$?; exec cat"
}
screen() { tmux capture-pane -p "$@" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'; }
screen_has() { screen | grep -q -- "$1"; }
# PATTERN...: at one moment there is a line of each on the screen, and no other. The screen is in `shot`, as coloured.
screen_is() {
  local pattern
  screen -e >coloured
  sed 's/\x1b\[[0-9;]*m//g' coloured >shot
  (($(wc -l <shot) == $#)) || return 1
  for pattern; do grep -qE "$pattern" shot || return 1; done
}

open_gates() {
  local name _
  for name in "$@"; do
    for _ in 1 2 3; do curl -fsr 0-0 -o /dev/null "$HTTP/fault/held/$name?t=$name$TURN"; done
  done
}

@test "one line for each running file at 80 columns: name, percent, rate, time left; one for the list; none at the end" {
  local name entries=()
  for name in one.bam two.bam; do
    entries+=("{\"url\":\"$HTTP/fault/held/$name?t=$name$TURN\"}")
  done
  printf '[%s,%s]' "${entries[@]}" >m.json
  in_terminal 80 "getm-fetch --concurrency 1 -m m.json"
  wait_until screen_is '^one\.bam +2% +[0-9.]+ [KM]?i?B/s [0-9:]+ *$' '^two\.bam +2% +[0-9.]+ [KM]?i?B/s [0-9:]+ *$' \
    '^0 of 2 files, 128 KiB of 5\.7 MiB +2% +[0-9.]+ [KM]?i?B/s( [0-9:]+)? *$'
  grep -q $'\x1b\\[7m' coloured
  open_gates one.bam two.bam
  wait_until screen_has '^status 0'
  screen_has '^getm-fetch: fetched 2 of 2 files, 6000000 bytes in [0-9.]* s; 2 unverified, '
  run ! screen_has %
}

@test "the line of a list at 40 columns, and sizes that only the list knows" {
  local name=a-very-long-name-of-a-sample-that-does-not-fit.bam
  printf '[{"url":"%s","size":3000000},{"url":"%s","size":3000000}]' "$HTTP/fault/held/$name?t=$name$TURN" "$HTTP/data" >m.json
  in_terminal 40 "getm-fetch --files 1 --concurrency 1 -m m.json"
  wait_until screen_is '^\.\.\.[a-z.-]+fit\.bam +2% +[0-9.]+ [KM]?i?B/s [0-9:]+ *$' \
    '^0 of 2 files +1% +[0-9.]+ [KM]?i?B/s( [0-9:]+)? *$'
  open_gates "$name"
  wait_until screen_has '^status 0'
  run ! screen_has %
}

@test "a long name is cut at 40 columns, and a line never wraps; NO_COLOR" {
  local name=a-very-long-name-of-a-sample-that-does-not-fit.bam
  in_terminal 40 "NO_COLOR=1 getm-fetch --concurrency 1 '$HTTP/fault/held/$name?t=$name$TURN&hold=1500000' out"
  wait_until screen_is '^\.\.\.[a-z.-]+fit\.bam +50% +[0-9.]+ [KM]?i?B/s [0-9:]+ *$'
  run ! grep -q $'\x1b\\[7m' coloured
  open_gates "$name"
  wait_until screen_has '^status 0'
  run ! screen_has %
  cmp out "$WWW/big"
}
