#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The [each] sections of mrf-workflow(5).

load common
load run

@test "a round begins when what the one before has left behind has written its part" {
  # shellcheck disable=SC2016 # $$ and $1 are the job's
  late='while [ -e /proc/$$ ]; do sleep 0.01; done; sleep 0.1; echo "late $1"'
  # The same in a session of its own.
  cat >left.sh <<'E'
: >"left.$2"
while [ -e "/proc/$1" ]; do sleep 0.01; done
sleep 0.1
echo "late $2"
E
  cat >apart.sh <<'E'
setsid bash left.sh $$ "$1" &
until [ -e "left.$1" ]; do sleep 0.01; done
echo "early $1"
E
  workflow <<END
[each x in 1 2 3]
a: bash -c '{ $late; } & echo "early \$1"' _ \$x > out:p
[end]
[each x in 4 5]
b: bash -c '{ $late >"\$2"; } >/dev/null 2>&1 & echo "early \$1" >"\$2"' _ \$x out:q
[end]
[each x in 6 7]
e: bash apart.sh \$x > out:r
[end]
c: cat < in:p > save:held
d: cat < in:q > save:opened
f: cat < in:r > save:apart
END
  assert_status 0
  [ "$(cat held)" = "$(printf '%s\n' {early,late}\ 1 {early,late}\ 2 {early,late}\ 3)" ]
  [ "$(cat opened)" = "$(printf '%s\n' {early,late}\ 4 {early,late}\ 5)" ]
  [ "$(cat apart)" = "$(printf '%s\n' {early,late}\ 6 {early,late}\ 7)" ]
}

@test "rounds follow each other into a FIFO whose reader sees one stream" {
  workflow -D second='b c' <<'E'
[each x in a "$second" 'd "e"']
  say:  bash -c 'echo "begin $1"; echo "end $1"' _ $x > out:raw
  up:   tr a-z A-Z < in:raw > out:all
[end]
show:   bash -c 'while read -r line; do echo "$line"; done; echo over' < in:all
E
  assert_status 0
  assert_output_is $'BEGIN A\nEND A\nBEGIN B C\nEND B C\nBEGIN D "E"\nEND D "E"\nover'
  assert_nothing_left
}

@test "a round begins when the one before is over, its slowest job too" {
  mkfifo gate
  workflow <<'E'
[each x in 1 2]
  fast: bash -c 'echo "fast $1" >> log; [ $1 = 2 ] || echo > gate' _ $x
  slow: bash -c '[ $1 = 2 ] || read -r go < gate; echo "slow $1" >> log' _ $x
[end]
E
  assert_status 0
  [ "$(head -n 2 log)" = $'fast 1\nslow 1' ]
  [ "$(tail -n 2 log | sort)" = $'fast 2\nslow 2' ]
}

@test "100 rounds: nothing is lost at the joints, however late the reader comes" {
  {
    echo "[each x in $(seq -s ' ' 100)]"
    echo 'say: echo $x > out:all'
    echo '[end]'
    echo 'show: cat in:all'
  } >many.mrf
  run_apart timeout -k 5 300 mrf-run many.mrf
  assert_status 0
  assert_output_is "$(seq 100)"
  mkfifo gate
  workflow <<'E'
[each x in 1 2 3]
  say: bash -c 'echo $1 > "$2"; [ $1 != 3 ] || echo > gate' _ $x out:all
[end]
show: bash -c 'read -r go < gate; cat "$1"' _ in:all
E
  assert_status 0
  assert_output_is $'1\n2\n3'
}

@test "a reader that has enough leaves every round its SIGPIPE, and no round hangs in open" {
  workflow <<'E'
[each x in 1 2 3]
  say: bash -c 'exec yes $1 > "$2"' _ $x out:all
[end]
show: head -n 1 < in:all
E
  assert_status 0
  assert_output_is 1
  assert_nothing_left
}

@test "a round that fails ends the run: no later round begins, no end-of-file is seen, no result is there" {
  for bad in 1 2 3; do
    workflow -D "bad=$bad" <<'E'
[each x in 1 2 3]
  say: bash -c 'echo $1 >> log; echo $1; [ $1 != $2 ] || exit 7' _ $x $bad > out:all
[end]
keep: bash -c 'cat; echo end-of-file >&2' < in:all > save:result
E
    assert_status 7
    assert_stderr "mrf-run: cannot finish 'say@$((bad - 1))': exit status 7"
    [[ $stderr != *end-of-file* ]]
    [ "$(cat log)" = "$(seq "$bad")" ]
    rm log
    assert_files w.mrf
  done
  assert_nothing_left
}

@test "the report names the rounds, and counts what each wrote" {
  seq 10 >1.txt && seq 20 >2.txt
  workflow --report report.json <<'E'
[each x in 1 2]
  cut: mrf-distribute -i $x.txt out:all
[end]
end: mrf-collect -o save:result in:all
E
  assert_status 0
  cmp result <(cat 1.txt 2.txt)
  [ "$(jq -c '[.jobs[] | [.name, .round, .records_out]]' report.json)" = \
    '[["cut",0,10],["cut",1,20],["end",null,null]]' ]
  [ "$(jq -c '[.fifos[] | [.name, .writer, .records]]' report.json)" = '[["all","cut",30]]' ]
}

@test "BAMs one after the other through the same workers: the manual's example" {
  bam=$(small_bam)
  for lane in 1 2 3; do cp "$bam" "lane$lane.bam"; done
  printf '#!/bin/sh\nexec cat\n' >filter.py && chmod +x filter.py
  workflow -D out=all.sam <<'E'
n = 4
[each lane in 1 2 3]
  read:   mrf-bamread --no-header lane$lane.bam > out:sam
[end]
split:    mrf-distribute --sam -i in:sam out:part[n]
work[n]:  ./filter.py < in:part[i] > out:done[i]
join:     mrf-collect --sam in:done[n] -o save:$out
E
  assert_status 0
  cmp all.sam <(for _ in 1 2 3; do samtools view "$bam"; done)
}

@test "a section that is wrong is refused with its line" {
  workflow <<<$'a: touch started\n[each x in 1]\nb: true'
  assert_status 2
  assert_stderr_is "mrf-run: w.mrf:2: [each] has no [end]: write it behind the jobs of the section"
  assert_files w.mrf
}

@test "KILL of either process between rounds leaves nothing" {
  cat >w.mrf <<'E'
[each x in 1 2]
  say: bash -c '[ $1 = 1 ] || exec tail -f /dev/null' _ $x > out:all
[end]
keep: cat < in:all > save:result
E
  for victim in run watchdog; do
    start_in_background w.mrf
    wait_until pgrep -P "$watchdog" tail >/dev/null
    kill -KILL "${!victim}"
    wait "$run" && return 1
    wait_until assert_nothing_left
    assert_files w.mrf stderr.txt
  done
}

@test "[each x in $list] splits a list that -D gives" {
  workflow -D list='a b  c' <<'E'
[each x in $list]
  say: echo $x > out:all
[end]
show: cat in:all
E
  assert_status 0
  assert_output_is $'a\nb\nc'
}

@test "by 2: two rounds side by side, a third one when one of them is over, each with its result" {
  mkfifo gate1 gate2
  cat >w.mrf <<'E'
[each x in $list by 2]
  wait: bash -c 'case $1 in a) read -r go < gate1;; b) echo > gate1;; c) echo > gate2;; d) read -r go < gate2;; esac; echo $1' _ $x > out:one
  keep: cat < in:one > save:kept.$x
[end]
E
  # a ends after b has begun; d waits for c.
  run_apart timeout -k 5 300 mrf-run -D list='a b c d e' w.mrf
  assert_status 0
  [ "$(cat kept.a kept.b kept.c kept.d kept.e)" = $'a\nb\nc\nd\ne' ]
  rm kept.*
  run_apart mrf-run --print-sh -D list='a b c d e' w.mrf
  assert_status 0
  echo "$output" >w.sh
  run_apart timeout -k 5 300 bash w.sh
  assert_status 0
  [ "$(cat kept.a kept.b kept.c kept.d kept.e)" = $'a\nb\nc\nd\ne' ]
  assert_nothing_left
}

@test "by 2: never more than two rounds at a time; a round that fails ends the others, without a result" {
  mkdir here
  workflow <<'E'
[each x in 1 2 3 4 5 6 7 8 by 2]
  one: bash -c 'mkdir here/$1; ls here | wc -l >> most; rmdir here/$1' _ $x
[end]
E
  assert_status 0
  [ "$(wc -l <most)" = 8 ]
  [ "$(sort -n most | tail -n 1)" -le 2 ]
  workflow <<'E'
[each x in 1 2 3 4 by 2]
  one: bash -c 'echo $1 >> begun; [ $1 != 2 ] || exit 7; exec sleep 1000' _ $x > save:result.$x
[end]
E
  assert_status 7
  assert_stderr "mrf-run: cannot finish 'one@1': exit status 7"
  run -1 grep '[34]' begun
  [ ! -e result.1 ]
  assert_nothing_left
}

@test "by 2: a script ends with the status of the job that failed first, whenever the others end" {
  cat >w.mrf <<'E'
[each x in a b c d by 2]
  one: seq 1000000 > out:one
  two: tee out:two < in:one > out:three
  all: cat < in:two > save:all.$x
  top: head -n 1 < in:three > save:top.$x
[end]
E
  run_apart mrf-run --print-sh w.mrf
  assert_status 0
  echo "$output" >w.sh
  for _ in 1 2 3 4 5; do
    run_apart timeout -k 5 300 bash w.sh
    assert_status 141
    assert_stderr_has "_two': status 141"
  done
  assert_nothing_left
}
