#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load common
load distribute

@test "records go round in chunks, from a file and from a pipe" {
  seq 1 10 >in
  for way in file pipe; do
    if [[ $way == file ]]; then distribute_to "a b" -c 3 -i in; else
      cat in | { distribute_to "a b" -c 3; declare -p status stderr >result; }
      source result
    fi
    assert_status 0
    assert_stderr_is ""
    same a.out '1\n2\n3\n7\n8\n9\n'
    same b.out '4\n5\n6\n10\n'
    rm a b
  done
}

@test "the default chunk has 1000 records" {
  seq 1 2500 >in
  distribute_to "a b" -i in
  assert_status 0
  cmp a.out <(seq 1 1000; seq 2001 2500)
  cmp b.out <(seq 1001 2000)
}

@test "chunks in bytes are cut at record boundaries" {
  printf 'aa\nbbb\ncccccccccc\nd\ne\n' >in
  distribute_to "a b" --chunk-bytes 7 -i in
  assert_status 0
  same a.out 'aa\nbbb\nd\ne\n'
  same b.out 'cccccccccc\n'
}

@test "large chunks of a file arrive as they are" {
  for i in {1..40}; do head -c 20000 /dev/zero | tr '\0' "$((i % 10))"; echo; done >in
  distribute_to "a b" --chunk-bytes 100K -i in
  assert_status 0
  cmp <(sort in) <(sort a.out b.out)
  [[ $(wc -l <a.out) == 20 ]]
}

@test "every record form" {
  printf '1\n2\n3\n4\n5\n6\n' >lines
  distribute_to "a b" --record lines:2 -c 1 -i lines
  assert_status 0
  same a.out '1\n2\n5\n6\n'
  printf '@r\nA\n+\n@\n@s\nC\n+\n+\n' >fastq
  distribute_to "c d" --record fastq -c 1 -i fastq
  assert_status 0
  same d.out '@s\nC\n+\n+\n'
  printf 'a\n\0b\0' >nul
  distribute_to "e f" --record nul -c 1 -i nul
  assert_status 0
  same e.out 'a\n\0'
  printf '123456' >fixed
  distribute_to "g h" --record fixed:3 -c 1 -i fixed
  assert_status 0
  same h.out '456'
}

@test "records out of step or cut short are bad data, with the number" {
  printf '@r\nA\n+\n@\nC\n+\n+\n@s\n' >in
  distribute_to "a b" --record fastq -c 1 -i in
  assert_status 3
  assert_stderr_has "mrf-distribute: cannot read 'in': record 2 (line 5) does not start with '@': "
  same a.out '@r\nA\n+\n@\n*'
  printf '12345' >in
  distribute_to "c d" --record fixed:3 -c 1 -i in
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'in': the last record has 2 bytes of 3"
  same c.out '123'
}

@test "a last line without newline is given one; empty lines, CR and NUL are kept" {
  printf 'a\r\n\n\0\nlast' >in
  distribute_to "a b" -c 1 -i in
  assert_status 0
  same a.out 'a\r\n\0\n'
  same b.out '\nlast\n'
}

@test "a file on standard input is at its end for who reads on" {
  seq 5 >in
  gzip -k in
  for options in "" "--chunk-bytes 1" "--key name"; do
    # shellcheck disable=SC2086
    [[ $( (mrf-distribute $options a && wc -c) <in) == 0 ]]
  done
  [[ $( (mrf-distribute a && wc -c) <in.gz) == 0 ]]
  same a '1\n2\n3\n4\n5\n'
}

@test "an empty input gives every output its end" {
  : >in
  distribute_to "a b" -i in
  assert_status 0
  assert_stderr_is ""
  same a.out ''
  same b.out ''
}

@test "several inputs are one stream, and only the first header counts" {
  sam >one
  sam | gzip >two
  printf 'r9\t4' >three
  distribute_to "a b" --sam -c 2 --header-to head.out -i one -i two -i three
  assert_status 0
  same a.out 'r1\t4\nr2\t4\nr2\t4\nr3\t4\n'
  same b.out 'r3\t4\nr1\t4\nr9\t4\n'
  cmp head.out <(sam | head -n 2)
}

@test "gzip of many members, from a file and from a pipe" {
  { seq 1 5 | gzip; gzip </dev/null; seq 6 9 | gzip; } >in.gz
  distribute_to "a" -i in.gz
  assert_status 0
  cmp a.out <(seq 1 9)
  distribute_to "b" -i <(cat in.gz)
  assert_status 0
  cmp b.out <(seq 1 9)
}

@test "a truncated or damaged gzip is bad data" {
  seq 1 5000 | gzip >whole.gz
  head -c 3000 whole.gz >in.gz
  distribute_to "a" -i in.gz
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'in.gz': truncated gzip stream"
  head -c -8 whole.gz >in.gz
  printf 'xxxxxxxx' >>in.gz
  distribute_to "b" -i in.gz
  assert_status 3
  assert_stderr_has "cannot read 'in.gz': incorrect "
}

@test "the header goes to its output, which is closed before the records are read" {
  mkfifo in head a
  # The writer of the records waits for the end of the header.
  { sam | head -n 2; printf r; cat head >head.out; printf '1\t4\n'; } >in 3>&- &
  cat a >a.out 3>&- &
  run_apart mrf-distribute --sam --header-to head -i in a
  wait
  assert_status 0
  same a.out 'r1\t4\n'
  cmp head.out <(sam | head -n 2)
}

@test "the header goes to every output, and to its own too" {
  sam >in
  distribute_to "a b" --sam -c 1 --header-broadcast --header-to head.out -i in
  assert_status 0
  cmp head.out <(sam | head -n 2)
  cmp a.out <(sam | grep -v r2)
  cmp b.out <(sam | grep -v 'r[13]')
}

@test "a header by prefix and by count; without an output it is dropped" {
  printf '##a\n#b\nc\n#d\n' >in
  distribute_to "a" --header-prefix '#' --header-to prefix.out -i in
  assert_status 0
  same a.out 'c\n#d\n'
  same prefix.out '##a\n#b\n'
  distribute_to "b" --header-lines 3 -i in
  assert_status 0
  same b.out '#d\n'
  printf '#only' >in
  distribute_to "c" --header-lines 3 --header-broadcast -i in
  assert_status 0
  same c.out '#only\n'
}

@test "numbers go in front of a record, or into a tag of a SAM line" {
  printf 'x\ny\nz' >in
  distribute_to "a b" --seq -c 1 -i in
  assert_status 0
  same a.out '0\tx\n2\tz\n'
  same b.out '1\ty\n'
  sam >in
  distribute_to "c d" --sam --seq -c 2 -i in
  assert_status 0
  same c.out 'r1\t4\tmi:i:0\nr2\t4\tmi:i:1\n'
  same d.out 'r3\t4\tmi:i:2\n'
}

@test "numbers do not change where chunks in bytes are cut" {
  printf 'aa\nbbb\ncccccccccc\nd\ne\n' >in
  distribute_to "a b" --chunk-bytes 7 --seq -i in
  assert_status 0
  same a.out '0\taa\n1\tbbb\n3\td\n4\te\n'
  same b.out '2\tcccccccccc\n'
}

@test "a record longer than all buffers" {
  { echo short; head -c 30000000 /dev/zero | tr '\0' x; echo; echo end; } >in
  distribute_to "a b" -c 1 -i in
  assert_status 0
  cmp b.out <(sed -n 2p in)
  distribute_to "c d" -c 1 -i <(cat in)
  assert_status 0
  cmp d.out <(sed -n 2p in)
}
