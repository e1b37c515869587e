#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What mrf-run refuses before any job starts, and what --dry-run finds.

load common
load run

# STATUS MESSAGE OPTION...
dry() {
  run_apart bash -c 'mrf-run --dry-run "$@" || echo "$?"' _ "${@:3}"
  assert_output_is "$1"
  assert_stderr_is "${2:+mrf-run: cannot $2}"
}

@test "--dry-run: inputs, commands, outputs, the report and TMPDIR, and nothing is made" {
  seq 3 >in.txt
  dry '' '' -i in.txt -o out.txt --report report -- cat
  dry '' '' -i - -- cat
  dry 1 "open 'no.txt': No such file or directory" -i no.txt -o out.txt -- cat
  dry 1 "read '.': Is a directory" -i . -o out.txt -- cat
  cp in.txt in.sam
  dry 1 "open 'no.fa': No such file or directory" -i in.sam -o out.cram -T no.fa -- cat
  dry 1 "open 'no.bed': No such file or directory" -i in.sam -o out.bam -L no.bed -- cat
  dry 1 "read '.': Is a directory" -i in.sam -o out.bam -L . -- cat
  dry 127 "execute 'no-such': No such file or directory" -i in.txt -o out.txt -- no-such
  dry 127 "execute './no-such': No such file or directory" -i in.txt -o out.txt --order any -- ./no-such
  dry 126 "execute './in.txt': Permission denied" -i in.txt -o out.txt -- ./in.txt
  dry 126 "execute '/': Permission denied" -i in.txt -o out.txt -- /
  dry 1 "write 'no/out': there is no directory 'no'" -i in.txt -o no/out -- cat
  dry 1 "open 'in.txt/out': Not a directory" -i in.txt -o in.txt/out -- cat
  dry 1 "open '/': Is a directory" -i in.txt -o out.txt --report / -- cat
  dry 1 "create 'in.txt/kept': Not a directory" -i in.txt -o out.txt --keep-failed in.txt/kept -- cat
  dry 1 "create 'in.txt/kept': Not a directory" -i in.txt -o out.txt --order any --keep-failed in.txt/kept -- cat
  dry '' '' -i in.txt -o out.txt --keep-failed kept -- cat
  dry 2 "write './out.txt': a result has that name; try 'mrf-run --help'" -i in.txt -o out.txt --report ./out.txt -- cat
  # As the run would: its status for the same words.
  printf '@SQ\tSN:chr1\tLN:9\nr\t0\tchr1\t1\t60\t1M\t*\t0\t0\tA\tI\n' >in.sam
  mrf-bamwrite --write-index -o in.bam in.sam
  printf '@r\nA\n+\nI\n' >in.fq
  dry '' '' -i in.sam -o out.bam -T no.fa -f 0 -e 'mapq > 3' -- cat
  dry '' '' -i in.bam -o out.bam -r chr1:1-5 --region-rule starts -- cat
  local words same
  for words in '-i in.bam --side z.bam' '-i in.bam --region-rule foo -r chr1' '-i in.bam -f foo' '-i in.bam -F PAIRED,x' \
    '-i in.bam -e (mapq' '-i in.bam -r chr1:5-1' '-i in.bam -r chr2' '-i in.sam -r chr1' '-i in.fq -i in.fq' '-i in.fq -i ./in.fq'; do
    # shellcheck disable=SC2086
    for same in '' --dry-run; do
      run_apart mrf-run $same $words -o out.sam -- cat
      [[ $words == *in.sam* ]] || assert_status 2
      [[ $words != *in.sam* ]] || assert_status 1
    done
  done
  rm in.bam* in.fq
  TMPDIR=/nonexistent dry 1 "make a directory for FIFOs in '/nonexistent': No such file or directory" -i in.txt -- cat
  assert_files in.txt in.sam
  assert_nothing_left
}

@test "--dry-run of a workflow: commands and redirections of the jobs that start first" {
  cat >w.mrf <<'E'
[each x in 1 2]
make: cp /bin/cat made$x
use: ./$x
[end]
E
  dry 127 "execute './1': No such file or directory" w.mrf
  sed -i 's,each x in,each x in /bin/cat,; s,\./,,' w.mrf
  dry '' '' w.mrf
  echo 'a: mrf-colect < w.mrf' >w.mrf
  dry 127 "execute 'mrf-colect': No such file or directory; did you mean 'mrf-collect'?" w.mrf
  echo 'a: cat < no.txt' >w.mrf
  dry 1 "open 'no.txt': No such file or directory" w.mrf
  echo 'a: cat w.mrf > no/log' >w.mrf
  dry 1 "open 'no/log': No such file or directory" w.mrf
  echo 'a: cat w.mrf >> log 2> save:err' >w.mrf
  dry '' '' w.mrf
  assert_files w.mrf
}

@test "a word of the filter that is a pipe is refused when the filter runs more than once" {
  seq 3 >in.txt
  mkfifo pipe
  as_word() { # WORD OPTION...: with and without --dry-run
    for dry in '' --dry-run; do
      # shellcheck disable=SC2086
      run_apart timeout -k 5 300 mrf-run $dry "${@:2}" -i in.txt -o out.txt -- awk 'END { print "end" }' - "$1"
      assert_status 2
      assert_stderr_is "mrf-run: cannot use word '$1': it is a pipe, and the filter runs more than once: each run would \
read a part of it; write its data to a file, and give the file's name; try 'mrf-run --help'"
      assert_files in.txt pipe
    done
  }
  exec {open}<>pipe {written}>pipe
  for options in '-n 1' '-n 2' '-n 2 --order seq' '-n 2 --order any' '-n 2 --order rows'; do
    for word in pipe ./pipe "/dev/fd/$open" "/proc/self/fd/$open" "--table=/dev/fd/$open" --table=pipe "-f/dev/fd/$open"; do
      # shellcheck disable=SC2086
      as_word "$word" $options
    done
  done
  run_apart mrf-run -n 1 --order any -i in.txt -o out.txt -- awk 'NR == FNR { has[$1]; next } $1 in has' <(seq 2 3) -
  assert_status 0
  cmp out.txt <(seq 2 3)
  # The filter's own streams, a pipe that is written, a copy's own FIFO, and what is no file.
  mkfifo pipe.[i]
  for word in /dev/stdin /dev/fd/0 pipe=1 in.txt 'pipe.[i]' "/dev/fd/$written"; do
    run_apart bash -o pipefail -c 'mrf-run --dry-run -n 2 --order any -i in.txt -o out.txt -- cat "$1" | cat' _ "$word" < <(:)
    assert_status 0
  done
  exec {open}<&- {written}>&-
}

@test "a --key that no record can have starts nothing" {
  seq 3 >in.txt
  for dry in '' --dry-run; do
    # shellcheck disable=SC2086
    run_apart mrf-run $dry --key bogus -i in.txt -o out.txt -- touch started
    assert_status 2
    assert_stderr_has "mrf-run: cannot use key 'bogus': not one of"
    assert_files in.txt
  done
}

@test "options of the short form are refused beside a workflow, and what shows something else, twice" {
  echo 'a: touch started' >w.mrf
  for options in '-i x' '-o x' '-n 3' '-c 4' '--order rows' '--record line' '--key name' '-l 1' '-@ 1' '-T x' --print \
    --header-broadcast; do
    # shellcheck disable=SC2086
    run_apart mrf-run $options w.mrf
    assert_status 2
    assert_stderr_has "mrf-run: cannot use option '${options% *}': it goes with -- COMMAND, not with a WORKFLOW;"
  done
  for options in '--dot --print-sh' '--dry-run --dot' '--print-sh --dry-run'; do
    # shellcheck disable=SC2086
    run_apart mrf-run $options w.mrf
    assert_status 2
    assert_output_is ''
    assert_stderr_has "it takes one of --print, --dot, --print-sh and --dry-run"
  done
  assert_files w.mrf
}
