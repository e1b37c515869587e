#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-distribute --record bam.

load common
load distribute

@test "every output is a whole BAM stream" {
  bam=$(small_bam)
  distribute_to "a b c" --record bam -c 7 -i "$bam"
  assert_status 0
  assert_stderr_is ""
  for n in a b c; do
    samtools quickcheck "$n.out"
    cmp <(samtools view -H --no-PG "$n.out") <(samtools view -H --no-PG "$bam")
    [[ $(tail -c 28 "$n.out" | xxd -p | tr -d '\n') == 1f8b08040000000000ff0600424302001b0003000000000000000000 ]]
  done
  cmp <(samtools view a.out) <(samtools view "$bam" | awk 'int((NR - 1) / 7) % 3 == 0')
  /usr/bin/python3 -c '
import pysam, sys
print(sum(1 for name in "abc" for _ in pysam.AlignmentFile(f"{name}.out", "rb")))' >count
  [[ $(<count) == $(samtools view -c "$bam") ]]
}

@test "uncompressed BAM, from a file and from a pipe" {
  bam=$(small_bam)
  samtools view -u --no-PG -o u.bam "$bam"
  bgzip -dc "$bam" >raw
  for input in u.bam raw; do
    distribute_to "a b" --record bam --chunk-bytes 64K -i <(cat "$input")
    assert_status 0
    cmp <(bam_records a.out b.out | sort) <(samtools view "$bam" | sort)
    rm a b
  done
  distribute_to "a b" --record bam --chunk-bytes 1M -i raw
  assert_status 0
  cmp <(bam_records a.out b.out | sort) <(samtools view "$bam" | sort)
}

@test "a BAM's key has the same worker as the SAM's" {
  bam=$(small_bam)
  samtools view --no-PG -o sam "$bam"
  for key in tag:CB tag:NM tag:CB:4 name; do
    distribute_to "a b c" --record bam --key "$key" --missing skip -i "$bam"
    assert_status 0
    distribute_to "d e f" --key "$key" --missing skip -i sam
    assert_status 0
    for pair in ad be cf; do cmp <(samtools view "${pair:0:1}.out") "${pair:1:1}.out"; done
    rm a b c d e f
  done
}

@test "numbers go into the tag mi, last in the record" {
  bam=$(small_bam)
  distribute_to "a b" --record bam --seq -c 1 -i "$bam"
  assert_status 0
  paste -d '\n' <(samtools view a.out) <(samtools view b.out) >numbered
  cmp numbered <(samtools view "$bam" | awk '{ printf "%s\tmi:i:%d\n", $0, NR - 1 }')
}

@test "the header, and records without key, are BAM streams too" {
  bam=$(small_bam)
  distribute_to "a" --record bam --key tag:CB --missing rest --header-to head -i "$bam"
  assert_status 0
  samtools quickcheck -u head
  samtools quickcheck rest
  cmp <(samtools view -H --no-PG head) <(samtools view -H --no-PG "$bam")
  cmp <(bam_records a.out rest | sort) <(samtools view "$bam" | sort)
  [[ $(samtools view rest | grep -c 'CB:Z:') == 0 ]]
}

@test "several BAMs are one, when they have the same reference sequences" {
  bam=$(small_bam)
  distribute_to "a" --record bam -i "$bam" -i "$bam"
  assert_status 0
  [[ $(samtools view -c a.out) == $((2 * $(samtools view -c "$bam"))) ]]
  printf '@SQ\tSN:other\tLN:9\n' | samtools view -b --no-PG -o other.bam
  distribute_to "b" --record bam -i "$bam" -i other.bam
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'other.bam': its reference sequences are not those of '$bam'"
}

@test "what is not BAM, or cut short, is bad data" {
  bam=$(small_bam)
  samtools view -h -o sam "$bam"
  distribute_to "a" --record bam -i sam
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'sam': it is not BAM; 'mrf-bamread -u' makes BAM of SAM and CRAM"
  head -c -28 "$bam" >no-end.bam
  distribute_to "b" --record bam -i no-end.bam
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'no-end.bam': truncated: no end-of-file block"
  head -c -100 "$bam" >cut.bam
  distribute_to "c" --record bam -i cut.bam
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'cut.bam': truncated gzip stream"
  # What was distributed arrives, but does not look complete.
  run ! samtools quickcheck c.out
  bgzip -dc "$bam" | head -c 100000 >raw
  distribute_to "d" --record bam -i raw
  assert_status 3
  assert_stderr_has "cannot read 'raw': record "
  assert_stderr_has " is truncated"
  bgzip -dc "$bam" | head -c 20 >raw
  distribute_to "e" --record bam -i raw
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'raw': its header is truncated"
}

@test "more threads change nothing but the time" {
  bam=$(small_bam 20000)
  for threads in 0 1 4; do
    distribute_to "a b" --record bam -@ $threads -c 10 -i <(cat "$bam")
    assert_status 0
    cmp <(bam_records a.out b.out | sort) <(samtools view "$bam" | sort)
    samtools view "$bam" >text
    distribute_to "c" -@ $threads -i <(bgzip -c text)
    cmp c.out text
    rm a b c
  done
  bgzip -c text >text.gz
  { head -c 60000 text.gz; printf 'xxxxxxxxxxxxxxxx'; tail -c +60017 text.gz; } >damaged.gz
  for threads in 0 3; do
    distribute_to "d" -@ $threads -i damaged.gz
    assert_status 3
    assert_stderr_has "cannot read 'damaged.gz': in"
    cmp -n "$(stat -c %s d.out)" d.out text
    rm d
  done
}
