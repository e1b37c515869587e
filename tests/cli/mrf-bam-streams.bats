#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What mrf-bamread and mrf-bamwrite do with streams that fail, or that stay open.

load common
load bam

teardown() {
  exec 9>&- || true
  common_teardown
}

# from_open_pipe FILE COMMAND...: COMMAND reads FILE from a pipe that stays open behind it.
from_open_pipe() {
  local file=$1
  shift
  rm -f pipe && mkfifo pipe
  exec 9<>pipe
  cat "$file" >&9 3>&- &
  local cat=$!
  run_apart timeout 300 "$@" <pipe
  kill "$cat" 2>/dev/null || true # it reads its own pipe: no SIGPIPE ends it
  wait "$cat" || true
  exec 9>&-
}

@test "bamread, bamwrite: a stream that failed never ends as a whole one, whatever the failure" {
  bam=$(small_bam)
  head -c -28 "$bam" >noeof.bam
  head -c 200000 "$bam" >cut.bam
  break_block "$bam" 6 'block[-8] ^= 1' >/dev/null
  bgzip -dc "$bam" | head -c -5 >plain.bam
  (bam_text "$bam" && echo junk) >bad.sam
  printf '@SQ\tSN:other\tLN:3\n' >other.sam
  for input in noeof.bam cut.bam broken.bam plain.bam bad.sam "$bam other.sam" "$bam none.bam"; do
    for threads in 0 2; do
      # shellcheck disable=SC2086 # one or two inputs
      run_apart bash -c "mrf-bamread -@ $threads -u $input >out.bam"
      [[ $status == 3 || $status == 1 ]]
      run ! samtools quickcheck -u out.bam
      run_apart bash -c "mrf-bamread $input 2>err >out.sam"
      [[ $status == 3 || $status == 1 ]]
      whole_lines out.sam >lines.sam
      run ! mrf-bamwrite -o copy.bam out.sam
      run ! mrf-bamwrite --permissive -o copy.bam out.sam
      [[ ! -e copy.bam ]]
      # The records before the failure are there.
      head -n "$(wc -l <lines.sam)" <(bam_text "$bam") | cmp - lines.sam
      [[ $(wc -l <lines.sam) -gt 600 ]]
      [[ $input != *' '* ]] || continue
      run_apart bash -c "mrf-bamwrite -@ $threads - <$input >out.bam"
      [[ $status == 3 ]]
      run ! samtools quickcheck -u out.bam
      samtools view --no-PG -h out.bam 2>/dev/null >found.sam || true
      head -n "$(wc -l <found.sam)" <(bam_text "$bam") | cmp - found.sam
      [[ $(wc -l <found.sam) -gt 600 ]]
    done
  done
}

@test "bamread, bamwrite: bad data is reported when it has been read, though the pipe stays open" {
  bam=$(small_bam 1000)
  break_block "$bam" 1 'block[-8] ^= 1' >/dev/null
  bgzip -dc "$bam" >plain.bam
  change 300 4 05000000 && mv changed.bam reference.bam
  change 300 0 ffffffff && mv changed.bam size.bam
  change 300 20 ffffff7f && mv changed.bam length.bam
  (bam_text "$bam" | head -n 300 && echo junk) >bad.sam
  for threads in 0 2; do
    while IFS='|' read -r file reason; do
      for command in mrf-bamread 'mrf-bamread -u' 'mrf-bamwrite -o out.bam'; do
        # shellcheck disable=SC2086
        from_open_pipe $file $command -@ $threads
        assert_status 3
        assert_stderr_has "cannot read 'standard input': $reason"
      done
    done <<'END'
broken.bam|BGZF block at byte
reference.bam|record 300: unknown reference number 5
size.bam|record 300: a record of 4294967299 bytes is larger than BAM allows
length.bam|record 300: the lengths in the record do not fit its size
bad.sam|line 301: 1 fields where 11 are needed, with tabs between them
END
  done
  [[ ! -e out.bam ]]
}

@test "bamread: damage in a CRAM is reported with its container when it has been read, though the pipe stays open" {
  samtools view --no-PG -C --output-fmt-option no_ref=1 --output-fmt-option seqs_per_slice=500 -o in.cram "$(small_bam 2000)"
  python3 -c 'import sys
stored = bytearray(open("in.cram", "rb").read())
stored[len(stored) // 2] ^= 1
open("bad.cram", "wb").write(stored)'
  for threads in 0 2; do
    from_open_pipe bad.cram mrf-bamread -@ $threads
    assert_status 3
    assert_stderr_has "malformed or truncated: the CRAM container at byte "
    assert_stderr_has "a block has a wrong checksum"
  done
}

@test "bamread: a failure of the output ends a run whose input stays open" {
  bam=$(small_bam 3000)
  for threads in 0 2; do
    from_open_pipe "$bam" bash -c "mrf-bamread -@ $threads >/dev/full"
    assert_status 1
    assert_stderr_is "mrf-bamread: cannot write 'standard output': No space left on device"
  done
}

@test "bamread: a SAM file that becomes shorter while it is read is an error" {
  awk 'BEGIN {
    print "@SQ\tSN:c1\tLN:1000"
    for (i = 1; i <= 300000; i++) print "r" i "\t0\tc1\t1\t9\t4M\t*\t0\t0\tACGT\tIIII"
  }' >in.sam
  mkfifo out
  timeout 60 mrf-bamread in.sam >out 2>err 3>&- &
  run=$!
  exec 7<out
  # It can go on when more of its output is read.
  read -r first <&7
  truncate -s "$(head -n 200000 in.sam | wc -c)" in.sam
  cat <&7 >/dev/null
  exec 7<&-
  status=0
  wait "$run" || status=$?
  [[ $first == @SQ* && $status == 1 ]]
  [ "$(cat err)" = "mrf-bamread: cannot read 'in.sam': the file became shorter" ]
}

@test "bamread: an expression that cannot be evaluated after the first batch ends the run, with threads too" {
  awk 'BEGIN {
    print "@SQ\tSN:c1\tLN:1000"
    for (i = 1; i <= 60000; i++) print "r" i "\t0\tc1\t1\t9\t4M\t*\t0\t0\tACGT\tIIII\tXX:" (i < 50000 ? "i:1" : "Z:a")
  }' >in.sam
  for options in '-u' '-u -@ 2' '' '-@ 2'; do
    # shellcheck disable=SC2086
    run_apart timeout 300 bash -c "mrf-bamread $options -e '[XX]+1>3' in.sam >out"
    assert_status 2
    assert_stderr_has "it cannot be evaluated"
  done
}

@test "bamread, bamwrite: no allocation that fails makes a hang, a wrong result, or bad data of good" {
  [[ -z ${MRF_SANITIZED-} ]] || skip 'the sanitizers have memory of their own'
  "$ROOT/tests/faults/allocations" --only 'uncompressed'
  "$ROOT/tests/faults/allocations" --only 'from SAM'
}
