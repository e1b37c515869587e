#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-chunks: what waits on disk, numbers of any size, and how a stream ends that failed.

load common

# Chunk 0 goes on when the others have begun to write, 9 MB each; more than 3 MB in one temporary file ends
# the program.
flood() {
  # shellcheck disable=SC2016 # the inner shells' variables
  run_apart bash -c '(
      ulimit -f 3000
      exec timeout -k 5 300 mrf-chunks -n 3 -c 1 -i <(seq 3) "$@" -- bash -c "$FILTER"
    ) | cmp - expected; exit "${PIPESTATUS[0]}"' flood "$@"
}

@test "--buffer bounds what waits on disk: the filters wait then" {
  # shellcheck disable=SC2016 # it is the filter's
  export FILTER='cat
    if [[ $MRF_CHUNK == 0 ]]; then until [[ -e begun ]]; do sleep 0.05; done; fi
    for part in {1..90}; do printf "%0100000d\n" "$part"; : >begun; done'
  for line in 1 2 3; do
    echo "$line"
    for part in {1..90}; do printf '%0100000d\n' "$part"; done
  done >expected
  for size in 0 1K 2M; do
    rm -f begun
    flood --buffer "$size"
    assert_status 0
    assert_output_is ''
  done
}

@test "mrf-run gives --buffer on to mrf-chunks" {
  seq 10 >in.txt
  run_apart mrf-run --print -n 2 --buffer 3M -i in.txt -o out.txt -- cat
  assert_status 0
  [[ $output == *"mrf-chunks "*" --buffer 3145728 "* ]]
}

@test "more filters at a time than there are chunks cost nothing" {
  [[ -z ${MRF_SANITIZED-} ]] || skip 'the sanitizers have memory of their own'
  seq 100 >in.txt
  run_apart bash -c 'ulimit -v 1000000; timeout -k 5 300 mrf-chunks -n 18446744073709551615 -c 30 -i in.txt -- cat >got'
  assert_status 0
  cmp got in.txt
}

@test "the next program in a pipe does not take what a failed run wrote for the whole" {
  bam=$(small_bam 1000)
  mrf-bamread -o in.sam "$bam"
  seq 1000 | sed 's/.*/@r&\nACGT\n+\nIIII/' >in.fastq
  # shellcheck disable=SC2016 # it is the filter's
  filter='[[ $MRF_CHUNK != 3 ]] || exit 9; cat'
  for options in '' '--output-record sam' --header-broadcast; do
    # shellcheck disable=SC2086 # options or none
    run_apart bash -c 'mrf-chunks -c 100 --sam -i in.sam "${@:2}" -- bash -c "$1" | mrf-bamwrite -o out.bam
      echo "${PIPESTATUS[*]}"' _ "$filter" $options
    assert_output_is '9 3'
    [ ! -e out.bam ]
  done
  run_apart bash -c 'mrf-chunks -c 100 --record fastq --output-record fastq -i in.fastq -- bash -c "$1" |
    mrf-distribute --record fastq a.fastq b.fastq; echo "${PIPESTATUS[*]}"' _ "$filter"
  assert_output_is '9 3'
  [ ! -e a.fastq ] && [ ! -e b.fastq ]
}
