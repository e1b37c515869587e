#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# CRAM: what htslib alone does not tell.

load common
load bam

@test "bamread: --stats counts the bytes of a CRAM, from file and pipe" {
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram "$(small_bam 500)"
  mrf-bamread --stats file.json in.cram >/dev/null
  cat in.cram | mrf-bamread -@ 2 --stats pipe.json >/dev/null
  for stats in file.json pipe.json; do
    [[ $(jq '[.records_in, .bytes_in]' -c $stats) == "[500,$(stat -c %s in.cram)]" ]]
  done
}

@test "bamread: a CRAM without its end is truncated, from file and pipe" {
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram "$(small_bam)"
  bam_text in.cram >expected.sam
  cat in.cram | mrf-bamread | cmp - expected.sam
  head -c -38 in.cram >cut.cram
  for command in 'mrf-bamread cut.cram' 'cat cut.cram | mrf-bamread'; do
    run_apart bash -c "$command >out.sam"
    assert_status 3
    assert_stderr_has "truncated: the CRAM end-of-file container is missing"
    whole_lines out.sam | cmp - expected.sam
  done
  head -c 100000 in.cram >cut.cram
  for command in 'mrf-bamread -@ 2 cut.cram' 'cat cut.cram | mrf-bamread'; do
    run_apart bash -c "$command >out.sam"
    assert_status 3
  done
}

# 500 records, and the options of samtools view.
unnamed_cram() {
  awk 'BEGIN {
    print "@SQ\tSN:c1\tLN:1000"
    for (i = 1; i <= 500; i++) print "r" i "\t0\tc1\t" i "\t9\t4M\t*\t0\t0\tACGT\tIIII"
  }' | samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram "$@"
  samtools index in.cram
  cp in.cram.crai bad.cram.crai
}

# Changes a bit of in.cram at a place that Python finds in `stored`.
make_bad_cram() {
  python3 -c "import sys
stored = bytearray(sys.stdin.buffer.read())
stored[$1] ^= 1
sys.stdout.buffer.write(stored)" <in.cram >bad.cram
}

assert_bad_cram() {
  local threads command
  for threads in 0 1 2; do
    mrf-bamread -@ $threads in.cram | cmp - <(bam_text in.cram)
    for command in 'bad.cram' '-r c1 bad.cram' '<bad.cram' '< <(cat bad.cram)'; do
      run_apart bash -c "mrf-bamread --no-header -@ $threads $command >out.sam"
      assert_status 3
      assert_stderr_has "record $(($1 + 1)): malformed or truncated"
      whole_lines out.sam | cmp - <(samtools view in.cram | head -n "$1")
    done
  done
}

@test "bamread: records of a read group that is none are never the end of a CRAM, nor of a region" {
  unnamed_cram
  # The encoding of the read groups, which are -1.
  make_bad_cram 'stored.index(b"RG\3\10\1\xff\xff") + 5'
  assert_bad_cram 0
}

@test "bamread: a damaged container header is never the end of a CRAM, nor of a region" {
  unnamed_cram --output-fmt-option seqs_per_slice=100
  make_bad_cram "$(zcat in.cram.crai | awk 'NR == 3 { print $4 }') + 10"
  assert_bad_cram 200
}

@test "bamread: a CRAM whose reference is missing fails at once and asks no server" {
  printf '>chr1\nACGTACGTACGTACGTACGTACGTACGTACGT\n' >ref.fa
  samtools faidx ref.fa
  printf '@SQ\tSN:chr1\tLN:32\nr\t0\tchr1\t1\t9\t4M\t*\t0\t0\tACGT\tIIII\n' >in.sam
  samtools view --no-PG -C -T ref.fa -o made.cram in.sam
  samtools reheader -P -c "sed 's,UR:[^\t]*,UR:http://127.0.0.1:9/ref.fa,'" made.cram >in.cram
  samtools view -H --no-PG in.cram | grep UR:http
  mrf-bamread -T ref.fa in.cram | grep -q ACGT
  rm ref.fa ref.fa.fai
  run_apart env -u REF_PATH -u REF_CACHE HOME="$PWD" XDG_CACHE_HOME= \
    strace -f -qq -e trace=connect,socket -o trace mrf-bamread --no-header in.cram
  assert_status 3
  reason="malformed or truncated CRAM, or its reference 'chr1' is missing: give its FASTA file by -T"
  assert_stderr_is "mrf-bamread: cannot read 'in.cram': record 1: $reason"
  run ! grep -E 'AF_INET6?' trace
}
