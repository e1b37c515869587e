#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --try: a filter on the first records, alone and as copies.

load common
load bam
load run

try() { run_apart timeout -k 5 300 mrf-run -n 4 --try "$@"; }

assert_output_has() {
  [[ $output == *"$1"* ]] || show_result "expected in stdout: $1"
}

# Names that come again, a reference, a number.
table() {
  awk 'BEGIN { for (at = 0; at < 4000; ++at) print "r" at * at % 1013 "\tchr" at % 3 "\t" at }' >in.tsv
}

fastq() { awk -v mate="$1" 'BEGIN { for (i = 1; i <= 300; ++i) print "@r" i "/" mate "\nACGTACGTAC\n+\nIIIIIIIIII" }'; }

# The line "command" of what was printed, run.
run_command() {
  local command
  command=$(sed -n 's/^command *//p' <<<"$output")
  [[ $command == mrf-run* && $command != *--try* ]] || { echo "no command: $output" && return 1; }
  bash -c "$command"
}

@test "a filter of one record at a time: the same, nothing is written, and the command works" {
  table
  echo before >out.tsv
  for order in chunk seq rows any; do
    try -i in.tsv -o out.tsv --order $order -- sed 's/chr/CHR/'
    assert_status 0
    assert_stderr_is ''
    assert_output_has 'tried     sed on 4000 records of in.tsv, which is all of it'
    assert_output_has 'result    the same'
    assert_output_has $'\nspeed     records/s'
    assert_output_has $'\nwhole     alone about'
    [ "$(cat out.tsv)" = before ]
    assert_files in.tsv out.tsv
    assert_nothing_left
  done
  try -i in.tsv -o out.tsv -- awk -F '\t' '$3 % 2 { print $1 }'
  assert_status 0
  run_command
  cmp out.tsv <(awk -F '\t' '$3 % 2 { print $1 }' in.tsv)
}

@test "RECORDS are the first ones, and the share of the input is printed" {
  table
  try 500 -i in.tsv -o out.tsv -- awk -F '\t' '$3 >= 500 { exit 9 } { print }'
  assert_status 0
  assert_output_has 'on 500 records of in.tsv, 1'
  assert_output_has ' % of the input'
  try=(--try=500)
  run_apart mrf-run "${try[@]}" -i in.tsv -o out.tsv -- cat
  assert_status 0
  assert_output_has 'on 500 records'
  try 501 -i in.tsv -o out.tsv -- awk -F '\t' '$3 >= 500 { exit 9 } { print }'
  assert_status 9
}

@test "BAM, CRAM, SAM, BAM to text and to FASTQ, with a header, and selected records" {
  bam=$(small_bam)
  samtools view -h --no-PG -o in.sam "$bam"
  for form in "-i $bam -o out.bam" "-i $bam -o out.bam --record bam" "-i $bam -o out.bam --header-broadcast" \
    "-i in.sam -o out.sam" "-i in.sam -o out.sam.gz --order rows" "-i $bam -o out.txt" \
    "-i $bam -o out.bam --key name" "-i $bam -o out.bam --key tag:CB --missing any.bam" "-i $bam --order seq -o out.bam" \
    "-i $bam -o out.bam -F 16 -q 1"; do
    # shellcheck disable=SC2086
    try $form -- cat
    assert_status 0
    assert_output_has 'result    the same'
    assert_files in.sam
  done
  try -i "$bam" -o out.fq --record bam -- samtools fastq
  assert_status 0
  assert_output_has 'result    the same'
  assert_output_has 'on 5000 records'
  try -i "$bam" -o out.bam -f 16 --record bam -- samtools view -u -
  assert_status 0
  assert_output_has "on $(samtools view -c -f 16 "$bam") records"
  # The @PG line of samtools has a number that each run has anew.
  # shellcheck disable=SC2016
  try -i "$bam" -o out.bam --header-broadcast -- bash -c 'samtools view -h -e "$PPID > 0" -'
  assert_status 0
  assert_output_has 'result    the same'
  assert_nothing_left
}

@test "FASTQ pairs, FASTA, compressed text, a header of text, --combine" {
  fastq 1 >R1.fq
  fastq 2 | bgzip >R2.fq.gz
  try -i R1.fq -i R2.fq.gz -o T1.fq.gz -o T2.fq -- cat
  assert_status 0
  assert_output_has 'on 300 pairs of R1.fq'
  assert_output_has 'result    the same'
  try -i R1.fq -i R2.fq.gz -o T1.fq -o T2.fq --singles S.fq -- awk 'NR % 4 == 1 { drop = /[05]\/2$/ } !drop'
  assert_status 0
  try -i R1.fq -i R2.fq.gz -o T1.fq -o T2.fq --singles S.fq -- awk 'NR % 4 == 1 { drop = /\/2$/ && ++seen % 7 == 0 } !drop'
  assert_status 3
  awk 'BEGIN { for (i = 0; i < 200; ++i) print ">s" i "\nACGT\nAC" }' >in.fa
  try -i in.fa -o out.fa -- cat
  assert_status 0
  assert_output_has 'on 200 records'
  try -i in.fa -o out.fa -- awk 'NR <= 3 || /^>/ { keep = NR <= 3 || /5$/ } keep'
  assert_status 3
  [[ $output != *--header-lines* ]] || show_result 'advice for lines'
  { printf 'name\tvalue\n' && seq 500; } | gzip >in.txt.gz
  for broadcast in '' --header-broadcast; do
    # shellcheck disable=SC2086
    try -i in.txt.gz -o out.txt.gz --header-lines 1 $broadcast -- cat
    assert_status 0
    assert_output_has 'on 500 records'
    assert_output_has 'result    the same'
  done
  seq 3000 >in.txt
  try -i in.txt -o out.txt --combine sort -m -- sort
  assert_status 0
  assert_output_has 'result    the same'
  try -i in.txt -o out.txt --combine cat -- wc -l
  assert_status 3
  [[ $output != *'another order'* ]] || show_result 'records that are the same'
  seq 3000 | sort >in.txt
  for form in '--combine cat -- sort -n' '--combine sort -m -- sort -n'; do
    # shellcheck disable=SC2086
    try -i in.txt -o out.txt $form
    assert_status 0
    assert_output_has 'result    the same records, in another order'
    assert_output_has 'where the order counts, --combine needs'
  done
  try -i in.txt -o out.txt --combine sort -mn -- sort -n
  assert_status 0
  assert_output_has $'result    the same\n'
  try -i in.txt -o out.txt --order any -- cat
  assert_status 0
  assert_output_has 'result    the same'
  printf 'a\0b\0c\0d\0' >in.nul
  try -i in.nul -o out.nul --record nul -- cat
  assert_status 0
  assert_output_has 'on 4 records'
}

# SENTENCE OPTION... -- FILTER...
remembers() {
  local sentence=$1
  shift
  try -i in.tsv -o out.tsv "$@"
  assert_status 3
  assert_output_has 'is the first that differs'
  assert_output_has "$sentence"
  assert_stderr_has "mrf-run: cannot run copies of '"
  assert_stderr_has 'is not what one filter alone writes'
  [[ $output != *command* ]] || show_result "a command for a filter that remembers"
  assert_files in.tsv
  assert_nothing_left
}

@test "filters that remember: the first record that differs, and what they seem to remember" {
  table
  # shellcheck disable=SC2016
  {
    remembers 'it keeps one record for each value of column 1 (deduplication)' -- awk '!seen[$1]++'
    remembers '--key column:1' -- awk '!seen[$1]++'
    remembers 'it drops records that equal earlier ones (deduplication)' -- awk '!seen[$1]++ { print $1 }'
    remembers 'only numbers differ, as in column 1: it counts records' -- awk '{ print NR, $1 }'
    remembers 'it writes one record for each part of the input: it needs the whole' -- wc -l
    remembers 'it writes 10 records for each part of the input: it needs the whole' -- head -n 10
    remembers 'in another order: it sorts' -- sort
    remembers 'it writes one record for each value of column 2' -- awk '{ ++n[$2] } END { for (k in n) print n[k], k }'
    remembers 'it writes its first record again each time it starts: a header' -- awk 'NR == 1 { print "title" } { print }'
    remembers 'it treats the first record of its input apart' -- awk 'NR > 1'
    remembers 'it treats the first record of its input apart' -- awk 'NR == 1 || $3 % 5 == 2'
    remembers '--header-lines 1 --header-broadcast' -- awk 'NR > 1 && $3 % 5 < 3'
    remembers 'it is random' -- shuf
    remembers '--order chunk adds no number to the records, as --order seq does; ' --order seq -- cut -f 1,2
    remembers 'depends on other records, or on the number that --order seq adds' --order seq -- awk '$3 > 500'
    for order in seq any rows; do
      remembers 'counts records' --order $order -- awk '{ print $0 "\t" NR }'
    done
  }
}

@test "a filter that takes records two by two is found out, whatever the size of the chunks" {
  table
  for options in '' '-c 100' '--order seq' '--order any'; do
    # shellcheck disable=SC2086
    try -i in.tsv -o out.tsv $options -- paste - -
    assert_status 3
    # shellcheck disable=SC2086
    try -i in.tsv -o out.tsv $options -- awk 'NR % 2'
    assert_status 3
  done
}

@test "the record that differs is shown from both results" {
  seq 100 >in.txt
  try -i in.txt -o out.txt -- awk '{ print NR ": " $0 }'
  assert_status 3
  assert_output_has 'record 8 is the first that differs'
  assert_output_has $'\n  alone   8: 8\n  copies  1: 8\n'
}

@test "a filter that fails ends the trial with its status and its standard error" {
  table
  try -i in.tsv -o out.tsv -- bash -c 'echo oops >&2; exit 7'
  assert_status 7
  assert_stderr 'chunk 0: oops'
  assert_stderr_has " of 'in.tsv'"
  assert_stderr_has "cannot finish 'work'"
  [ -z "$output" ]
  try -i in.tsv -o out.tsv -- ./no-such
  assert_status 127
  # Alone it succeeds.
  # shellcheck disable=SC2016
  try -i in.tsv -o out.tsv -- bash -c 'cat; [[ $MRF_CHUNK == 0 ]] || exit 5'
  assert_status 5
  assert_files in.tsv
  assert_nothing_left
}

@test "a filter that does not end, and one that writes without end, are ended" {
  table
  try -i in.tsv -o out.tsv -- bash -c 'cat; exec sleep 1000'
  assert_status 1
  assert_stderr "mrf-run: cannot try 'bash': 20 s were not enough for 1000 records: it never ends, or --try 50 gives it enough time"
  run_apart bash -c 'ulimit -f 2000; exec timeout 300 mrf-run --try -i in.tsv -o out.tsv -- yes'
  assert_status 1
  assert_stderr_has "mrf-run: cannot try 'yes': it has written"
  assert_files in.tsv
  assert_nothing_left
}

@test "a filter that writes nothing" {
  table
  try -i in.tsv -o out.tsv --ok-status 0,1 -- grep spam
  assert_status 0
  assert_output_has $'the filter has written nothing\n'
  try 1000 -i in.tsv -o out.tsv --ok-status 0,1 -- grep spam
  assert_status 0
  assert_output_has 'the filter has written nothing: --try 10000 says more'
}

@test "chunks that are too small for a filter whose start takes long are made larger" {
  seq 100000 >in.txt
  cat >filter.py <<'END'
import sys, time
while time.process_time() < 0.05:
    pass
sys.stdout.write(sys.stdin.read())
END
  try 1000 -i in.txt -o out.txt -c 25 -- python3 filter.py
  assert_status 0
  assert_output_has 'chunks of 25 records'
  assert_output_has '; the plain pipe is as fast'
  [[ $output == *$'\ncommand   mrf-run'*' -c '*'00 -i in.txt'* ]] || show_result 'no larger chunks'
}

@test "inputs that a trial cannot take" {
  table
  mkfifo fifo
  for input in - fifo /dev/null; do
    run_apart bash -c 'seq 10 | timeout 60 mrf-run --try -i "$1" -o out.txt -- cat' _ $input
    assert_status 2
    assert_stderr_has 'write its first records to a file'
  done
  run_apart timeout 60 mrf-run --try -i <(echo) -o out.txt -- cat
  assert_status 2
  try -i no-such -o out.txt -- cat
  assert_status 1
  assert_stderr "mrf-run: cannot open 'no-such': No such file or directory"
  : >empty
  try -i empty -o out.txt -- cat
  assert_status 3
  assert_stderr "mrf-run: cannot try 'cat': empty has no record, and a trial takes 2 at least"
  echo one >one
  try -i one -o out.txt -- cat
  assert_status 3
  assert_stderr_has 'one has one record'
  bam=$(small_bam)
  try -i "$bam" -o out.bam -e 'mapq > 1000' -- cat
  assert_status 3
  assert_stderr_has 'no record that is selected'
  assert_files in.tsv fifo empty one
  assert_nothing_left
}

@test "an output that cannot be made ends a trial before it begins" {
  table
  mkdir there
  for name in missing/out.tsv there; do
    try -i in.tsv -o $name -- touch started
    assert_status 1
    assert_stderr_has "'$name'"
    [ -z "$output" ]
    assert_files in.tsv there
  done
}

@test "an input from the web" {
  table
  serve "$PWD"
  try 100 -i "$SERVED/in.tsv?sig=hidden" -o out.tsv -- cat
  assert_status 0
  assert_output_has 'on 100 records of http'
  [[ $output != *hidden* ]] || show_result "a secret"
  [[ $output != *whole* ]] || show_result "the share is not known"
  [[ -z $(find "$TMPDIR" -mindepth 1) ]]
}

@test "what does not go with --try is refused" {
  seq 10 >in.txt
  for option in --print --dot --print-sh --dry-run --progress --keep-dir "--report r.json"; do
    # shellcheck disable=SC2086
    try $option -i in.txt -o out.txt -- cat
    assert_status 2
    assert_stderr_has 'not together with --try'
  done
  for number in 0 1 99999999999999999999; do
    try $number -i in.txt -o out.txt -- cat
    assert_status 2
    assert_stderr_has "cannot use option '--try'"
  done
  echo 'a: true' >w.mrf
  run_apart mrf-run --try w.mrf
  assert_status 2
  assert_files in.txt w.mrf
}

# The directory of the trial, and a filter that runs.
trial_runs() { [[ -n $(find "$TMPDIR" -maxdepth 1 -name 'mrf-try.*') ]] && [[ -e started ]]; }

@test "INT, TERM and KILL end a trial, and nothing is left" {
  table
  for signal in INT TERM KILL; do
    rm -f started
    env --default-signal mrf-run --try -i in.tsv -o out.tsv -- bash -c 'touch started; exec sleep 1000' 2>stderr.txt 3>&- &
    run=$!
    wait_until trial_runs
    kill -"$signal" "$run"
    status=0
    wait "$run" || status=$?
    assert_status $((128 + $(kill -l "$signal")))
    wait_until assert_nothing_left 2>/dev/null
    rm -f started
    assert_files in.tsv stderr.txt
  done
}

@test "KILL between two runs of a trial leaves nothing" {
  # Standard output is full: the trial waits in its last write, when all of its runs are over.
  table
  cat >full.py <<'END'
import fcntl, glob, os, subprocess, time

reader, writer = os.pipe()
fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
os.write(writer, b"x" * fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ))
run = subprocess.Popen(["mrf-run", "-n", "2", "--try", "-i", "in.tsv", "-o", "out.tsv", "--", "cat"], stdout=writer)
while "pipe_write" not in open(f"/proc/{run.pid}/wchan").read():
    time.sleep(0.01)
assert glob.glob(os.environ["TMPDIR"] + "/mrf-try.*")
run.kill()
run.wait()
END
  timeout 300 python3 full.py
  wait_until assert_nothing_left
}

@test "side tables are compared: in order by chunk, else as a set of lines; a part of each worker differs" {
  table
  # shellcheck disable=SC2016
  side='{ print } $NF % 5 == 0 { print "five", $NF >ENVIRON["MRF_SIDE"] }'
  for order in chunk seq rows any; do
    try -i in.tsv -o out.tsv --order $order --side side.txt -- awk -F '\t' "$side"
    assert_status 0
    assert_output_has 'result    the same'
    assert_files in.tsv
  done
  # shellcheck disable=SC2016
  side='{ print; ++n } END { print n >ENVIRON["MRF_SIDE"] }'
  for order in chunk seq; do
    try -i in.tsv -o out.tsv --order $order --side side.txt -- awk -F '\t' "$side"
    assert_status 3
    assert_stderr_has "record 1 of 'side.txt' is not what one filter alone writes"
  done
  assert_nothing_left
}

@test "a pipe that the filter reads would be used up by the trial" {
  seq 3000 >in.txt
  mkfifo fifo
  try -i in.txt -o out.txt -- grep -vxFf <(seq 5 5 3000)
  assert_status 2
  assert_stderr_has 'it is a pipe'
  for order in seq any; do
    run_apart timeout -k 5 300 mrf-run -n 1 --try --order "$order" -i in.txt -o out.txt -- grep -vxFf fifo
    assert_status 2
    assert_stderr_has "cannot use word 'fifo': it is a pipe"
  done
  try -i in.txt -o out.txt --combine grep -vxFf fifo -- cat
  assert_status 2
  assert_stderr_has "cannot use word 'fifo': it is a pipe"
  bam=$(small_bam)
  try -L - -i "$bam" -o out.bam -- cat <<<$'chr1\t0\t10'
  assert_status 2
  assert_stderr_has "cannot try the filter on 'standard input'"
  try -L fifo -i "$bam" -o out.bam -- cat
  assert_status 2
  assert_stderr_has "cannot try the filter on 'fifo'"
  assert_files in.txt fifo
}

@test "records of nul and fixed: in a compressed result are compared inflated" {
  seq -f %07g 3000 >in.txt
  tr '\n' '\0' <in.txt >in.nul
  try -i in.nul -o out.gz --record nul --order any -- cat
  assert_status 0
  assert_output_has 'result    the same'
  try -i in.txt -o out.gz --record fixed:8 --order any -- cat
  assert_status 0
  assert_output_has 'result    the same'
  assert_files in.txt in.nul
}

@test "options of a result and of its files do not come in the way of a trial" {
  bam=$(small_bam)
  try -i "$bam" -o out.sam --no-header -- cat
  assert_status 0
  assert_output_has 'result    the same'
  [[ $output == *' --no-header '* ]] || show_result "the command lacks --no-header"
  seq 300 >in.txt
  mkdir d{0..7}
  try --order seq -i in.txt -o out.txt -- tee 'save:d[i]/x'
  assert_status 0
  assert_output_has 'result    the same'
  run_apart mrf-run -vn2 --try -i in.txt -o out.txt -- cat
  assert_status 0
  [[ $output == *'mrf-run -n '?' '*'-v -i in.txt'* ]] || show_result "-v and no -n2"
  run_command 2>stderr.txt
  cmp in.txt out.txt
}

@test "a signal before the first run of a trial leaves nothing" {
  seq 300 >in.txt
  for signal in INT TERM; do
    # The directory of the trial is the first that is made.
    run_apart env --default-signal strace -f -qq -o /dev/null -e trace=mkdir -e "inject=mkdir:signal=$signal:when=1" \
      mrf-run --try -i in.txt -o out.txt -- cat
    assert_status $((128 + $(kill -l "$signal")))
    assert_nothing_left
    assert_files in.txt
  done
}

@test "a sample is not larger than a file may be" {
  truncate -s 100M in.bin
  ulimit -S -f 40000 # KiB; the first sample has 8 MB
  try --record fixed:8000 --order any -i in.bin -o out.bin -- sh -c 'cat >/dev/null'
  assert_status 0
  assert_output_has 'on 1000 records of in.bin'
  assert_files in.bin
}
