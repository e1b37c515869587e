#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Threads, flags and expressions.

load common
load bam

@test "bamread, bamwrite: when the system refuses threads, fewer do the work" {
  bam=$(small_bam)
  bam_text "$bam" >in.sam
  sorted_bam
  bam_text sorted.bam >sorted.sam
  mrf-bamread -@ 99999 "$bam" | cmp - in.sam
  # Stacks of 1 GiB each.
  ulimit -s 1048576 -v 4500000
  mrf-bamread -@ 16 "$bam" | cmp - in.sam
  mrf-bamwrite -@ 16 -o out.bam in.sam
  mrf-bamwrite -@ 16 -o out.cram sorted.sam
  mrf-bamread -@ 16 -o back.sam out.cram
  ulimit -v 1000000
  mrf-bamread -@ 16 "$bam" | cmp - in.sam
  cmp back.sam <(bam_text out.cram)
}
