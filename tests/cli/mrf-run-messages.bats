#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What mrf-run(1) says of its jobs: their FIFOs and results by name, what a status means, counts of runs within a run;
# and the sizes of FIFOs.

load common
load run

@test "jobs' messages name FIFOs and results as the workflow does" {
  printf 'x\n' >lines
  workflow <<'E'
n = 1
split:   mrf-distribute --seq -i lines out:part[n]
work[n]: cut -f 2 < in:part[i] > out:done[i]
join:    mrf-collect --order seq in:done[n] > save:out.txt
E
  assert_status 3
  assert_stderr_has "mrf-collect: cannot collect 'in:done[0]': "
  workflow <<'E'
a: bash -c 'echo "$1 and $2." >&2; exit 1' _ out:p[3] save:out.txt
b: cat in:p[3]
E
  assert_status 1
  assert_stderr "out:p[3] and out.txt."
}

@test "a full disk is reported with the name of the result or FIFO, not as standard output" {
  echo "a: mrf-collect lines > save:disk/out.txt" >w.mrf
  seq 1000000 >lines
  run_apart with_small_disk 1M mrf-run w.mrf
  assert_status 1
  assert_stderr "mrf-collect: cannot write 'disk/out.txt': No space left on device"
}

@test "too few open files are reported with the name of the FIFO and what to do" {
  [[ -z ${MRF_SANITIZED-} ]] || skip "the sanitizers need descriptors of their own"
  seq 1000 >in
  for order in any seq rows; do
    run_apart bash -c 'ulimit -n 64; mrf-run -n 200 --order "$1" -i in -o out -- cat' _ "$order"
    assert_status 1
    [[ $stderr =~ ^"mrf-run: cannot open FIFO '"[a-z]+"["[0-9]+"]': Too many open files; raise the limit of open files: ulimit -n"$ ]]
    [[ ! -e out ]]
  done
  run_apart bash -c 'ulimit -n 64; mrf-run -n 200 -c 1 -i in -o out -- cat'
  assert_status 1
  assert_stderr_has "mrf-chunks: cannot make 'pipe': Too many open files; raise the limit of open files: ulimit -n"
  [[ ! -e out ]]
}

@test "too few open files for mrf-run itself leave no directory" {
  [[ -z ${MRF_SANITIZED-} ]] || skip "the sanitizers need descriptors of their own"
  echo 'a: seq 5 > save:out' >w.mrf
  for limit in 5 6 7; do
    run_apart bash -c 'for fd in {3..255}; do eval "exec $fd>&-"; done; ulimit -n "$1"; exec mrf-run w.mrf' _ "$limit"
    assert_status 1
    assert_stderr_has "raise the limit of open files: ulimit -n"
    assert_files w.mrf
    assert_nothing_left
  done
}

@test "a script without a first line that names its interpreter is refused, and what is missing is said" {
  echo 'print("x")' >filter.py && chmod +x filter.py
  seq 3 >in
  for order in any chunk; do
    run_apart mrf-run -n 1 --order "$order" -i in -o out -- ./filter.py
    assert_status 126
    assert_stderr_has "'./filter.py': Exec format error"
  done
  workflow <<<"a: ./filter.py"
  assert_status 126
  assert_stderr "mrf-run: cannot execute './filter.py': Exec format error; a script's first line has to name its \
interpreter, as #!/bin/sh does"
  sed -i '1i #!/usr/bin/no-such-python' filter.py
  workflow <<<"a: ./filter.py"
  assert_status 127
  assert_stderr "mrf-run: cannot execute './filter.py': No such file or directory; the interpreter that its first line \
names is not there"
}

@test "a grep that finds nothing, and a signal that a shell says, are explained" {
  workflow <<<"a: grep x /dev/null"
  assert_status 1
  assert_stderr_has "mrf-run: cannot finish 'a': exit status 1; grep ends with 1 when nothing matches"
  workflow <<<"a: bash -c 'exit 137'"
  assert_status 137
  assert_stderr "mrf-run: cannot finish 'a': exit status 137: a shell says so when signal 9 (Killed) ended its command"
  seq 10 >in
  # shellcheck disable=SC2016 # the filter's
  run_apart mrf-run -n 2 -i in -o out -- bash -c 'kill -KILL $$'
  assert_status 137
  [[ $stderr == *'signal 9 (Killed)'* && $stderr != *'a shell says'* ]]
}

@test "the counts of a run within the run are not taken for its own" {
  seq 100 >in
  workflow --report report.json <<'E'
a: cat in > out:p
b: mrf-run -n 2 --order any -i - -- cat < in:p > out:q
c: mrf-collect --order concat in:q > save:result
E
  assert_status 0
  cmp <(sort -n result) in
  jq -c '[.fifos[] | [.name, .records]]' report.json
  [ "$(jq -c '[.fifos[] | [.name, .records]]' report.json)" = '[["p",null],["q",100]]' ]
  jq -e '.jobs[1].records_in == null' report.json
}

@test "a FIFO has the size that mrf-run gave it, whatever the tools at its ends would like" {
  seq 100000 >in
  cat >sizes.py <<'E'
import fcntl, os, sys
data = sys.stdin.buffer.read()
sys.stdout.buffer.write(data)
sys.stdout.flush()
print(*(fcntl.fcntl(fd, 1032) for fd in (0, 1)), file=sys.stderr)
E
  run_apart mrf-run -n 2 --order any --pipe-size 64K -i in -o out -- python3 sizes.py
  assert_status 0
  assert_stderr_is $'65536 65536\n65536 65536'
}

@test "2,000 live workers start, and each does its work" {
  [[ -z ${MRF_SANITIZED-} ]] || skip "not under the sanitizers"
  (($(ulimit -Hn) >= 10000)) || skip "the hard limit of open files is too low"
  printf 'n = 2000\nfirst: seq 2000 > out:all\nsplit: mrf-distribute -c 1 -i in:all out:part[n]\n' >w.mrf
  printf 'work[n]: cat < in:part[i] > out:done[i]\njoin: mrf-collect -c 1 in:done[n] > save:result\n' >>w.mrf
  run_apart timeout -k 5 300 mrf-run w.mrf
  assert_status 0
  cmp result <(seq 2000)
  assert_nothing_left
}

@test "what the input is and what the filter writes is told by options of mrf-run" {
  printf '>a\nAC\n>b\nGT\n' >in.fa
  run_apart timeout -k 5 300 mrf-run -n 2 --order any -i in.fa -o result -- tr -d '>'
  assert_status 3
  [[ $stderr == *"mrf-run: --output-record tells what the filter writes: line, fasta, fastq, ..." ]]
  mkfifo fifo
  for order in chunk any; do
    printf '@SQ\tSN:c\tLN:9\n' | samtools view --no-PG -u >fifo 3>&- &
    run_apart timeout -k 5 300 mrf-run -n 2 --order "$order" -i fifo -o result -- cat
    assert_status 3
    [[ $stderr == *"mrf-run: --input-format bam tells what INPUT is" ]]
  done
  [ ! -e result ]
}
