#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-chunks: what a chunk is, where its output ends, what its filter gets and leaves.

load common

chunks() { run_apart timeout -k 5 300 mrf-chunks "$@"; }

# `same_everywhere FILTER...` succeeds when 1, 2 and 8 filters over a file, gzip and a pipe that comes in two
# parts give the same bytes.
same_everywhere() {
  local filters sums=()
  for filters in 1 2 8; do
    sums+=("$(timeout 300 mrf-chunks -n "$filters" -i in.txt -- "$@" | md5sum)")
    sums+=("$(timeout 300 mrf-chunks -n "$filters" -i in.txt.gz -- "$@" | md5sum)")
    sums+=("$({ head -c 100001; cat; } <in.txt | timeout 300 mrf-chunks -n "$filters" -- "$@" | md5sum)")
  done
  [[ $(printf '%s\n' "${sums[@]}" | sort -u | wc -l) == 1 ]]
}

@test "the chunks follow from the records alone: any number of filters, file, pipe and gzip" {
  seq 1 1000000 >in.txt
  gzip -k in.txt
  same_everywhere awk '{ print NR }'
  same_everywhere wc -c
  sizes=$(mrf-chunks -i in.txt -- wc -c)
  [ "${sizes%%$'\n'*}" -ge 1048576 ] && [ "${sizes%%$'\n'*}" -le 1048583 ]
  [ "$(wc -l <<<"$sizes")" = 4 ]
}

@test "-c RECORDS is the size of every chunk but the last" {
  chunks -n 2 -c 10 -i <(seq 25) -- wc -l
  assert_status 0
  assert_output_is $'10\n10\n5'
}

@test "the output is read to the end of its pipe, whoever holds it" {
  seq 10 >in.txt
  chunks -i in.txt -- bash -c 'exec > >(sleep 0.3; cat); cat'
  assert_status 0
  assert_output_is "$(cat in.txt)"
  # The process that is left behind writes when its parent has ended and was waited for.
  # shellcheck disable=SC2016
  chunks -n 3 -c 5 -i in.txt -- bash -c '{ while [ -e /proc/$$ ]; do sleep 0.01; done; echo late; } & cat'
  assert_status 0
  assert_output_is "$(printf '%s\n' 1 2 3 4 5 late 6 7 8 9 10 late)"
}

@test "a process that a filter leaves behind writes the side table to its end" {
  seq 10 >in.txt
  # shellcheck disable=SC2016 # $$ is the filter
  late='while [ -e /proc/$$ ]; do sleep 0.01; done; sleep 0.1; echo late'
  for left in "{ $late; } >\"\$MRF_SIDE\" 2>/dev/null &" "{ $late >\"\$MRF_SIDE\"; } >/dev/null 2>&1 &"; do
    chunks -n 3 -c 5 --side side.txt -i in.txt -- bash -c "$left cat"
    assert_status 0
    assert_output_is "$(cat in.txt)"
    [ "$(cat side.txt)" = $'late\nlate' ]
  done
}

@test "a process that a filter leaves behind reads its chunk to the end" {
  seq 1000000 >in.txt
  # shellcheck disable=SC2016 # $$ is the filter
  for input in in.txt <(cat in.txt); do
    timeout -k 5 300 mrf-chunks -c 1000000 -i "$input" -- \
      bash -c 'exec 3<&0; { while [[ -e /proc/$$ ]]; do sleep 0.01; done; cat <&3; } &' >out
    cmp out in.txt
  done
}

@test "a last line without newline is ended, so that two chunks never share a line" {
  joiner='import sys; print("\n".join(l.rstrip("\n") for l in sys.stdin), end="")'
  chunks -n 2 -c 2 -i <(printf '1\n2\n3\n4\n') -- python3 -c "$joiner"
  assert_status 0
  assert_output_is $'1\n2\n3\n4'
  for bytes in 1 5 6 7 100 70000 1200000; do
    mrf-chunks -n 2 -c 1 -i <(printf '1\n2\n') -- bash -c "read -r _; head -c $bytes /dev/zero | tr '\0' x" >out
    cmp out <(for _ in 1 2; do head -c "$bytes" /dev/zero | tr '\0' x && echo; done)
  done
  run bash -c "printf 'a\0b\0' | mrf-chunks -c 1 --record nul -- tr -d '\0' | od -An -c"
  [[ $output == '   a  \0   b  \0' ]]
  [ "$(printf 'abcd' | mrf-chunks -c 2 --record fixed:1 -- cat)" = abcd ]
}

@test "compressed output is left as it is" {
  seq 100000 >in.txt
  for program in gzip bzip2; do
    mrf-chunks -n 2 -i in.txt -- "$program" -c >out
    "$program" -dc <out | cmp - in.txt
  done
}

@test "MRF_CHUNK, MRF_WORKER and MRF_WORKERS; nothing of the statistics" {
  export MRF_STATS_PREFIX=$TMPDIR/stats
  # shellcheck disable=SC2016
  chunks -n 2 -c 1 -i <(seq 5) -- bash -c 'echo $MRF_CHUNK $MRF_WORKERS $((MRF_WORKER < 2)) ${MRF_STATS_PREFIX-none}'
  assert_status 0
  assert_output_is "$(printf '%s 2 1 none\n' 0 1 2 3 4)"
}

@test "standard error comes in whole lines, each with its chunk" {
  chunks -n 3 -c 1 -i <(seq 3) -- bash -c \
    'for i in 1 2 3; do printf "long " >&2; printf "line %s\n" $i >&2; done; printf end >&2'
  assert_status 0
  expected=$(for chunk in 0 1 2; do printf "chunk $chunk: %s\n" end 'long line 1' 'long line 2' 'long line 3'; done)
  [ "$(sort <<<"$stderr")" = "$expected" ]
  chunks -n 2 -c 1 -i <(seq 2) -- bash -c 'head -c 3000000 /dev/zero | tr "\0" "x" >&2; cat'
  assert_status 0
  assert_output_is $'1\n2'
}

@test "a filter that fails: the message has its chunk, its records, its command and its status" {
  seq 100 >in.txt
  # shellcheck disable=SC2016
  chunks -n 2 -c 30 -i in.txt -- bash -c 'read -r first; [ "$first" != 61 ] || exit 7'
  assert_status 7
  assert_stderr_is "mrf-chunks: cannot filter 'chunk 2': 'bash' ended with exit status 7 on records 61 to 90 of 'in.txt'"
  # shellcheck disable=SC2016
  chunks -c 30 -i in.txt -- bash -c 'kill -KILL $$'
  assert_status 137
  assert_stderr_is "mrf-chunks: cannot filter 'chunk 0': 'bash' ended with signal 9 (Killed) on records 1 to 30 of 'in.txt'"
  chunks -i in.txt -- ./missing
  assert_status 127
  assert_stderr_is "mrf-chunks: cannot execute './missing': No such file or directory"
  touch plain
  chunks -i in.txt -- ./plain
  assert_status 126
  echo cat >script && chmod +x script
  chunks -i in.txt -- ./script
  assert_status 126
  assert_stderr_is "mrf-chunks: cannot execute './script': Exec format error; a script's first line has to name its interpreter, as #!/bin/sh does"
}

@test "of several that fail the first chunk is reported, whichever fails first" {
  mkfifo gate
  for _ in 1 2 3; do
    chunks -n 4 -c 1 -i <(seq 4) -- bash -c \
      'case $MRF_CHUNK in 1) read -r _ <gate; exit 5;; 3) echo >gate; exit 6;; esac; cat'
    assert_status 5
    assert_stderr_has "'chunk 1'"
  done
}

@test "--ok-status; grep that finds nothing is hinted at" {
  seq 100 >in.txt
  chunks -c 30 -i in.txt -- grep 7
  assert_status 0
  chunks -c 30 -i in.txt -- grep 99
  assert_status 1
  assert_stderr_has "'grep' ended with exit status 1 on records 1 to 30 of 'in.txt'; grep ends with 1 when no line"
  assert_stderr_has "--ok-status 0,1"
  chunks -c 30 --ok-status 0,1 -i in.txt -- grep 99
  assert_status 0
  assert_output_is 99
  chunks -c 30 --ok-status 0,1 -i in.txt -- bash -c 'exit 2'
  assert_status 2
}

@test "a filter that ends early has read enough" {
  seq 300000 >in.txt
  chunks -c 100000 -i in.txt -- head -n 1
  assert_status 0
  assert_output_is $'1\n100001\n200001'
}

@test "a failure does not wait for an input that pauses" {
  mkfifo slow
  exec 7<>slow
  seq 10 >&7
  chunks -n 2 -c 2 -i slow -- bash -c 'exit 9'
  assert_status 9
  exec 7>&-
}

@test "input before a pause is worked on, and the end comes when the input ends" {
  mkfifo in
  mrf-chunks -n 2 -c 2 -i in -- cat >out 3>&- &
  exec 7>in
  seq 5 >&7
  wait_until bash -c '[ "$(wc -l <out)" = 5 ]'
  exec 7>&-
  wait $!
  [ "$(wc -l <out)" = 5 ]
}

@test "output that waits takes TMPDIR, not memory, and nothing is left there" {
  mkfifo gate
  cat >filter <<'END'
read -r x
case $x in late) read -r go <gate ;; d) head -c 40000000 /dev/zero; echo go >gate ;; esac
echo "$x"
END
  run_apart bash -c 'printf "%s\n" late b c d | timeout 300 mrf-chunks -n 4 -c 1 --stats s.json -- bash filter | tr -d "\0"'
  assert_status 0
  assert_output_is $'late\nb\nc\nd'
  [[ -n ${MRF_SANITIZED-} ]] || jq -e '.max_rss_bytes < 16777216' s.json
  assert_nothing_left
}

@test "wrong usage" {
  for bad in "" "cat" "-n 0 -- cat" "-c 0 -- cat" "-c many -- cat" "--record what -- cat" "--output-record what -- cat" \
    "--sam --record fastq -- cat" "--header-to h -- cat" "--header-broadcast -- cat" "--sam --header-lines 1 -- cat" \
    "--ok-status 0,x -- cat" "--ok-status 256 -- cat"; do
    # shellcheck disable=SC2086
    run_apart mrf-chunks $bad
    assert_status 2
    assert_output_is ''
    assert_stderr_has "mrf-chunks: cannot use "
  done
}

@test "-c auto: the chunks grow, since starting the filter costs something" {
  [[ -z ${MRF_SANITIZED-} ]] || skip "starting costs more under the sanitizers"
  cat >filter <<'E'
use Time::HiRes qw(clock_gettime CLOCK_PROCESS_CPUTIME_ID);
my $start = clock_gettime(CLOCK_PROCESS_CPUTIME_ID);
while (my $line = <STDIN>) { for my $turn (1 .. 25) { $sum += $turn } print $line }
open(my $log, ">>", "log");
syswrite($log, "$start " . clock_gettime(CLOCK_PROCESS_CPUTIME_ID) . "\n");
E
  seq 1500000 >in.txt
  run_apart bash -c 'timeout -k 5 300 mrf-chunks -n 2 -c auto --stats s.json -i in.txt -- perl filter >out.txt'
  assert_status 0
  cmp in.txt out.txt
  # How large they get depends on the machine (tests/unit/chunk/sizer_test.cc has the rule): but far less of them
  # than there would be of the first one's size, 1 MiB.
  size=$(wc -c <in.txt)
  (($(wc -l <log) > 2 && $(wc -l <log) < size / 1048576))
  jq -e '.starts_s >= 0 and .starts_s <= .filters_s and .filters_s > 0' s.json
  [ "$(jq .chunks s.json)" = "$(wc -l <log)" ]
}

@test "chunks that all come to their end in one moment leave nobody to wait for" {
  # Chunk 0 ends when every other chunk that may be there beside it was reaped and its output read.
  # shellcheck disable=SC2016  # for the filter's shell
  chunks -n 2 -c 1 -i <(seq 20) -- bash -c '
    cat
    exec >&-
    if [[ $MRF_CHUNK == 0 ]]; then
      until [[ -e 7 ]] && ! kill -0 $(cat [1-7]) 2>kill.log; do sleep 0.05; done
    else
      sleep 0.1
      echo $$ >"pid.$MRF_CHUNK" && mv "pid.$MRF_CHUNK" "$MRF_CHUNK"
    fi'
  assert_status 0
  assert_output_is "$(seq 20)"
}

@test "standard output whose close fails is an error, and a side table does not appear" {
  command -v strace >/dev/null || skip "no strace"
  seq 10 >in.txt
  run_apart bash -c 'strace -qq -o /dev/null -P "$PWD/out" -e trace=close -e inject=close:error=EIO \
    mrf-chunks --side side -i in.txt -- cat >out'
  assert_status 1
  assert_stderr_is "mrf-chunks: cannot write 'standard output': Input/output error"
  [ ! -e side ]
}

@test "--side waits for a process that the filter leaves behind and that keeps standard error open" {
  seq 60 >in.txt
  mkfifo go
  # shellcheck disable=SC2016 # the filter's
  mrf-chunks -n 3 -c 20 --side s -i in.txt -- bash -c '
    tee >(exec >"$MRF_SIDE"; n=$(wc -l); read -r <go; echo "$n")' >out 3>&- &
  exec {go}<>go
  is_joined() { (($(wc -l <out) >= 19)); }  # the last byte waits for the end
  wait_until is_joined
  printf '\n\n\n' >&$go
  wait $!
  exec {go}>&-
  [[ $(<s) == $'20\n20\n20' ]]
}

@test "-c auto makes no smaller chunks than there are without it" {
  seq 3000000 >in.txt
  for options in '' '-c auto'; do
    # shellcheck disable=SC2086
    mrf-chunks $options --stats "stats$options" -i in.txt -- cat | cmp - in.txt
  done
  [ "$(jq .chunks 'stats-c auto')" -le "$(jq .chunks stats)" ]
}
