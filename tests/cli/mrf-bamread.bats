#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load common

bam_text() { samtools view -h --no-PG "$1"; }

@test "bamread: SAM text is that of samtools, with every number of threads, from file and pipe" {
  bam=$(small_bam)
  bam_text "$bam" >expected.sam
  for threads in 0 1 2 8; do
    mrf-bamread -@ $threads "$bam" | cmp - expected.sam
    mrf-bamread -@ $threads <"$bam" | cmp - expected.sam
    cat "$bam" | mrf-bamread -@ $threads - | cmp - expected.sam
    mrf-bamread -@ $threads <(cat "$bam") | cmp - expected.sam
  done
}

@test "bamread: every BAM, SAM and CRAM stored another way gives the same text" {
  bam=$(small_bam 2000)
  bam_text "$bam" >expected.sam
  samtools view --no-PG -u -o plain.bam "$bam"
  gzip -k expected.sam
  bgzip -c expected.sam >blocks.sam.gz
  bgzip -dc "$bam" >raw.bam
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram "$bam"
  for input in plain.bam expected.sam expected.sam.gz blocks.sam.gz raw.bam; do
    mrf-bamread -@ 2 $input | cmp - expected.sam
  done
  mrf-bamread in.cram | cmp - <(bam_text in.cram)
}

@test "bamread: header only, no header, uncompressed BAM" {
  bam=$(small_bam)
  mrf-bamread -H "$bam" | cmp - <(samtools view -H --no-PG "$bam")
  mrf-bamread --no-header "$bam" | cmp - <(samtools view "$bam")
  mrf-bamread -u -o out.bam "$bam"
  samtools quickcheck out.bam
  assert_same_sam out.bam "$bam"
}

@test "bamread: flags, mapping quality and expressions select as in samtools" {
  bam=$(small_bam)
  mrf-bamread -f PAIRED -F 0x4 -q 20 "$bam" | cmp - <(samtools view -h --no-PG -f PAIRED -F 0x4 -q 20 "$bam")
  mrf-bamread -@ 2 -e 'qlen > 20 && [CB]' "$bam" | cmp - <(samtools view -h --no-PG -e 'qlen > 20 && [CB]' "$bam")
}

@test "bamread: flags and expressions that mean nothing are refused" {
  run_apart mrf-bamread -f NOSUCH "$(small_bam)"
  assert_status 2
  assert_stderr_is "mrf-bamread: cannot use flags 'NOSUCH': neither a number nor names of flags; try 'mrf-bamread --help'"
  run_apart mrf-bamread --no-header -e 'qlen >' "$(small_bam)"
  assert_status 2
  assert_stderr_has "cannot use expression 'qlen >': it cannot be evaluated"
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
    bam_text "$bam" | cmp - out.sam
    rm out.sam all.bam
  done
}

@test "bamread: --allow-truncated warns only" {
  head -c -28 "$(small_bam)" >cut.bam
  run_apart mrf-bamread --allow-truncated -o out.sam cut.bam
  assert_status 0
  assert_stderr_is "mrf-bamread: the input 'cut.bam' is truncated: the BGZF end-of-file block is missing"
  bam_text "$(small_bam)" | cmp - out.sam
}

@test "bamread: a BAM cut inside a block gives the records before the cut, then status 3" {
  head -c 100000 "$(small_bam)" >cut.bam
  run_apart bash -c 'cat cut.bam | mrf-bamread >out.sam'
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot read 'standard input': truncated: the last BGZF block is not whole"
  bam_text "$(small_bam)" | head -n "$(wc -l <out.sam)" | cmp - out.sam
  [[ $(grep -vc ^@ out.sam) -gt 100 ]]
}

@test "bamread: trailing garbage is an error, an end-of-file block in mid-stream is none" {
  bam=$(small_bam)
  (cat "$bam" && head -c 100 /dev/zero) >garbage.bam
  run_apart mrf-bamread -o out.sam garbage.bam
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot read 'garbage.bam': BGZF block at byte $(stat -c %s "$bam"): trailing garbage after a BGZF block"
  samtools view --no-PG -b -o records.bam "$bam"
  (cat records.bam && tail -c 28 records.bam) >twice.bam
  mrf-bamread twice.bam | cmp - <(bam_text "$bam")
}

@test "bamread: no such file, a directory, an empty file, a text file" {
  run_apart mrf-bamread no.bam
  assert_status 1
  assert_stderr_is "mrf-bamread: cannot open 'no.bam': No such file or directory"
  run_apart mrf-bamread .
  assert_status 1
  assert_stderr_is "mrf-bamread: cannot open '.': Is a directory"
  : >empty.bam
  run_apart mrf-bamread empty.bam
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot read 'empty.bam': the input is empty"
  echo "just some text" >text.bam
  run_apart mrf-bamread text.bam
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot read 'text.bam': this is neither BAM nor CRAM nor SAM"
}

@test "bamread: a damaged block is named by its place" {
  cp "$(small_bam)" bad.bam
  printf 'x' | dd of=bad.bam bs=1 seek=70000 conv=notrunc status=none
  run_apart mrf-bamread -o out.sam bad.bam
  assert_status 3
  assert_stderr_has "mrf-bamread: cannot read 'bad.bam': BGZF block at byte "
}

@test "bamread: a reader that goes away ends it like a filter, a full disk is an error" {
  bam=$(small_bam)
  run_apart bash -c "mrf-bamread -@ 2 '$bam' | head -n 1 >/dev/null; exit \${PIPESTATUS[0]}"
  assert_status 141
  assert_stderr_is ""
  run_apart bash -c "mrf-bamread -@ 2 '$bam' >/dev/full"
  assert_status 1
  assert_stderr_is "mrf-bamread: cannot write 'standard output': No space left on device"
}

@test "bamread: --stats counts records and bytes" {
  bam=$(small_bam)
  mrf-bamread --stats stats.json -o out.sam "$bam"
  python3 - "$bam" <<'EOF'
import json, os, sys
stats = json.load(open("stats.json"))
assert stats["tool"] == "mrf-bamread" and stats["records_in"] == stats["records_out"] > 0
assert stats["bytes_in"] == os.path.getsize(sys.argv[1]) and stats["bytes_out"] == os.path.getsize("out.sam")
EOF
}
