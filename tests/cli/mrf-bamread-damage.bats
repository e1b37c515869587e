#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Inputs that are cut off or damaged.

load common
load bam

@test "bamread: a malformed record is refused, as text and as uncompressed BAM, after those before it" {
  bam_text "$(small_bam 500)" >in.sam
  count=$(($(grep -c ^@ in.sam) + 299))
  bgzip -dc "$(small_bam 500)" >plain.bam
  while read -r offset value reason; do
    change 300 "$offset" "$value"
    for options in '' '-u' '-u -@2 -F 4'; do
      # shellcheck disable=SC2086
      run_apart bash -c "mrf-bamread $options changed.bam >found"
      assert_status 3
      assert_stderr_is "mrf-bamread: cannot read 'changed.bam': record 300: $reason"
      [[ $options == *-F* ]] || sam_text found | cmp - <(head -n $count in.sam)
    done
  done <<'END'
4 05000000 unknown reference number 5, the header has 5
24 feffffff unknown reference number -2, the header has 5
12 00 the read name is empty
20 ffffff7f the lengths in the record do not fit its size
20 ffffffff the lengths in the record do not fit its size
16 ffff the lengths in the record do not fit its size
20 60000000 CIGAR and sequence have different lengths: 100 and 96 bases
0 10000000 the record is too short
END
}

@test "bamread: a BAM without its end-of-file block is truncated, from file and pipe" {
  bam=$(small_bam)
  head -c -28 "$bam" >cut.bam
  for threads in 0 2; do
    run_apart mrf-bamread -@ $threads -o out.sam cut.bam
    assert_status 3
    assert_stderr_is "mrf-bamread: cannot read 'cut.bam': truncated: the BGZF end-of-file block is missing"
    assert_files cut.bam
    cat cut.bam >all.bam
    run_apart bash -c "cat cut.bam | mrf-bamread -@ $threads >out.sam"
    assert_status 3
    assert_stderr_is "mrf-bamread: cannot read 'standard input': truncated: the BGZF end-of-file block is missing"
    bam_text "$bam" | cmp - <(whole_lines out.sam)
    rm out.sam all.bam
  done
}

@test "bamread: --allow-truncated warns only" {
  head -c -28 "$(small_bam)" >cut.bam
  run_apart mrf-bamread --allow-truncated -o out.sam cut.bam
  assert_status 0
  assert_stderr_is "mrf-bamread: the input 'cut.bam' is truncated: the BGZF end-of-file block is missing"
  bam_text "$(small_bam)" | cmp - out.sam
  run_apart mrf-bamread --quiet --allow-truncated -o out.sam cut.bam
  assert_status 0
  assert_stderr_is ""
}

@test "bamread: SAM in BGZF that is cut inside a block is truncated, and its last line is not one cut off" {
  bam_text "$(small_bam)" >in.sam
  bgzip -k in.sam
  for part in 2 3 4; do
    head -c $(($(stat -c %s in.sam.gz) / part)) in.sam.gz >cut.sam.gz
    for option in "" --permissive; do
      # shellcheck disable=SC2086
      run_apart mrf-bamread $option -o out.sam cut.sam.gz
      assert_status 3
      assert_stderr_is "mrf-bamread: cannot read 'cut.sam.gz': truncated: the last BGZF block is not whole"
    done
    run_apart mrf-bamread --allow-truncated -o out.sam cut.sam.gz
    assert_status 0
    assert_stderr_is "mrf-bamread: the input 'cut.sam.gz' is truncated: the last BGZF block is not whole"
    [[ $(wc -l <out.sam) -gt $(samtools view -H --no-PG in.sam | wc -l) ]]
    head -n "$(wc -l <out.sam)" in.sam | cmp - out.sam
  done
}

@test "bamread: a BAM cut inside a block gives the records before the cut, then status 3" {
  head -c 100000 "$(small_bam)" >cut.bam
  run_apart bash -c 'cat cut.bam | mrf-bamread >out.sam'
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot read 'standard input': truncated: the last BGZF block is not whole"
  bam_text "$(small_bam)" | head -n "$(wc -l <out.sam)" | cmp - <(whole_lines out.sam)
  [[ $(grep -vc ^@ out.sam) -gt 100 ]]
}

@test "bamread: trailing garbage is an error, zero bytes at the end and an end-of-file block in mid-stream are none" {
  bam=$(small_bam)
  for byte in x '\x1e'; do
    (cat "$bam" && head -c 100 /dev/zero && printf "%b" "$byte") >garbage.bam
    run_apart mrf-bamread -o out.sam garbage.bam
    assert_status 3
    assert_stderr_has "cannot read 'garbage.bam': BGZF block at byte $(($(stat -c %s "$bam") + 100)): trailing garbage"
  done
  samtools view --no-PG -b -o records.bam "$bam"
  (cat records.bam && tail -c 28 records.bam) >twice.bam
  mrf-bamread twice.bam | cmp - <(bam_text "$bam")
  for size in 1 17 100 1000000; do
    (cat "$bam" && head -c $size /dev/zero) >padded.bam
    mrf-bamread padded.bam | cmp - <(bam_text "$bam")
    cat padded.bam | mrf-bamread -@ 2 | cmp - <(bam_text "$bam")
  done
}

@test "bamread: a block with a wrong checksum or length is named by its place, from file and pipe" {
  bam=$(small_bam)
  bam_text "$bam" >text.sam
  while IFS='|' read -r change reason; do
    place=$(break_block "$bam" 4 "$change")
    for input in '-@ 2 broken.bam' -; do
      run_apart bash -c "cat broken.bam | mrf-bamread $input >out.sam"
      assert_status 3
      [[ $input == - ]] && name='standard input' || name=broken.bam
      assert_stderr_is "mrf-bamread: cannot read '$name': BGZF block at byte $place: $reason"
      head -n "$(wc -l <out.sam)" text.sam | cmp - <(whole_lines out.sam)
      [[ $(grep -vc ^@ out.sam) -gt 100 ]]
    done
  done <<'END'
block[-8] ^= 1|incorrect checksum
block[18] = 7|invalid compressed data
block[-4] ^= 1|incorrect length
block[-1] ^= 0x80|incorrect length
block[16] ^= 1|incorrect length
block[16:18] = b"\0\0"|malformed header
block[14] ^= 1|malformed header
END
}

@test "bamread: a BAM whose last record is not whole is truncated, in blocks and without" {
  bam=$(small_bam 500)
  bgzip -dc "$bam" | head -c -5 >plain.bam
  bgzip -c plain.bam >blocks.bam
  for input in plain.bam blocks.bam; do
    run_apart bash -c "mrf-bamread $input >out.sam"
    assert_status 3
    assert_stderr_is "mrf-bamread: cannot read '$input': truncated: the last record is not whole"
    bam_text "$bam" | head -n -1 | cmp - <(whole_lines out.sam)
  done
}

@test "bamread: a last block whose length says more than there is, is truncated" {
  break_block "$(small_bam)" 4 'block[16:18] = b"\xff\xff"; end = len(stored)'
  for input in broken.bam -; do
    run_apart bash -c "cat broken.bam | mrf-bamread $input"
    assert_status 3
    assert_stderr_has "truncated: the last BGZF block is not whole"
  done
}

@test "bamread: a BAM cut at a block boundary or at any byte of its end is truncated, from file and pipe" {
  bam=$(small_bam 3000)
  bam_text "$bam" >text.sam
  "$ROOT/tests/cli/damage.py" cut "$bam" text.sam
}

@test "bamread: a flipped bit is never a crash, and never status 0 with another text than that of samtools" {
  bam=$(small_bam 500)
  bam_text "$bam" >text.sam
  "$ROOT/tests/cli/damage.py" flip "$bam" text.sam
  bgzip -dc "$bam" >plain.bam
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram "$bam"
  for input in plain.bam text.sam in.cram; do
    "$ROOT/tests/cli/damage.py" flip $input text.sam
  done
}
