#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load common

columns=$'r\t0\tchr1\t1\t60\t4M\t*\t0\t0\tACGT\tIIII'

put() { printf '%b' "$2" >"$1"; }

@test "rows restores what was distributed, with a short last turn" {
  put a '1\n2\n5\n6\n9\n'
  put b '3\n4\n7\n8\n'
  run_apart mrf-collect -c 2 a b
  assert_status 0
  assert_output_is "$(seq 9)"
  assert_stderr_is ''
}

@test "rows with counts that do not fit" {
  put a '1\n2\n5\n'
  put b '3\n4\n6\n'
  run_apart mrf-collect -c 2 a b
  assert_status 3
  assert_stderr_is "mrf-collect: cannot collect 'b': it goes on in its turn after 'a' ended with 3 records: the counts do not fit"
  put a ''
  run_apart mrf-collect -c 2 a b
  assert_status 3
  assert_stderr_has "after 'a' ended with 0 records"
  put b '1\n2\n'
  run_apart mrf-collect -c 2 b a
  assert_status 0
}

@test "rows with --ragged goes on without the inputs that are over" {
  put a '1\n'
  put b '2\n3\n4\n'
  put c ''
  run_apart mrf-collect -c 1 --ragged a b c
  assert_status 0
  assert_output_is "$(seq 4)"
}

@test "seq with a column: dropped and doubled records, any spread" {
  put a '0\tzero\n3\tthree\n3\tTHREE\n'
  put b '1\tone\n7\t7\tseven\n'
  put c ''
  run_apart mrf-collect --order seq a b c
  assert_status 0
  assert_output_is $'zero\none\nthree\nTHREE\n7\tseven'
}

@test "seq with a number in two inputs is bad data, and names both" {
  put a '0\tzero\n1\tone\n4\tfour\n'
  put b '2\ttwo\n4\tother\n'
  run_apart mrf-collect --order seq -o out a b
  assert_status 3
  assert_stderr_has "cannot collect 'b': record 2 has the sequence number 4, as a record of 'a' has: a filter replaced"
  [ ! -e out ]
  seq 100 | awk '{ print $0 % 5 "\t" $0 }' >in.txt
  run_apart mrf-run -n 3 -c 10 --order seq -i in.txt -o out -- awk -F'\t' '{ $1 = int(NR / 2); print }' OFS='\t'
  assert_status 3
  assert_stderr_has "has the sequence number 0, as a record of"
  [ ! -e out ]
}

@test "seq with SAM tags, also behind other tags" {
  printf '%s\tmi:i:1\n%s\tXX:Z:a\tmi:i:2\tNM:i:0\n' "$columns" "$columns" >a
  printf '%s\tYY:Z:b\tmi:i:0\n' "$columns" >b
  run_apart mrf-collect --sam --order seq a b
  assert_status 0
  assert_output_is "$columns"$'\tYY:Z:b\n'"$columns"$'\n'"$columns"$'\tXX:Z:a\tNM:i:0'
}

@test "seq with a number that is missing, is none, or runs backwards" {
  for lost in x 'zwei\tx'; do
    put a "0\tx\n$lost\n"
    run_apart mrf-collect --order seq a
    assert_status 3
    assert_stderr_is "mrf-collect: cannot collect 'a': record 2 has no sequence number: the filter lost the number in front of it: '$lost'; --order rows and any need no number"
  done
  put a '5\tx\n6\tx\n4\tx\n'
  run_apart mrf-collect --order seq a
  assert_status 3
  assert_stderr_is "mrf-collect: cannot collect 'a': record 3 has sequence number 4, less than 6 before it"
  put a '4294967296\tx\n'
  run_apart mrf-collect --order seq a
  assert_status 3
  put a '-1\tx\n'
  run_apart mrf-collect --order seq a
  assert_status 3
  printf '%s\tmi:i:x\n' "$columns" >a
  run_apart mrf-collect --sam --order seq a
  assert_status 3
  printf '%s\n' "$columns" >a
  run_apart mrf-collect --sam --order seq a
  assert_status 3
  assert_stderr_is "mrf-collect: cannot collect 'a': record 1 has no sequence number: the filter lost the tag mi:i: at its end: '${columns//$'\t'/\\t}'; --order rows and any need no number"
}

@test "seq with a tag of the filter's own, whatever its place" {
  for tags in $'mi:i:100\tmi:i:0' $'mi:i:0\tNM:i:1\tmi:i:100' $'mi:i:0\tmi:i:7\tNM:i:1'; do
    printf '%s\t%s\n' "$columns" "$tags" >a
    run_apart mrf-collect --sam --order seq a
    assert_status 3
    assert_stderr_has "record 1 has the tag mi:i: twice, so that one of them is its own: '"
    (printf '@SQ\tSN:chr1\tLN:9\n' && cat a) | samtools view --no-PG -b -o a.bam -
    run_apart mrf-collect --record bam --order seq -o out a.bam
    assert_status 3
    assert_stderr_is "mrf-collect: cannot collect 'a.bam': record 1 has the tag mi twice, so that one of them is its own: read 'r'; --order rows and any need no number"
  done
  # The same letters in a name or a column are no tag.
  printf 'mi:i:4\t0\tmi:i:5\t1\t60\t4M\t*\t0\t0\tACGT\tIIII\tXX:Z:mi:i:6\tmi:i:0\n' >a
  run_apart mrf-collect --sam --order seq a
  assert_status 0
  assert_output_is $'mi:i:4\t0\tmi:i:5\t1\t60\t4M\t*\t0\t0\tACGT\tIIII\tXX:Z:mi:i:6'
}

@test "seq with nearly 2^30 numbers missing, and with more" {
  run_apart mrf-collect --order seq - < <(printf '0\ta\n1073741824\tb\n2147483647\tc\n5\td\n')
  assert_status 0
  assert_output_is $'a\nb\nc\nd'
  run_apart mrf-collect --order seq - < <(printf '0\ta\n1073741825\tb\n')
  assert_status 3
  assert_stderr_is "mrf-collect: cannot collect 'standard input': record 2 has sequence number 1073741825, more than 2^30 after 0 before it"
}

@test "concat and any" {
  put a '1\n2'
  put b '3\n'
  run_apart mrf-collect --order concat a b
  assert_status 0
  assert_output_is $'1\n2\n3'
  run bash -o pipefail -c 'mrf-collect --order any a b | sort'
  assert_status 0
  assert_output_is $'1\n2\n3'
}

@test "any never mixes records, however they arrive" {
  mkfifo a b
  mrf-collect --order any a b >out 3>&- &
  exec 8>a 9>b
  for n in {1..50}; do
    printf 'a%s-' "$n" >&8
    printf 'b%s-' "$n" >&9
    head -c 70000 /dev/zero | tr '\0' b >&9
    printf 'a%s\n' "$n" >&8
    printf 'b%s\n' "$n" >&9
  done
  printf 'last of a' >&8
  printf 'last of b' >&9
  exec 8>&- 9>&-
  wait $!
  [[ $(grep -c '^a\([0-9]*\)-a\1$' out) == 50 && $(grep -c '^b\([0-9]*\)-bb*\1$' out) == 50 ]]
  cmp <(grep -x 'last of [ab]' out | sort) <(printf 'last of a\nlast of b\n')
  [[ $(wc -l <out) == 102 && $(awk 'length > 70000' out | wc -l) == 50 ]]
  cmp <(grep -o '^a[0-9]*-' out) <(printf 'a%s-\n' {1..50})
}

@test "the first input's header is the header, the others' are dropped" {
  printf '@HD\tVN:1.6\n@CO\t1\n%s\n' "$columns" >a
  printf '@HD\tVN:1.6\n@CO\t2\n%s\n' "$columns" >b
  for order in rows any concat; do
    run_apart mrf-collect --sam -c 1 --order $order a b
    assert_status 0
    assert_output_is $'@HD\tVN:1.6\n@CO\t1\n'"$columns"$'\n'"$columns"
  done
  run_apart mrf-collect --order concat a b
  assert_status 0
  assert_output_is "$(cat a b)"
}

@test "a header alone, without its newline" {
  printf '@CO\tx' >a
  run_apart mrf-collect --sam a
  assert_status 0
  assert_output_is $'@CO\tx'
}

@test "a header from a FIFO that comes last, or from a file" {
  printf '@CO\told\n%s\n' "$columns" >a
  mkfifo header in
  mrf-collect --sam --header header in >out 3>&- &
  cat a >in
  printf '@CO\tnew' >header
  wait $!
  [[ $(cat out) == $'@CO\tnew\n'"$columns" ]]
  printf '@CO\ttext\n' >text
  run_apart mrf-collect --sam --header-text text a
  assert_status 0
  assert_output_is $'@CO\ttext\n'"$columns"
  run_apart mrf-collect --header text --header-text text a
  assert_status 2
}

@test "FIFOs may be opened in any order, and an input may be silent until its end" {
  mkfifo a b c
  mrf-collect -c 1 --buffer 1M a b c >out 3>&- &
  collect=$!
  yes later | head -n 3000000 >c
  yes later | head -n 3000000 >b
  yes first | head -n 3000000 >a
  wait $collect
  [[ $(head -n 4 out) == $'first\nlater\nlater\nfirst' ]]
  [[ $(wc -l <out) == 9000000 ]]
  assert_nothing_left
}

@test "standard input is an input" {
  put a '1\n3\n'
  run_apart bash -c "printf '2\n4\n' | mrf-collect -c 1 a -"
  assert_status 0
  assert_output_is "$(seq 4)"
  run_apart mrf-collect a /dev/fd/0 < <(printf '')
  assert_status 0
}


@test "--verbose says what was read and written" {
  seq 1 6 >a
  seq 7 9 >b
  run_apart mrf-collect -v --order concat -o all a b
  assert_status 0
  assert_stderr_is "mrf-collect: read 6 records from 'a'
mrf-collect: read 3 records from 'b'
mrf-collect: wrote 9 records to 'all'"
  run_apart mrf-collect -v - <a
  assert_stderr_is "mrf-collect: read 6 records from 'standard input'
mrf-collect: wrote 6 records to 'standard output'"
}
