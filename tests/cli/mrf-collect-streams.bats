#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What goes into mrf-collect and comes out of it, apart from the orders.

load common

put() { printf '%b' "$2" >"$1"; }

@test "records of several lines, FASTQ, NUL and fixed size" {
  put a '@1\nA\n+\nI\n@3\nC\n+\nI'
  put b '@2\nG\n+\nI\n'
  run_apart mrf-collect --record fastq -c 1 a b
  assert_status 0
  assert_output_is $'@1\nA\n+\nI\n@2\nG\n+\nI\n@3\nC\n+\nI'
  run_apart mrf-collect --record lines:4 -c 1 a b
  assert_status 0
  put a '1\x003\x00'
  put b '2'
  run bash -o pipefail -c "mrf-collect --record nul -c 1 a b | tr '\\0' ' '"
  assert_output_is '1 2 3 '
  put a 'AACC'
  put b 'BB'
  run_apart mrf-collect --record fixed:2 -c 1 a b
  assert_status 0
  assert_output_is AABBCC
}

@test "an input that ends inside a record" {
  put a '@1\nA\n+\nI\n@2\n'
  run_apart mrf-collect --record fastq a
  assert_status 3
  assert_stderr_is "mrf-collect: cannot read 'a': record 2 (line 6) is truncated: it has 1 lines of 4"
  run_apart mrf-collect --record fixed:100 a
  assert_status 3
  assert_stderr_has "cannot read 'a': the last record has"
}

@test "FASTQ with numbers in front" {
  put a '0\t@1\nA\n+\nI\n2\t@3\nC\n+\nI\n'
  put b '1\t@2\nG\n+\nI\n'
  run_apart mrf-collect --record fastq --order seq a b
  assert_status 0
  assert_output_is $'@1\nA\n+\nI\n@2\nG\n+\nI\n@3\nC\n+\nI'
}

@test "a result file has its name only after success" {
  put a '1\n'
  put b '2\n3\n'
  run_apart mrf-collect -c 1 -o out a b
  assert_status 3
  assert_files a b
  run_apart mrf-collect -c 1 --ragged -o out a b
  assert_status 0
  assert_files a b out
  [[ $(cat out) == "$(seq 3)" ]]
}

@test "a full device and a reader that goes away" {
  seq 1000000 >a
  run_apart mrf-collect -o /dev/full a
  assert_status 1
  assert_stderr_is "mrf-collect: cannot write '/dev/full': No space left on device"
  run bash -c 'mrf-collect a 2>err | head -n 1; echo ${PIPESTATUS[0]}'
  assert_output_is $'1\n141'
  [[ ! -s err ]]
  mkfifo pipe
  for spool in "" --spool; do
    head -n 1 pipe >first 3>&- &
    # shellcheck disable=SC2086
    run_apart timeout 300 mrf-collect --order any $spool -o pipe a
    wait
    assert_status 141
    assert_stderr_is ''
    [ "$(cat first)" = 1 ]
  done
}

@test "a file that becomes shorter while it is read is an error" {
  seq 200000 >a
  mkfifo b out
  timeout 60 mrf-collect --ragged -c 1 a b >out 2>err 3>&- &
  run=$!
  exec 7<out 8>b
  # What it has read of a is written: now it waits for b.
  read -r first <&7
  truncate -s "$(head -n 100000 a | wc -c)" a
  exec 8>&-
  cat <&7 >/dev/null
  exec 7<&-
  status=0
  wait "$run" || status=$?
  [[ $first == 1 && $status == 1 ]]
  [ "$(cat err)" = "mrf-collect: cannot read 'a': the file became shorter" ]
}

@test "inputs that are not there, directories, the same one twice" {
  put a '1\n'
  run_apart mrf-collect a none
  assert_status 1
  assert_stderr_is "mrf-collect: cannot open 'none': No such file or directory"
  run_apart mrf-collect .
  assert_status 1
  assert_stderr_is "mrf-collect: cannot open '.': Is a directory"
  ln a b
  run_apart mrf-collect a b
  assert_status 2
  assert_stderr_is "mrf-collect: cannot use input 'b': given twice; try 'mrf-collect --help'"
  run_apart mrf-collect - - </dev/null
  assert_status 2
}

@test "a FIFO or file that is read is not written" {
  mkfifo f
  run_apart timeout 300 mrf-collect -o f f
  assert_status 2
  assert_stderr_is "mrf-collect: cannot use output 'f': the same file as input 'f'; try 'mrf-collect --help'"
  put a '1\n'
  run_apart timeout 300 bash -c 'ulimit -f 1000; mrf-collect a >>a'
  assert_status 2
  assert_stderr_is "mrf-collect: cannot use output 'standard output': the same file as input 'a'; try 'mrf-collect --help'"
  run_apart mrf-collect -o a a
  assert_status 0
  [[ $(<a) == 1 ]]
}

@test "what is no more there after its end is not opened again" {
  run_apart mrf-collect --reopen 2 <(seq 3)
  assert_status 2
  assert_stderr_has "mrf-collect: cannot use option '--reopen': '/dev/fd/"
  assert_stderr_has "', a pipe without a name, cannot be opened again; try 'mrf-collect --help'"
}

@test "options that make no sense" {
  put a '1\n'
  for words in '' '--order sorted a' '-c 0 a' '-c x a' '--record bam --header a b' '--sam --record nul a' \
    '--order seq --record fixed:3 a' '--order any --ragged a' '-l 6 a' '-l 10 -o x.gz a' '--buffer x a' '--reopen 0 a' \
    '--reopen 2 -' '--log-format x a' '--log-every 1 --log-format {x} a' '--log-every 1 --log-format } a'; do
    # shellcheck disable=SC2086
    run_apart mrf-collect $words
    assert_status 2
    [[ -z $output && $stderr == "mrf-collect: cannot "*"try 'mrf-collect --help'" && $stderr != *$'\n'* ]] ||
      show_result "expected a usage error for: $words"
  done
  assert_files a
}

@test "the statistics count each input and the output" {
  put a '1\n22\n'
  put b '3\n'
  run_apart mrf-collect -c 1 --stats stats a b
  assert_status 0
  [[ $(cat stats) == *'"records_in":3,"records_out":3,'*'"bytes_in":7,"bytes_out":7,'* ]]
  [[ $(cat stats) == *'"inputs":[{"name":"a","records":2,"bytes":5},{"name":"b","records":1,"bytes":2}],'* ]]
  [[ $(cat stats) == *'"outputs":[{"name":"-","records":3,"bytes":7}]}' ]]
  put header 'x\n'
  run_apart mrf-collect -c 1 --header header --stats stats -o out.gz a b
  [[ $(jq -c .outputs stats) == '[{"name":"out.gz","records":3,"bytes":'"$(stat -c %s out.gz)"'}]' ]]
  put a '1\n'
  put a '1\n'
  put b '2\n3\n'
  run_apart mrf-collect -c 1 --stats stats -o out a b
  assert_status 3
  [[ $(jq -c '[.records_in, .outputs[0].name, .outputs[0].records]' stats) == '[3,"out",2]' ]]
}

@test "the statistics name every input when none can be read" {
  put a '1\n'
  run_apart mrf-collect --stats stats none a
  assert_status 1
  [[ $(jq -c .inputs stats) == '[{"name":"none","records":0,"bytes":0},{"name":"a","records":0,"bytes":0}]' ]]
}

@test "more inputs than the soft limit of open files" {
  (($(ulimit -Hn) > 400)) || skip "the hard limit is low"
  ulimit -Sn 64
  for i in $(seq 1000 1299); do echo "$i" >"in.$i"; done
  run_apart mrf-collect -c 1 in.*
  assert_status 0
  assert_output_is "$(seq 1000 1299)"
}
