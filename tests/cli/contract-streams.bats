#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What all programs do alike with standard streams, values of options and the file of --stats.

load common

sam() {
  printf '@HD\tVN:1.6\n@SQ\tSN:c\tLN:9\n'
  seq 10 | sed 's/.*/r&\t0\tc\t1\t0\t1M\t*\t0\t0\tA\t*/'
}
# The words of $command, and more.
run_command() {
  local words
  read -ra words <<<"$command"
  run_apart timeout 300 "${words[@]}" "$@"
}

@test "a closed standard input is an error, whatever else is opened" {
  for command in "mrf-distribute -c 1 a b" "mrf-distribute -" "mrf-collect -" mrf-bamread mrf-bamwrite; do
    run bash -c "timeout 300 $command 2>said <&-"
    [[ $status == 1 && $output == "" ]]
    [ "$(cat said)" = "${command%% *}: cannot read 'standard input': Bad file descriptor" ]
    assert_files said
  done
}

@test "a standard stream that is closed, or is none to read, is no input and no result by its name" {
  seq 3 >in
  for name in /dev/stdin /dev/fd/0 /proc/self/fd/0; do
    for command in "mrf-run -n 2 -i $name -o out -- cat" "mrf-run -n 2 -i $name -o out.fq -- cat" \
      "mrf-run -n 2 -i in -o $name -- cat" "mrf-chunks -i $name -- cat" "mrf-distribute -i $name -" \
      "mrf-collect $name" "mrf-bamread $name" "mrf-bamwrite $name"; do
      run bash -c "timeout 300 $command 2>said <&-"
      echo "$command: $status $output $(cat said)"
      [[ $status == 1 && $output == "" ]]
      [[ $(cat said) == mrf-*": cannot "*" '$name': Bad file descriptor"* ]]
      assert_files in said
    done
  done
  for name in /dev/fd/2 /dev/stderr /dev/stdout; do
    for closed in "" "2>&-" ">&-"; do
      run bash -c "timeout 300 mrf-run -n 2 -i $name -o out -- cat $closed"
      [ "$status" = 2 ]
      assert_files in said
    done
  done
  for name in /dev/fd/2 /dev/stderr; do
    run bash -c "timeout 300 mrf-chunks -i $name -- cat 2>&-"
    [ "$status" = 1 ]
  done
  run bash -c "mrf-run -n 2 -i - -o out.sam -- cat 2>&1 <&-"
  [ "$status" = 1 ]
  [ "$output" = "mrf-run: cannot read 'standard input': Bad file descriptor" ]
}

@test "a closed standard output is an error, and no output takes its place" {
  sam >in
  for command in "mrf-distribute -i in -c 1 a -" "mrf-collect in" "mrf-bamread in" "mrf-bamwrite in" \
    "mrf-run --help"; do
    run bash -c "$command 2>said >&-"
    [ "$status" = 1 ]
    [ "$(cat said)" = "${command%% *}: cannot write 'standard output': Bad file descriptor" ]
    assert_files in said
  done
}

@test "a standard output that another process has made not to block is waited for" {
  (sam && seq 11 40000 | sed 's/.*/r&\t0\tc\t1\t0\t1M\t*\t0\t0\tA\t*/') >in
  cat >not_blocking.py <<'END'
import os, subprocess, sys
read_end, write_end = os.pipe()
os.set_blocking(write_end, False)
run = subprocess.Popen(["timeout", "60", *sys.argv[1:]], stdout=write_end)
# Full: whoever writes more without waiting fails.
while True:
    try:
        os.write(write_end, b"\n" * 65536)
    except BlockingIOError:
        break
os.close(write_end)
while data := os.read(read_end, 4096):
    os.write(1, data)
sys.exit(run.wait())
END
  for command in "mrf-distribute -i in -" "mrf-collect in" "mrf-bamread in" "mrf-bamwrite -O sam in" \
    "mrf-chunks -i in -- cat" "mrf-chunks -c 9000 -n 2 --output-record lines:1 -i in -- cat"; do
    read -ra words <<<"$command"
    python3 not_blocking.py "${words[@]}" | grep -v '^$' | cmp - in
  done
}

@test "a closed standard error takes nothing but the messages" {
  sam >in
  mrf-collect -v -o out in 2>&-
  cmp in out
  run bash -c 'mrf-collect -o new no-such-file 2>&-'
  [ "$status" = 1 ]
  assert_files in out
}

@test "/dev/stdout and /dev/stderr are written at their current offset, not replaced" {
  sam >in
  {
    echo before
    mrf-collect -o /dev/stdout in
    mrf-distribute -i in /dev/fd/1
    mrf-bamread -o /proc/self/fd/1 in
    echo after
  } >log
  (echo before && cat in in in && echo after) | cmp - log
  mrf-collect -o /dev/stdout in >>log
  (($(wc -l <log) == 2 + 4 * 12))
  echo before >log
  mrf-collect -o out --stats /dev/stderr in 2>>log
  [[ $(head -n 1 log) == before && $(tail -n 1 log | jq .records_in) == 12 ]]
}

@test "the value of an option may not be empty" {
  sam >in
  while read -r program option rest; do
    command="$program $rest"
    run_command "$option" ''
    assert_status 2
    assert_stderr_is "$program: cannot use option '$option': its value is empty; try '$program --help'"
    assert_files in
  done <<'END'
mrf-distribute --key -i in a
mrf-distribute --map -i in --key name a
mrf-distribute --header-to --sam -i in a
mrf-collect --order -o a in
mrf-collect --header -o a in
mrf-bamread --expr -o a in
mrf-bamwrite --header -o a in
getm-fetch --checksum http://127.0.0.1:1/x a
mrf-run --record w.mrf
END
}

@test "a number that is none, is negative or is too large is named" {
  while read -r value reason; do
    run_apart mrf-distribute -c "$value" a
    assert_status 2
    assert_stderr_has "mrf-distribute: cannot use option '--chunk-size': '$value' is $reason; try "
  done <<'END'
-1 not a whole number of 0 or more
1x not a whole number of 0 or more
0x10 not a whole number of 0 or more
18446744073709551616 too large
END
  run_apart mrf-run --threads 1.5 w.mrf
  assert_status 2
  assert_stderr_is "mrf-run: cannot use option '--threads': '1.5' is not a whole number; try 'mrf-run --help'"
}

@test "-- ends the options" {
  sam >-x
  mrf-collect -o all -- -x
  mrf-bamread -- -x | cmp - all
  mrf-distribute -i -x -- -y
  cmp all -- -y
  run_apart mrf-collect --nope -- -x
  assert_status 2
  assert_stderr_is "mrf-collect: cannot use option '--nope': no such option; try 'mrf-collect --help'"
  run_apart mrf-bamwrite -- -x -z
  assert_status 2
  assert_stderr_is "mrf-bamwrite: cannot use argument '-z': one too many; try 'mrf-bamwrite --help'"
}

@test "--stats replaces nothing that the program reads or writes" {
  sam >in
  ln -s in link
  while read -r stats as command; do
    run_command --stats "$stats"
    assert_status 2
    assert_stderr_is "${command%% *}: cannot use option '--stats': it would replace '$as'; try '${command%% *} --help'"
    assert_files in link
  done <<'END'
a a mrf-distribute -i in -c 1 a b
./a a mrf-distribute -i in --header-lines 1 --header-to a b
link in mrf-collect -o a in
../work/a a mrf-collect -o a in
in in mrf-bamread -o a in
a a mrf-bamwrite -o a in
END
  for command in 'mrf-distribute a b' 'mrf-collect -o a -' 'mrf-bamread -o a -' 'mrf-bamwrite -o a' 'mrf-chunks -- cat' 'mrf-run -o a -- cat'; do
    # shellcheck disable=SC2086
    run_apart ${command%% *} --stats link ${command#* } <in
    assert_status 2
    assert_stderr_has "cannot use option '--stats': it would replace 'standard input'"
  done
  assert_files in link
  sam | cmp - in
}

@test "--stats is not mixed with data on standard output" {
  sam >in
  while read -r command; do
    run_command --stats -
    assert_status 2
    assert_output_is ''
    assert_stderr_is "${command%% *}: cannot use option '--stats': standard output takes the data; give it a file;\
 try '${command%% *} --help'"
  done <<'END'
mrf-distribute -i in -
mrf-distribute -i in a -
mrf-distribute -i in --header-lines 1 --header-to - a
mrf-distribute -i in --key tag:CB --missing - a
mrf-collect in
mrf-bamread in
mrf-bamwrite in
END
  run_apart mrf-chunks --stats - -i in -- cat
  assert_status 2
  assert_output_is ''
  mrf-collect --stats - -o all in | grep -q '"records_out":'
  cmp all in
}

@test "a file that would be larger than the limit of the shell is a failed write" {
  sam >in
  for _ in {1..2000}; do printf 'r\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII\n'; done >>in
  while read -r command; do
    run_apart bash -c "ulimit -f 8 && exec $command"
    assert_status 1
    assert_stderr_has 'File too large'
    assert_files in
  done <<'END'
mrf-distribute -i in out
mrf-collect -o out in
mrf-bamread -o out in
mrf-bamwrite -l 0 -o out in
mrf-run -n 2 -i in --record line -o out -- cat
END
}

@test "--stats that cannot be written stops the program before its work" {
  sam >in
  echo old >out
  for command in "mrf-distribute -i in out" "mrf-collect -o out in" "mrf-bamread -o out in" "mrf-bamwrite -o out in"; do
    run_command --stats none/stats
    assert_status 1
    assert_stderr_is "${command%% *}: cannot open 'none/stats': No such file or directory"
    [ "$(cat out)" = old ]
  done
}

@test "an output may be a process substitution" {
  sam >in
  for command in "mrf-distribute -i in" "mrf-collect in -o" "mrf-bamread in -o" "mrf-bamwrite in -O sam -o"; do
    read -ra words <<<"$command"
    "${words[@]}" >(cat >copy; : >written) --stats >(jq .records_in >count)
    wait_until test -s count -a -e written
    cmp in copy
    [[ $(cat count) == 1[02] ]]
    rm written copy count
  done
  run_apart mrf-collect in -o /dev/fd/99
  assert_status 1
  assert_stderr_is "mrf-collect: cannot open '/dev/fd/99': Bad file descriptor"
}

@test "control characters in a name do not reach the terminal" {
  run_apart mrf-collect $'no\nsuch\x1b[31m\tname\x7f'
  assert_status 1
  assert_stderr_is "mrf-collect: cannot open 'no\\nsuch\\x1b[31m\\tname\\x7f': No such file or directory"
  run_apart mrf-distribute --record fixed:7 --key column:9 a < <(printf 'a\0ü\tc.')
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'standard input': record 1 (a\\x00ü) has no column 9; \
--missing says what becomes of such records"
}
