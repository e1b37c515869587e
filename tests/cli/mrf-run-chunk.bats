#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-run --order chunk, and mrf-chunks in a workflow.

load common
load run

chunk() { run_apart timeout -k 5 300 mrf-run -n 3 "$@"; }

@test "chunk is the default for lines: exact order, whatever the filter does" {
  seq 300000 >in.txt
  chunk -i in.txt -o same.txt -- cat
  assert_status 0
  cmp in.txt same.txt
  chunk -i in.txt -o some.txt -- grep -v 7
  assert_status 0
  cmp some.txt <(grep -v 7 in.txt)
  chunk -i in.txt -o twice.txt -- sed p
  assert_status 0
  cmp twice.txt <(sed p in.txt)
  assert_files in.txt same.txt some.txt twice.txt
  assert_nothing_left
}

@test "a pipe, gzip, a FIFO of a process substitution and an output that is appended to" {
  seq 300000 >in.txt
  gzip -k in.txt
  run_apart bash -c 'timeout 300 mrf-run -n 3 -i - -- cat < <(cat in.txt) | cmp - in.txt'
  assert_status 0
  chunk -i in.txt.gz -o out.txt -- cat
  assert_status 0
  cmp in.txt out.txt
  run_apart bash -c 'echo first > all.txt; timeout 300 mrf-run -n 3 -c 1000 -i <(cat in.txt) -- cat >> all.txt'
  assert_status 0
  cmp all.txt <(echo first; cat in.txt)
}

@test "-c is the number of records in a chunk, and the filter is started for each" {
  seq 25 >in.txt
  chunk -c 10 -i in.txt -- wc -l
  assert_status 0
  assert_output_is $'10\n10\n5'
  run_apart bash -c 'seq 25 | timeout 300 mrf-run -n 2 -c 10 -i - -- wc -l'
  assert_status 0
  assert_output_is $'10\n10\n5'
}

@test "a chunk that comes late does not mix with those that came early" {
  mkfifo gate
  printf '%s\n' late b c d >in.txt
  chunk -c 1 -i in.txt -- bash -c 'read -r x
    case $x in late) read -r go < gate;; d) echo go > gate;; esac
    seq 200000; echo "$x"'
  assert_status 0
  [ "$(grep '[a-z]' <<<"$output")" = $'late\nb\nc\nd' ]
  assert_nothing_left
}

@test "a last line without a newline gets one; an empty input starts nothing" {
  printf 'a\nb' >in.txt
  chunk -c 1 -i in.txt -- cat
  assert_status 0
  assert_output_is $'a\nb'
  run_apart bash -c 'printf "a\nb" | timeout 300 mrf-run -i - -- od -An -c'
  assert_output_is '   a  \n   b  \n'
  : >empty.txt
  chunk -i empty.txt -o out.txt -- bash -c 'touch started; cat'
  assert_status 0
  assert_files in.txt empty.txt out.txt
}

@test "records of every form are never cut" {
  for i in $(seq 1000); do printf '@r%s\nACGT\n+\nIIII\n' "$i"; done >in.fq
  chunk -c 7 -i in.fq -o out.fq -- bash -c 'read -r first; [[ $first == @r* ]] || exit 9; echo "$first"; cat'
  assert_status 0
  cmp in.fq out.fq
  chunk -c 5 --record lines:4 -i in.fq -o lines.fq -- cat
  assert_status 0
  cmp in.fq lines.fq
  chunk -c 5 --record fixed:7 -i <(head -c 7000 in.fq) -o fixed -- cat
  assert_status 0
  cmp fixed <(head -c 7000 in.fq)
}

@test "a malformed record is status 3 without a result" {
  printf '@r\nACGT\n+\nIIII\nr2\nACGT\n+\nIIII\n' >in.fq
  chunk -i in.fq -o out.fq -- cat
  assert_status 3
  assert_stderr_has "in.fq"
  assert_files in.fq
}

@test "a filter that fails ends the run with its status: in the first chunk, in the middle, in the last" {
  seq 100 >in.txt
  for line in 1 51 100; do
    for code in 1 7 126 141 255; do
      chunk -c 10 -i in.txt -o out.txt -- bash -c "! grep -qx $line || exit $code"
      assert_status "$code"
      assert_files in.txt
    done
  done
  chunk -c 10 -i in.txt -o out.txt -- bash -c 'kill -KILL $$'
  assert_status 137
  chunk -i in.txt -o out.txt -- ./missing
  assert_status 127
  assert_stderr "mrf-chunks: cannot execute './missing': No such file or directory"
  assert_files in.txt
  assert_nothing_left
}

@test "a filter that fails with 141 is a failure behind a job that succeeds, too" {
  seq 100 >in.txt
  printf 'work: mrf-chunks -i in.txt -- bash -c "cat; exit 141" > out:p\nend: cat < in:p > save:out.txt\n' >w.mrf
  run_apart timeout 300 mrf-run w.mrf
  assert_status 141
  printf 'work: bash -c "echo part; exit 141" > out:p\nend: cat < in:p > save:out.txt\n' >w.mrf
  run_apart timeout 300 mrf-run w.mrf
  assert_status 141
  assert_files in.txt w.mrf
}

@test "a filter that does not read its input, and one that leaves a child behind" {
  seq 300000 >in.txt
  chunk -c 100000 -i in.txt -- echo x
  assert_status 0
  assert_output_is $'x\nx\nx'
  chunk -c 100000 -i in.txt -- bash -c 'tail -f /dev/null >&2 & head -n 1'
  assert_status 0
  assert_output_is $'1\n100001\n200001'
  for _ in $(some {1..20}); do
    chunk -c 30000 -i in.txt -- bash -c 'tail -f /dev/null >&2 & head -n 1'
    assert_status 0
  done
  assert_nothing_left
}

@test "an alignment: the filter sees records, the header goes around it" {
  bam=$(small_bam)
  chunk --order chunk -c 700 -i "$bam" -o out.bam -- cat
  assert_status 0
  assert_same_sam "$bam" out.bam
  chunk -i "$bam" -o out.txt -- cat
  assert_status 0
  cmp out.txt <(samtools view "$bam")
}

@test "the printed workflow does the same; mrf-chunks that is wrong is status 2" {
  seq 1000 >in.txt
  mrf-run -n 2 -c 10 -i in.txt -o out.txt --print -- tac >w.mrf
  run_apart timeout 300 mrf-run w.mrf
  assert_status 0
  run_apart mrf-run -n 2 -c 10 -i in.txt -o direct.txt -- tac
  cmp out.txt direct.txt
  for bad in "mrf-chunks" "mrf-chunks cat" "mrf-chunks -n 0 -- cat" "mrf-chunks -x 1 -- cat" "mrf-chunks -n" \
    "mrf-chunks --record bam --header-lines 1 -- cat"; do
    echo "a: $bad < in.txt" >bad.mrf
    run_apart mrf-run bad.mrf
    assert_status 2
    assert_stderr_has "mrf-chunks: cannot use "
  done
}

@test "the report counts what mrf-chunks cut" {
  seq 1000 >in.txt
  chunk -c 10 --report r.json -i in.txt -o out.txt -- cat
  assert_status 0
  counts='.jobs[0].tools[0] | [.tool, .chunks, .records_in, .bytes_in, .bytes_out]'
  [ "$(jq -c "$counts" r.json)" = '["mrf-chunks",100,1000,3893,3893]' ]
  run_apart bash -c 'printf "a\nb\nc" | timeout 300 mrf-run --report r.json -c 2 -i - -- cat'
  assert_status 0
  jq -e '.jobs[0].tools[0] | .chunks == 2 and .records_in == 3 and .bytes_in == 5' r.json
}

is_filtering() {
  local chunks
  chunks=$(pgrep -P "$watchdog" -x mrf-chunks) && has_children "$chunks" 1 tail
}

@test "KILL of either process in the midst of chunks leaves nothing" {
  for victim in run watchdog; do
    start_in_background -n 2 -i /dev/zero --record fixed:10 -o out -- bash -c 'exec tail -f /dev/null'
    wait_until is_filtering
    kill -KILL "${!victim}"
    wait "$run" && return 1
    wait_until assert_nothing_left
    assert_files stderr.txt
  done
}

@test "output that a process writes after the filter has ended is there" {
  seq 10 >in.txt
  chunk -i in.txt -o out.txt -- bash -c 'exec > >(sleep 0.3; cat); cat'
  assert_status 0
  cmp in.txt out.txt
}

@test "the same input gives the same bytes, whatever the number of filters and the speed of the machine" {
  seq 2000000 >in.txt
  for filters in 1 2 3 8; do
    mrf-run -n "$filters" -i in.txt -o - -- awk '{ print NR }' | md5sum
  done | sort -u >sums
  mrf-run -n 2 -i - -o - -- awk '{ print NR }' < <(cat in.txt) | md5sum >>sums
  [ "$(sort -u sums | wc -l)" = 1 ]
}

@test "the outputs of two chunks never share a line" {
  chunk -c 2 -i <(printf '1\n2\n3\n4\n') -- python3 -c \
    'import sys; print("\n".join(l.rstrip("\n") for l in sys.stdin), end="")'
  assert_status 0
  assert_output_is $'1\n2\n3\n4'
}

@test "which chunk, which filter, which signal; standard error in whole lines with its chunk" {
  seq 100 >in.txt
  # shellcheck disable=SC2016
  chunk -c 30 -i in.txt -o out.txt -- bash -c 'read -r x; echo "from $x" >&2; [ $x != 61 ] || kill -KILL $$'
  assert_status 137
  assert_stderr_has "cannot filter 'chunk 2': 'bash' ended with signal 9 (Killed) on records 61 to 90 of 'in.txt'"
  assert_stderr "chunk 0: from 1"
  assert_stderr "chunk 2: from 61"
}
