#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016 # the variables are those of the filters
# mrf-chunks: filters that are started again, chunks that are left out, failures that are kept.

load common

chunks() { run_apart timeout -k 5 300 mrf-chunks "$@"; }

# `once CHUNK COMMAND` is a filter that passes part of its chunk on and then runs COMMAND, the first time that it
# has this chunk; else it is cat.
once() { echo "if [[ \$MRF_CHUNK == $1 && ! -e tried.$1 ]]; then head -n 2; touch tried.$1; $2; fi; cat"; }

@test "--retries: a filter that a signal ended is started again, and nothing of the first try is in the output" {
  seq 100 >in.txt
  for signal in KILL SEGV; do
    for input in in.txt <(cat in.txt); do
      rm -f tried.*
      chunks -n 2 -c 30 --retries 1 --stats s.json -i "$input" -- bash -c "$(once 1 "kill -$signal \$\$")"
      assert_status 0
      assert_output_is "$(cat in.txt)"
      assert_stderr_has "cannot filter 'chunk 1': 'bash' ended with signal "
      assert_stderr_has "; it is started again, retry 1 of 1"
      [ "$(jq .retries s.json)" = 1 ]
    done
  done
  # A shell whose command was ended says so by its status.
  rm -f tried.*
  chunks -n 2 -c 30 --retries 1 -i in.txt -- bash -c "$(once 1 'bash -c "kill -KILL \$\$"; exit')"
  assert_status 0
  assert_output_is "$(cat in.txt)"
}

@test "--retries: every kind of chunk is read again as it was" {
  bam=$(small_bam 1000)
  mrf-bamread -o in.sam "$bam"
  seq 1000 | sed 's/.*/@r&\nACGT\n+\nIIII/' >in.fastq
  printf '1\n2\n3' >in.txt
  gzip -k in.txt in.fastq
  tried() { rm -f tried.*; }
  filter=$(once 1 'kill -KILL $$')
  for input in in.txt in.txt.gz; do
    tried
    chunks -n 2 -c 1 --retries 1 -i "$input" -- bash -c "$filter"
    assert_status 0
    assert_output_is $'1\n2\n3'
  done
  for input in in.fastq in.fastq.gz; do
    tried
    chunks -n 2 -c 100 --retries 1 --record fastq --output-record fastq -i "$input" -- bash -c "$filter"
    assert_status 0
    assert_output_is "$(cat in.fastq)"
  done
  tried
  chunks -n 2 -c 100 --retries 1 --sam --header-broadcast -i in.sam -- bash -c "$filter"
  assert_status 0
  assert_output_is "$(cat in.sam)"
  tried
  timeout 300 mrf-chunks -n 2 -c 100 --retries 1 --record bam -i "$bam" -- bash -c "$filter" | mrf-bamwrite -o out.bam
  [ -e tried.1 ]
  assert_same_sam "$bam" out.bam
}

@test "--retry-status: the listed statuses, and no other" {
  seq 100 >in.txt
  chunks -c 30 --retries 1 --retry-status 75,3 -i in.txt -- bash -c "$(once 1 'exit 75')"
  assert_status 0
  assert_output_is "$(cat in.txt)"
  rm tried.1
  chunks -c 30 --retries 1 --retry-status 75 -i in.txt -- bash -c "$(once 1 'exit 74')"
  assert_status 74
  assert_stderr_is "mrf-chunks: cannot filter 'chunk 1': 'bash' ended with exit status 74 on records 31 to 60 of 'in.txt'"
  assert_output_is "$(seq 30)"
}

@test "a filter that always fails ends the run after its retries, with its status" {
  seq 100 >in.txt
  chunks -n 3 -c 30 --retries 2 -i in.txt -- bash -c '[[ $MRF_CHUNK != 1 ]] || { echo >>tries; kill -KILL $$; }; cat'
  assert_status 137
  [ "$(wc -l <tries)" = 3 ]
  assert_output_is "$(seq 30)"
  assert_stderr "mrf-chunks: cannot filter 'chunk 1': 'bash' ended with signal 9 (Killed) on records 31 to 60 of 'in.txt', retry 2 of 2"
  # What cannot be started is not tried again.
  chunks --retries 5 --retry-status 127 -i in.txt -- ./missing
  assert_status 127
  assert_stderr_is "mrf-chunks: cannot execute './missing': No such file or directory"
}

@test "of several chunks that fail for good the first is reported, though a later one has failed before its retries" {
  mkfifo gate
  chunks -n 4 -c 1 --retries 1 --retry-status 5 -i <(seq 4) -- bash -c 'case $MRF_CHUNK in
    1) [[ -e tried ]] || { touch tried; read -r _ <gate; }; exit 5 ;;
    3) echo >gate; exit 6 ;;
    esac; cat'
  assert_status 5
  assert_stderr_has "cannot filter 'chunk 1': 'bash' ended with exit status 5 on record"
  assert_stderr_has ", retry 1 of 1"
  assert_output_is 1
}

@test "held output may be larger than --buffer and every pipe" {
  for size in 0 1K 1G; do
    rm -f tried.*
    timeout 300 mrf-chunks -n 3 -c 1 --buffer "$size" --retries 1 -i <(seq 3) -- bash -c \
      'head -c 5000000 /dev/zero; if [[ $MRF_CHUNK == 1 && ! -e tried.1 ]]; then touch tried.1; kill -KILL $$; fi; cat' >out
    cmp out <(for line in 1 2 3; do head -c 5000000 /dev/zero; echo "$line"; done)
  done
  assert_nothing_left
}

@test "--skip-failed: the rest of the output, what is left out is named, status 3" {
  seq 100 >in.txt
  chunks -n 2 -c 30 --skip-failed --stats s.json -i in.txt -- bash -c 'case $MRF_CHUNK in 0) exit 7 ;; 3) exit 8 ;; esac; cat'
  assert_status 3
  assert_output_is "$(seq 31 90)"
  assert_stderr "mrf-chunks: cannot filter 'chunk 0': 'bash' ended with exit status 7 on records 1 to 30 of 'in.txt'; it is left out"
  assert_stderr "mrf-chunks: cannot filter 'chunk 3': 'bash' ended with exit status 8 on records 91 to 100 of 'in.txt'; it is left out"
  assert_stderr "mrf-chunks: 2 of 4 chunks are left out of the output, with 40 of 100 records"
  jq -e '.status == 3 and .output_is_complete == 1 and .skipped == [
    {chunk: 0, first_record: 1, records: 30, reason: "exit status 7"},
    {chunk: 3, first_record: 91, records: 10, reason: "exit status 8"}]' s.json
  chunks -n 2 -c 30 --skip-failed --stats s.json -i in.txt -- cat
  assert_status 0
  assert_output_is "$(cat in.txt)"
  jq -e '.status == 0 and (has("skipped") | not) and .output_is_complete == 1' s.json
  # What cannot be started ends the run.
  chunks --skip-failed -i in.txt -- ./missing
  assert_status 127
}

@test "--skip-failed: the rest of a BAM is a whole BAM" {
  bam=$(small_bam 1000)
  mrf-chunks -c 100 --skip-failed --record bam -i "$bam" -- bash -c '[[ $MRF_CHUNK != 2 ]] || exit 1; cat' >out.bam || status=$?
  [ "$status" = 3 ]
  samtools quickcheck -u out.bam
  cmp <(samtools view out.bam) <(samtools view "$bam" | sed '201,300d')
}

# `same_again DIRECTORY` says whether again.sh there fails as the filter did: by status and standard error.
same_again() {
  local again=0
  "$1/again.sh" >again.out 2>again.err || again=$?
  [[ $again == "$status" ]] && cmp again.err "$1/stderr"
}

@test "--keep-failed: the input, the environment, standard error, and a script that repeats the failure" {
  seq 100 >in.txt
  mkdir 'a place'
  cd 'a place'
  export ODD=$'two\nlines, \'quotes\' and $HOME'
  filter='sum=$(md5sum); env | grep -v ^_= | sort >"env.$1.$MRF_CHUNK"; printf "%s\n" "$sum" "$ODD" "$PWD" "$@" >&2; [[ $MRF_CHUNK != 2 ]] || exit 7'
  for input in ../in.txt <(cat ../in.txt); do
    rm -rf 'kept here'
    chunks -n 2 -c 30 --keep-failed 'kept here' -i "$input" -- bash -c "$filter" name zero "it's" '' $'b\tc'
    assert_status 7
    assert_stderr_has "; 'kept here/chunk-2/again.sh' runs it again"
    cmp 'kept here/chunk-2/input' <(seq 61 90)
    mv env.zero.2 first
    cd ..
    same_again 'a place/kept here/chunk-2'
    cd 'a place'
    cmp first env.zero.2
    [ "$(stat -c %a 'kept here' 'kept here/chunk-2' 'kept here/chunk-2'/* | sort | uniq -c | tr -s ' \n' ' ')" = ' 3 600 3 700 ' ]
  done
}

@test "--keep-failed: FASTQ, SAM with its header, BAM, and a filter that a signal ended" {
  bam=$(small_bam 1000)
  mrf-bamread -o in.sam "$bam"
  seq 1000 | sed 's/.*/@r&\nACGT\n+\nIIII/' >in.fastq
  cat >fail.py <<'END'
import os, sys
data = sys.stdin.buffer.read()
if os.environ["MRF_CHUNK"] == "1":
    print(len(data), data[:4], file=sys.stderr)
    sys.stderr.flush()
    os.kill(os.getpid(), 9)
sys.stdout.buffer.write(data)
END
  chunks -n 2 -c 100 --keep-failed kept --record fastq -i in.fastq -- python3 fail.py
  assert_status 137
  cmp kept/chunk-1/input <(sed -n 401,800p in.fastq)
  same_again kept/chunk-1
  chunks -n 2 -c 100 --keep-failed kept --sam --header-broadcast -i in.sam -- python3 fail.py
  assert_status 137
  cmp <(samtools view kept/chunk-1.2/input) <(samtools view "$bam" | sed -n 101,200p)
  cmp <(samtools view --no-PG -H kept/chunk-1.2/input) <(samtools view --no-PG -H "$bam")
  same_again kept/chunk-1.2
  run_apart bash -c 'timeout 300 mrf-chunks -n 2 -c 100 --keep-failed kept --record bam -i "$1" -- python3 fail.py >failed.bam' _ "$bam"
  assert_status 137
  samtools quickcheck -u kept/chunk-1.3/input
  cmp <(samtools view kept/chunk-1.3/input) <(samtools view "$bam" | sed -n 101,200p)
  same_again kept/chunk-1.3
}

@test "--keep-failed: output that is malformed is kept too" {
  seq 1000 | sed 's/.*/@r&\nACGT\n+\nIIII/' >in.fastq
  chunks -n 2 -c 100 --keep-failed kept --record fastq --output-record fastq -i in.fastq -- \
    sed 's/^@r150$/r150/'
  assert_status 3
  assert_stderr "mrf-chunks: cannot join 'chunk 1': its output is refused; 'kept/chunk-1/again.sh' runs it again"
  cmp kept/chunk-1/input <(sed -n 401,800p in.fastq)
  kept/chunk-1/again.sh | grep -c ^r150
}

@test "--keep-failed with --skip-failed keeps each chunk that is left out; without a failure there is no directory" {
  chunks -n 2 -c 1 --skip-failed --keep-failed kept -i <(seq 5) -- grep '[135]'
  assert_status 3
  assert_output_is $'1\n3\n5'
  (cd kept && assert_files chunk-1 chunk-3 chunk-{1,3}/{input,environment,stderr,again.sh})
  chunks -n 2 -c 1 --keep-failed none -i <(seq 5) -- cat
  assert_status 0
  [ ! -e none ]
}

@test "a failure that cannot be kept leaves the status that of the filter; what is no directory is refused at once" {
  seq 100000 >in.txt
  with_small_disk 64K bash -c '
    timeout 300 mrf-chunks --keep-failed disk/kept -i in.txt -- bash -c "exit 9" 2>stderr.txt; echo $? >status.txt
    find disk -mindepth 1 >left.txt'
  [ "$(cat status.txt)" = 9 ]
  grep -F "mrf-chunks: cannot write 'disk/kept/chunk-0/input': No space left on device" stderr.txt
  grep -F "mrf-chunks: cannot filter 'chunk 0': 'bash' ended with exit status 9 on records 1 to " stderr.txt
  [ ! -s left.txt ]
  touch file
  for place in file file/below missing/below; do
    chunks --keep-failed "$place" -i in.txt -- touch started
    assert_status 1
    assert_stderr_has "cannot create '$place': "
    [ ! -e started ]
  done
}

@test "a signal in the middle of a retry ends the run, and nothing stays" {
  seq 10 >in.txt
  for signal in INT TERM; do
    rm -f tried.* again
    # Not in the background of the shell, where INT is ignored.
    python3 - "$signal" <<'END'
import os, signal, subprocess, sys, time
filter = 'if [[ ! -e tried.0 ]]; then touch tried.0; kill -KILL $$; fi; touch again; exec sleep 1000'
run = subprocess.Popen(["mrf-chunks", "--retries", "3", "-i", "in.txt", "--", "bash", "-c", filter])
while not os.path.exists("again"):
    time.sleep(0.02)
run.send_signal(getattr(signal, "SIG" + sys.argv[1]))
assert run.wait(300) == -getattr(signal, "SIG" + sys.argv[1])
END
    wait_until assert_nothing_left
  done
}

@test "wrong usage" {
  for bad in '--retries -1' '--retries x' '--retry-status 1' '--retries 1 --retry-status 1,x' '--retries 1 --retry-status 0,75' '--keep-failed='; do
    # shellcheck disable=SC2086
    chunks $bad -i /dev/null -- cat
    assert_status 2
    assert_output_is ''
    assert_stderr_has "mrf-chunks: cannot "
  done
}

@test "--keep-failed: the last 64 KiB of standard error at least, however long its lines are" {
  for text in 'seq 100000' 'printf "%099d\n" {1..1311}' 'head -c 1000000 /dev/zero | tr "\0" x; echo; echo end'; do
    chunks --keep-failed kept -i <(seq 3) -- bash -c "{ $text; } >&2; exit 7"
    assert_status 7
    size=$(stat -c %s kept/chunk-0/stderr)
    ((size >= 65536 && size <= 300000))
    cmp <(tr -d '\n' <kept/chunk-0/stderr) <(bash -c "$text" | tr -d '\n' | tail -c "$(tr -d '\n' <kept/chunk-0/stderr | wc -c)")
    rm -r kept
  done
}

@test "input that is cut off: no process that a filter started takes that for the end of its chunk" {
  seq 300000 | gzip >all.gz
  mkfifo in
  # shellcheck disable=SC2016 # the filter's
  mrf-chunks -n 2 -c 100000 -i in -- bash -c '{ : >"begun.$MRF_CHUNK"; cat >part; : >"ended.$MRF_CHUNK"; } | cat' \
    2>said 3>&- &
  exec {writer}>in
  head -c $(($(stat -c %s all.gz) / 2)) all.gz >&$writer
  wait_until test -e begun.1
  exec {writer}>&-
  status=0
  wait $! || status=$?
  [[ $status == 3 ]]
  grep -q truncated said
  none_left() { [[ -z $(processes_left) ]]; }
  wait_until none_left
  [[ -e ended.0 && ! -e ended.1 && ! -e ended.2 ]]
}

@test "a filter that fails: those of later chunks, and what they started, see no end of their input, and none is left" {
  mkfifo in go
  # shellcheck disable=SC2016 # the filter's
  mrf-chunks -n 2 -c 5 -i in -- bash -c '
    [[ $MRF_CHUNK != 0 ]] || { read -r <go; exit 7; }
    { echo >go; cat; : >ended; } | cat' 2>said 3>&- &
  exec {writer}>in
  seq 7 >&$writer
  status=0
  wait $! || status=$?
  exec {writer}>&-
  [[ $status == 7 && ! -e ended ]]
  assert_nothing_left
}

@test "INT, TERM and HUP end what the filters started, which see no end of their input" {
  mkfifo in
  for signal in INT TERM HUP; do
    rm -f begun
    env --default-signal=INT mrf-chunks -i in -- bash -c '{ : >begun; cat; : >ended; } | cat' 3>&- &
    exec {writer}>in
    seq 1000 >&$writer
    wait_until test -e begun
    kill -s $signal $!
    status=0
    wait $! || status=$?
    exec {writer}>&-
    [[ $status == $((128 + $(kill -l $signal))) && ! -e ended ]]
    assert_nothing_left
  done
}
