#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-distribute and those it works with: readers that come late, stand still or go away, files, descriptors, and what
# cannot be opened.

load common
load distribute

@test "readers may open in any order, and late" {
  mkfifo a b c
  seq 1 9 >in
  mrf-distribute -c 1 -i in a b c 3>&- &
  cat c >c.out && cat b >b.out && cat a >a.out
  wait $!
  same a.out '1\n4\n7\n'
  same c.out '3\n6\n9\n'
}

@test "a reader that stands still does not stop the others" {
  mkfifo slow fast
  seq 1 2000000 >in
  mrf-distribute -c 1 slow fast <in 3>&- &
  exec {held}<slow
  # Everything for the other output comes before anything is taken from this one.
  cat fast >fast.out
  cat <&$held >slow.out
  wait $!
  cmp slow.out <(seq 1 2 2000000)
  cmp fast.out <(seq 2 2 2000000)
}

@test "what was read goes out while the input pauses" {
  mkfifo in a
  mrf-distribute -i in a 3>&- &
  exec {writer}>in {reader}<a
  echo first >&$writer
  read -r line <&$reader
  exec {writer}>&-
  wait $!
  [[ $line == first ]]
}

@test "a reader that goes away is named, and the others get their end" {
  mkfifo gone stays
  seq 1 1000000 >in
  exec {held}<>stays
  head -c 10 gone >/dev/null 3>&- {held}>&- &
  cat stays >stays.out 3>&- {held}>&- &
  wait_until has_opened stays cat
  run_apart mrf-distribute -c 10 -i in gone stays {held}>&-
  exec {held}>&-
  wait
  assert_status 1
  assert_stderr_is "mrf-distribute: cannot write 'gone': Broken pipe"
  [[ $(tail -c 1 stays.out | od -An -c) == *'\n'* ]]
}

@test "SAM and FASTQ that fail are not taken for the whole by who reads them" {
  mrf-bamread "$(small_bam 1000)" | gzip | head -c 20000 >in.sam.gz
  seq 1000 | sed 's/.*/@r&\nACGT\n+\nIIII/' >in.fastq
  echo @r >>in.fastq
  mkfifo sam{1,2} fastq{1,2}
  exec {sam1}<>sam1 {sam2}<>sam2
  for number in 1 2; do
    (exec {sam1}>&- {sam2}>&- && mrf-bamwrite -o "out$number.bam" "sam$number" || echo $? >"sam$number.status") \
      2>/dev/null 3>&- &
    wait_until has_opened "sam$number" mrf-bamwrite
  done
  run_apart mrf-distribute --sam --header-broadcast -c 10 -i in.sam.gz sam1 sam2
  exec {sam1}>&- {sam2}>&-
  assert_status 3
  wait
  exec {fastq1}<>fastq1 {fastq2}<>fastq2
  for number in 1 2; do
    (exec {fastq1}>&- {fastq2}>&- && mrf-collect --record fastq -o "out$number.fq" "fastq$number" ||
      echo $? >"fastq$number.status") 2>/dev/null 3>&- &
    wait_until has_opened "fastq$number" mrf-collect
  done
  run_apart mrf-distribute --record fastq -c 10 -i in.fastq fastq1 fastq2
  exec {fastq1}>&- {fastq2}>&-
  assert_status 3
  wait
  [[ $(cat ./*.status) == $'3\n3\n3\n3' ]]
  [[ ! -e out1.bam && ! -e out2.bam && ! -e out1.fq && ! -e out2.fq ]]
}

@test "standard output that closes early ends the program by SIGPIPE, without a message" {
  seq 1 300000 >in
  run_apart bash -c 'mrf-distribute -i in - | head -c 10 >/dev/null; exit ${PIPESTATUS[0]}'
  assert_status 141
  assert_stderr_is ""
}

@test "standard output as an output leaves the pipe's flags alone" {
  seq 1 50000 >in
  { mrf-distribute -i in - && echo end; } | cat >out
  cmp out <(cat in; echo end)
}

@test "regular files appear on success and are left alone after a failure" {
  seq 1 4 >in
  echo old >a
  run_apart mrf-distribute -c 1 -i in a b
  assert_status 0
  same a '1\n3\n'
  same b '2\n4\n'
  run_apart mrf-distribute --record lines:3 -c 1 -i in a new
  assert_status 3
  same a '1\n3\n'
  assert_files a b in
}

@test "a process substitution gets its end when the header is over" {
  sam >in
  mkfifo in.late
  # This shell has let go of its end when the program runs; the program's own is what counts.
  bash -c 'exec mrf-distribute --sam --header-to >(cat >head.out; : >header-ended) -i in.late a' 3>&- &
  exec {writer}>in.late
  cat in >&$writer
  wait_until test -e header-ended
  exec {writer}>&-
  wait $!
  cmp head.out <(sam | head -n 2)
}

@test "one output given twice is refused" {
  mkfifo a
  for twice in a ./a; do
    run_apart mrf-distribute a "$twice" </dev/null
    assert_status 2
    assert_stderr_is "mrf-distribute: cannot use output '$twice': the same file as 'a'; try 'mrf-distribute --help'"
  done
  run_apart mrf-distribute --sam --header-to new "$PWD/new" </dev/null
  assert_status 2
  assert_stderr_has "the same file as '$PWD/new'"
  run_apart mrf-distribute /dev/null /dev/null </dev/null
  assert_status 0
}

@test "names that lead to one file which is not there yet are one output" {
  seq 4 >in
  mkdir d
  ln -s tt to
  ln -s to via
  ln -s ../tt d/far
  for pair in "to tt" "tt to" "to via" "via d/far" "d/../tt to"; do
    # shellcheck disable=SC2086
    run_apart mrf-distribute -i in -c 1 $pair
    assert_status 2
    assert_stderr_is "mrf-distribute: cannot use output '${pair#* }': the same file as '${pair% *}'; try 'mrf-distribute --help'"
  done
  assert_files in d to via d/far
}

@test "a FIFO that is read is not written" {
  mkfifo f
  seq 4 >in
  for words in "-i f f" "-i in -i f a ./f" "-i in --key name --map f f" "-i in --sam --header-to in -i f f"; do
    # shellcheck disable=SC2086
    run_apart timeout 300 mrf-distribute $words
    assert_status 2
    assert_stderr_is "mrf-distribute: cannot use output '${words##* }': the same FIFO as input 'f'; try 'mrf-distribute --help'"
  done
  run_apart mrf-distribute -i in in
  assert_status 0
  [[ $(<in) == "$(seq 4)" ]]
}

@test "a map that can be read once is no input" {
  printf 'a\t0\n' >in
  mkfifo f
  refused() {
    run_apart timeout 300 mrf-distribute --key column:1 --map "$@" a <in
    assert_status 2 &&
      assert_stderr_is "mrf-distribute: cannot use map '$1': an input, too, and can be read once; try 'mrf-distribute --help'"
  }
  refused -
  refused - -i in -i -
  refused f -i f
  refused ./f -i in -i f
  refused f --record fastq -i in --mate f b
  run_apart mrf-distribute --key column:1 --map in -i in a
  assert_status 0
  same a 'a\t0\n'
}

@test "an input that can be read once is not given twice" {
  mkfifo f
  ln -s f g
  for second in f ./f g; do
    run_apart mrf-distribute -i f -i "$second" a
    assert_status 2
    assert_stderr_is "mrf-distribute: cannot use input '$second': given twice, and can be read once; try 'mrf-distribute --help'"
  done
  run_apart mrf-distribute -i - -i - a </dev/null
  assert_status 2
  run_apart mrf-distribute --record fastq -i f --mate g a b
  assert_status 2
  assert_stderr_is "mrf-distribute: cannot use input 'g': given twice, and no file has its own mates; try 'mrf-distribute --help'"
  printf 'x\n' >in
  run_apart mrf-distribute -i in -i - -i in a <in
  assert_status 0
  same a 'x\nx\nx\n'
  run_apart mrf-distribute -i in --mate ./in a b
  assert_status 2
}

@test "what cannot be opened is named" {
  run_apart mrf-distribute -i missing a
  assert_status 1
  assert_stderr_is "mrf-distribute: cannot open 'missing': No such file or directory"
  run_apart mrf-distribute -i . a
  assert_status 1
  assert_stderr_is "mrf-distribute: cannot open '.': Is a directory"
  run_apart mrf-distribute no/such/a </dev/null
  assert_status 1
  assert_stderr_is "mrf-distribute: cannot open 'no/such/a': No such file or directory"
  assert_files
}

@test "a full disk" {
  seq 1 300000 >in
  run_apart with_small_disk 64K mrf-distribute -i in disk/a
  assert_status 1
  assert_stderr_is "mrf-distribute: cannot write 'disk/a': No space left on device"
}

@test "options that contradict each other are refused" {
  refused() {
    run_apart mrf-distribute "${@:2}" </dev/null
    assert_status 2 && assert_stderr_is "mrf-distribute: cannot use $1; try 'mrf-distribute --help'" &&
      assert_output_is ""
  }
  refused "command line 'arguments': no OUTPUT is given"
  refused "option '--chunk-size': not together with --chunk-bytes" -c 5 --chunk-bytes 5 a
  refused "option '--header-prefix': not together with --sam" --sam --header-prefix x a
  refused "option '--header-to': no header is named by --sam, --header-prefix or --header-lines" --header-to h a
  refused "option '--sam': SAM records are lines, not fastq" --sam --record fastq a
  refused "option '--seq': records of fixed:3 have no room for a number" --seq --record fixed:3 a
  refused "option '--chunk-size': 0 records are no chunk" -c 0 a
  refused "record form 'lines:0': a number from 1 on is to follow the colon" --record lines:0 a
  assert_files
}

@test "statistics name every output" {
  seq 1 10 >in
  run_apart mrf-distribute -c 3 -i in --stats stats a b
  assert_status 0
  run jq -c '[.tool, .records_in, .records_out, .bytes_in, .bytes_out, .outputs]' stats
  [[ $output == '["mrf-distribute",10,10,21,21,[{"name":"a","records":6,"bytes":12},{"name":"b","records":4,"bytes":9}]]' ]]
}

@test "the bytes of each input are those stored, and add up" {
  seq 100000 | gzip >in.gz
  seq 100000 | bgzip >in.bgz
  echo x >in
  printf 'x\t0\n' >map
  size() { cat "$@" | wc -c; }
  run_apart mrf-distribute --stats stats -i in.gz -i <(cat in.bgz) -i in -i - a b <in.bgz
  assert_status 0
  [[ $(jq -c '[.bytes_in, .inputs[].bytes]' stats) == "[$(size in.gz in.bgz in in.bgz),$(size in.gz),$(size in.bgz),2,$(size in.bgz)]" ]]
  [[ $(jq -c '[.inputs[].records]' stats) == '[100000,100000,1,100000]' ]]
  run_apart mrf-distribute --key column:1 --map map --stats stats -i in a b
  [[ $(jq -c '[.bytes_in, .inputs]' stats) == '[6,[{"name":"in","records":1,"bytes":2}]]' ]]
}

@test "--verbose says what was read and written; nothing is said without it" {
  seq 1 10 >in
  run_apart mrf-distribute -v -c 3 -i in a b
  assert_status 0
  assert_stderr_is "mrf-distribute: read 10 records from 'in'
mrf-distribute: wrote 6 records to 'a'
mrf-distribute: wrote 4 records to 'b'"
  run_apart mrf-distribute -c 3 -i in a b
  assert_status 0
  assert_stderr_is ""
}
