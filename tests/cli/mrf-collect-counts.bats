#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-collect --counts: each input's records against those of mrf-distribute's output in its place.

load common

# distribute N OPTION... RECORDS: the numbers from 1 over part.0 ... and what the filters of the test made of them, done.0 ...
distribute() {
  local n=$1 records=${*: -1} parts=() at
  for ((at = 0; at < n; ++at)); do parts+=("part.$at"); done
  seq "$records" >in
  mrf-distribute --stats counts "${@:2:$#-2}" -i in "${parts[@]}"
  for at in "${parts[@]}"; do cp "$at" "done.${at#part.}"; done
}

is_gone() { ! kill -0 "$1" 2>/dev/null; }

@test "a filter that gives one record for each has the right counts" {
  for n in 1 2 4; do
    rm -f part.* done.*
    distribute "$n" -c 3 20
    run_apart mrf-collect -c 3 --counts counts done.*
    assert_status 0
    assert_output_is "$(seq 20)"
  done
}

@test "records lost by the last turn, by all alike, or from a single input are status 3 and no output" {
  for n in 1 2 4; do
    rm -f part.* done.* out
    distribute "$n" 10
    sed -i 1d done.0
    run_apart mrf-collect --counts counts -o out done.*
    assert_status 3
    assert_stderr_is "mrf-collect: cannot collect 'done.0': it has 9 records where 'part.0' had 10: 1 lost"
    [ ! -e out ]
  done
  rm -f part.* done.*
  distribute 2 -c 2 8
  sed -i -n 1~2p done.0 done.1
  run_apart mrf-collect -c 2 --counts counts -o out done.0 done.1
  assert_status 3
  assert_stderr_is "mrf-collect: cannot collect 'done.0': it has 2 records where 'part.0' had 4: 2 lost"
  : >done.0 && : >done.1
  run_apart mrf-collect -c 2 --counts counts -o out done.0 done.1
  assert_status 3
  cp part.0 done.0 && cat part.1 part.1 >done.1
  run_apart mrf-collect -c 2 --counts counts -o out done.0 done.1
  assert_status 3
  for order in any concat; do
    run_apart mrf-collect --order "$order" --counts counts -o out done.0 done.1
    assert_status 3
    assert_stderr_is "mrf-collect: cannot collect 'done.1': it has 8 records where 'part.1' had 4: 4 added"
  done
  [ ! -e out ]
}

@test "an output that is no input, an input that was no output" {
  distribute 3 -c 2 12
  run_apart mrf-collect -c 2 --counts counts -o out done.0 done.1
  assert_status 3
  assert_stderr_is "mrf-collect: cannot use counts 'counts': 4 of 12 records went to outputs that are no input here"
  : >done.3
  run_apart mrf-collect --order any --counts counts -o out done.0 done.1 done.2 done.3
  assert_status 3
  assert_stderr_is "mrf-collect: cannot use counts 'counts': it counts 3 outputs, but there are 4 inputs"
}

@test "outputs for the header and for records without a key stand apart" {
  printf '#h\n%s\n' a b c d >in
  mrf-distribute --stats counts --header-prefix '#' --header-to header -c 1 -i in part.0 part.1
  run_apart mrf-collect -c 1 --counts counts --header header part.0 part.1
  assert_status 0
  assert_output_is "$(cat in)"
  printf 'k=%s\n' 1 2 3 | cat - <(echo none) >in
  mrf-distribute --stats counts --key after:k= --missing nobody -i in part.0 part.1
  run_apart mrf-collect --order any --counts counts -o out part.0 part.1
  assert_status 0
}

@test "counts of a run that failed, of another program, or none" {
  distribute 1 10
  printf '@a\nA\n+\nI\n@b\n' >bad
  run_apart mrf-distribute --record fastq --stats failed -i bad part
  assert_status 3
  mrf-collect --stats other -o out done.0
  rm out
  : >empty
  echo '{"tool":' >cut.json
  echo '{"tool":"mrf-distribute","status":0,"records_out":-1}' >odd
  while IFS='|' read -r name reason; do
    run_apart mrf-collect --counts "$name" -o out done.0
    assert_status 3
    assert_stderr_is "mrf-collect: cannot use counts '$name': $reason"
  done <<'END'
failed|mrf-distribute failed with status 3
other|it is not what mrf-distribute --stats writes
empty|it is empty: mrf-distribute ended before it wrote its counts
cut.json|it is not the JSON object that mrf-distribute --stats writes
odd|it has no number 'records_out': it is not what mrf-distribute --stats writes
END
  run_apart mrf-collect --counts nowhere -o out done.0
  assert_status 1
  assert_stderr_is "mrf-collect: cannot open 'nowhere': No such file or directory"
  run_apart mrf-collect --counts counts --reopen 2 -o out done.0
  assert_status 2
  [ ! -e out ]
}

@test "counts by a FIFO, beside the program that writes them" {
  seq 100000 >in
  mkfifo part.0 part.1 done.0 done.1 counts
  for filter in cat 'sed 1d'; do
    for at in 0 1; do $filter <part.$at >done.$at 3>&- & done
    mrf-distribute -c 50000 --stats counts -i in part.0 part.1 3>&- &
    run_apart mrf-collect -c 50000 --counts counts -o out done.0 done.1
    wait
    if [[ $filter == cat ]]; then
      assert_status 0
      cmp in out && rm out
    else
      assert_status 3
      assert_stderr_has "49999 records"
      [ ! -e out ]
    fi
  done
}

@test "counts that fill the FIFO do not make mrf-distribute wait for the end of the inputs" {
  seq 3000 >in
  mapfile -t parts < <(printf 'with-a-name-that-takes-room-in-the-counts.%s\n' {1..1500})
  mkfifo counts last
  mrf-distribute --stats counts -c 1 -i in "${parts[@]}" 3>&- &
  distribute=$!
  wait_until test -e "${parts[1499]}"
  (
    exec 3>&- 4>last # open when mrf-collect has opened it
    wait_until is_gone "$distribute"
    cat "${parts[1499]}" >&4
  ) &
  run_apart timeout 300 mrf-collect -c 1 --counts counts "${parts[@]:0:1499}" last
  assert_status 0
  assert_output_is "$(seq 3000)"
}

@test "mrf-run --order rows compares what each copy gave with what it got" {
  seq 10 >in
  seq 8 >eight
  for n in 1 2 4; do
    run_apart mrf-run -n $n --order rows -i in -o out -- sed 1d
    assert_status 3
    assert_stderr_has "it has 9 records where"
  done
  for filter in 'NR % 2' 'NR < 2 || NR == 1' '0' '{ print; print }'; do
    run_apart mrf-run -n 2 -c 2 --order rows -i eight -o out -- awk "$filter"
    assert_status 3
  done
  [ ! -e out ]
  run_apart mrf-run -n 2 -c 2 --order rows -i eight -o out -- cat
  assert_status 0
  cmp eight out
}
