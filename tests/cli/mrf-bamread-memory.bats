#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Lack of memory is told as that, not as bad data.

load common
load bam

@test "bamread: an allocation that fails in reading a CRAM is not told as bad data" {
  [[ -z ${MRF_SANITIZED-} ]] || skip "the sanitizers have memory of their own"
  cc -shared -fPIC -O1 -o failing.so "$BATS_TEST_DIRNAME/../faults/failing_allocations.c"
  seq -f 'r%.0f' 100 | awk 'BEGIN { print "@SQ\tSN:c1\tLN:1000" } { print $1 "\t0\tc1\t" NR "\t60\t4M\t*\t0\t0\tACGT\tIIII" }' >in.sam
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram in.sam
  mrf-bamread in.cram >expected
  for threads in 0 2; do
    failures=0
    for at in {600..1000..3}; do
      rm -f failed
      run_apart bash -c 'LD_PRELOAD=./failing.so FAIL_AT=$1 FAIL_LOG=failed exec mrf-bamread -@ $2 in.cram >found' _ "$at" $threads
      [[ -e failed ]] || continue
      echo "allocation $at with -@ $threads: status $status, $stderr"
      [[ $status != 3 ]]
      [[ $status != 0 ]] || cmp found expected
      failures=$((failures + 1))
    done
    [[ $failures -gt 30 ]]
  done
}
