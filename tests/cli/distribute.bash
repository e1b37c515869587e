# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For the tests of mrf-distribute: `load common`, then `load distribute`.

# Runs mrf-distribute with the arguments over FIFOs named in $fifos, each with a `cat` into NAME.out.
distribute_to() {
  local fifos=$1 name readers=()
  shift
  for name in $fifos; do
    mkfifo "$name"
    cat "$name" >"$name.out" 3>&- &
    readers+=($!)
  done
  # shellcheck disable=SC2086
  run_apart mrf-distribute "$@" $fifos
  # A reader that opens its FIFO only after mrf-distribute has failed waits for a writer.
  while kill -0 "${readers[@]}" 2>/dev/null; do
    for name in $fifos; do : <>"$name"; done
    sleep 0.01
  done
  wait
}

sam() { printf '@HD\tVN:1.6\n@SQ\tSN:1\tLN:9\nr1\t4\nr2\t4\nr3\t4\n'; }

same() {
  cmp "$1" <(printf "%b" "$2") >&2
}

# What samtools reads from BAM streams, without headers.
bam_records() { for one in "$@"; do samtools view "$one"; done; }

# FIFO PROGRAM: whether a process of that name has opened it. A reader's open(2) returns when somebody else has
# the FIFO open, as the test with <>: a reader that opened its FIFO only after mrf-distribute had failed would
# wait for ever.
has_opened() {
  local fd
  while read -r fd; do
    [[ $(cat "${fd%/fd/*}/comm" 2>/dev/null) != "$2" ]] || return 0
  done < <(find -L /proc/[0-9]*/fd -samefile "$1" 2>/dev/null)
  return 1
}
