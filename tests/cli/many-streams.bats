#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Ten thousand outputs, ten thousand inputs, five thousand workers; a tenth of the outputs and inputs under the
# sanitizers.

load common

setup() {
  common_setup
  streams=$(sanitized 1000 10000)
}

# Skips unless a process may have so many descriptors.
need_descriptors() {
  (( $(ulimit -Hn) >= $1 )) || skip "the hard limit of descriptors is $(ulimit -Hn), below $1 (ulimit -Hn)"
}

# Files are made durable one by one, which only a file system in memory does quickly.
@test "distribute: 10,000 files" {
  need_descriptors $((streams + 100))
  [ -w /dev/shm ] || skip "no file system in memory at /dev/shm"
  seq $((3 * streams)) >in
  out=$(mktemp -d /dev/shm/mrf-test.XXXXXX)
  mapfile -t names < <(seq -f "$out/%05.0f" 0 $((streams - 1)))
  timeout 300 "$BIN/mrf-distribute" -c 1 -i in "${names[@]}" && status=0 || status=$?
  cat "$out"/* >all
  first=$(cat "$out/00000") last=$(cat "${names[-1]}")
  rm -r "$out"
  [ "$status" -eq 0 ]
  [ "$first" = "$(seq 1 "$streams" $((3 * streams)))" ]
  [ "$last" = "$(seq "$streams" "$streams" $((3 * streams)))" ]
  sort -n all | cmp - in
}

# One reader has all FIFOs open, as mrf-collect has.
@test "distribute and collect: 10,000 FIFOs, in every order" {
  need_descriptors $((streams + 100))
  seq $((3 * streams)) >in
  mkdir fifo
  mapfile -t names < <(seq -f 'fifo/%05.0f' 0 $((streams - 1)))
  mkfifo "${names[@]}"
  for order in rows seq any concat; do
    numbers=()
    [[ $order != seq ]] || numbers=(--seq)
    timeout 300 "$BIN/mrf-collect" --order "$order" -c 1 -o "$order" "${names[@]}" 3>&- &
    collect=$!
    timeout 300 "$BIN/mrf-distribute" "${numbers[@]}" -c 1 -i in "${names[@]}"
    wait "$collect"
  done
  cmp rows in
  cmp seq in
  sort -n any | cmp - in
  sort -n concat | cmp - in
  [ "$(sed -n '1,4p' concat | paste -sd' ')" = "1 $((streams + 1)) $((2 * streams + 1)) 2" ]
}

@test "collect: 10,000 files" {
  need_descriptors $((streams + 100))
  mkdir part
  seq $((3 * streams)) | split -l 3 -d -a 5 - part/
  timeout 300 "$BIN/mrf-collect" --order concat -o out part/*
  seq $((3 * streams)) | cmp - out
}

# The processor time of 20,000 lines, one at a time, through 2,000 streams is less than FACTOR times that through 20:
# what looks at all streams for each line takes 20 to 500 times as much.
one_line_of_many() {
  local few many
  few=$("$BATS_TEST_DIRNAME/one_at_a_time.py" "$2" 20 20000 "${@:3}")
  many=$("$BATS_TEST_DIRNAME/one_at_a_time.py" "$2" 2000 20000 "${@:3}")
  echo "$*: $few ms with 20 streams, $many ms with 2,000"
  (( many < $1 * few ))
}

# bats test_tags=unsanitized
@test "what a line costs does not follow from how many inputs or outputs there are" {
  need_descriptors 4100
  one_line_of_many 5 collect "$BIN/mrf-collect" --order any
  one_line_of_many 5 distribute "$BIN/mrf-distribute" -c 1
  one_line_of_many 5 distribute "$BIN/mrf-distribute" -c 1 --balance
  one_line_of_many 5 distribute "$BIN/mrf-distribute" --key column:1
  # FIFOs without a reader are tried again all the time, in a tenth of it at most.
  one_line_of_many 30 distribute-to-one "$BIN/mrf-distribute" -c 1 --balance
}
