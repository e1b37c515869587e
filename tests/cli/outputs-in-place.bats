#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Outputs that are open files already, /dev/stdout, /dev/fd/N and process substitutions, are written at their
# current offset, by every program.

load common
load run

setup() {
  common_setup
  seq 100 >in.txt
  ln -s /dev/stdout link
  ln -s ./link second-link
}

# Runs "$@" with a file as standard output that something was written to before and is afterwards.
between() {
  run_apart bash -c 'exec >x; echo before; "$@"; status=$?; echo after; exit $status' _ "$@"
  assert_status 0
  cmp x <(echo before && cat in.txt && echo after)
}

@test "mrf-run -o /dev/stdout, /dev/fd/N, and links to them" {
  for order in chunk rows any seq; do
    for out in /dev/stdout /dev/fd/1 /proc/self/fd/1 link second-link; do
      between mrf-run -n 1 --order $order -i in.txt -o $out -- cat
    done
  done
  assert_nothing_left
}

@test "what another program appends is kept" {
  echo before >x
  (mrf-run -n 1 -i in.txt -o /dev/stdout -- cat && echo after) >>x
  cmp x <(echo before && cat in.txt && echo after)
}

@test "mrf-run -o >(command)" {
  for order in chunk any; do
    mkfifo over
    mrf-run -n 2 --order "$order" -i in.txt -o >(sort -n >x && echo >over) -- cat
    read -r _ <over
    cmp in.txt x
    rm over
  done
  assert_nothing_left
}

@test "save: of an open file, as a word, as standard output and as standard error of a job" {
  cat >w.mrf <<'E'
a: mrf-collect -o save:/dev/fd/5 in.txt
b: cat in.txt > save:/dev/fd/6
c: bash -c 'cat in.txt >&2' 2> save:/dev/fd/7
d: mrf-distribute -i in.txt save:/dev/fd/8
E
  exec 5>five 6>six 7>seven 8>eight
  for fd in 5 6 7 8; do echo before >&$fd; done
  run_apart mrf-run w.mrf
  assert_status 0
  for fd in 5 6 7 8; do echo after >&$fd; done
  exec 5>&- 6>&- 7>&- 8>&-
  for file in five six seven eight; do cmp "$file" <(echo before && cat in.txt && echo after); done
  run_apart mrf-run w.mrf 5>&-
  assert_status 1
  assert_stderr_has "mrf-run: cannot open '/dev/fd/5': Bad file descriptor"
}

@test "a job whose standard output is a FIFO writes mrf-run's under that name" {
  cat >w.mrf <<'E'
a: bash -c 'echo for the reader; cat in.txt > "$1"' _ save:/dev/stdout > out:x
b: bash -c 'cat >/dev/null' < in:x
E
  run_apart bash -c 'mrf-run w.mrf | cat'
  assert_status 0
  assert_output_is "$(cat in.txt)"
}

@test "the other programs" {
  samtools view -h --no-PG "$(small_bam 50)" >in.txt
  for out in /dev/stdout link; do
    between mrf-collect -o "$out" in.txt
    between mrf-distribute -i in.txt "$out"
    between mrf-bamread -o "$out" in.txt
    between mrf-bamwrite -O sam -o "$out" in.txt
  done
}
