#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-chunks: --record bam, and outputs that are checked by --output-record.

load common

chunks() { run_apart timeout -k 5 300 mrf-chunks -n 3 "$@"; }

# `bam_chunks FILTER...`: the BAM that comes out is in out.bam.
bam_chunks() {
  run_apart bash -c 'timeout -k 5 300 mrf-chunks -n 3 -c 700 --record bam -i in.bam -- "$@" >out.bam' bash "$@"
}

setup() {
  common_setup
  cp "$(small_bam)" in.bam
  for i in $(seq 100); do printf '@r%d\nACGT\n+\nIIII\n' "$i"; done >in.fq
}

@test "bam: every chunk is a whole BAM, compressed or not, and so is what comes out" {
  for filter in "samtools view -b --no-PG -" "samtools view -u --no-PG -" cat "bgzip -dc" "mrf-bamread -u -"; do
    # shellcheck disable=SC2086
    bam_chunks $filter
    assert_status 0
    assert_same_sam in.bam out.bam
  done
  bam_chunks samtools view -c -
  assert_status 3
}

@test "bam: pysam" {
  cat >filter.py <<'END'
import pysam
source = pysam.AlignmentFile("-", "rb")
target = pysam.AlignmentFile("-", "wb", template=source)
for read in source:
    target.write(read)
END
  bam_chunks /usr/bin/python3 filter.py
  assert_status 0
  assert_same_sam in.bam out.bam
}

@test "bam: a header alone, an empty input, an output that is cut off or no BAM" {
  samtools view -H --no-PG in.bam | samtools view -b --no-PG -o header.bam -
  mrf-chunks --record bam -i header.bam -- samtools view -b --no-PG - >out.bam
  assert_same_sam header.bam out.bam
  chunks --record bam -i /dev/null -- cat
  assert_status 3
  bam_chunks bash -c 'samtools view -b --no-PG - | head -c 5000'
  assert_status 3
  assert_stderr_has "output of bash for chunk 0"
  bam_chunks bash -c 'samtools view -b --no-PG - | head -c -28'
  assert_status 3
  # shellcheck disable=SC2016
  bam_chunks bash -c '[ "$MRF_CHUNK" = 2 ] || cat'
  assert_status 3
  assert_stderr_has "cannot join 'output of bash for chunk 2': it is empty, and a BAM stream has a header at least"
}

@test "bam: headers that differ are status 3" {
  # shellcheck disable=SC2016
  bam_chunks bash -c 'samtools view -h --no-PG - | sed "s/^@CO.*/@CO\tchunk $((MRF_CHUNK == 3))/" |
    samtools view -b --no-PG -'
  assert_status 3
  assert_stderr_has "cannot join 'output of bash for chunk 3': its header is not that of chunk 0"
}

@test "records of bytes that begin as gzip does are no gzip" {
  printf '\x1f\x8b\x08\x00\x1f\x8b\x08\x00' >in
  for input in in <(cat in); do
    mrf-chunks --record fixed:4 -c 1 -n 2 -i "$input" -- cat >out
    cmp out in
  done
}

@test "bam in, FASTQ and text out" {
  mrf-chunks -n 3 -c 700 --record bam --output-record fastq -i in.bam -- bash -c 'samtools fastq - 2>/dev/null' >out.fq
  cmp out.fq <(samtools fastq in.bam 2>/dev/null)
  mrf-chunks -n 3 -c 700 --record bam --output-record line -i in.bam -- samtools view - >out.txt
  cmp out.txt <(samtools view in.bam)
}

@test "FASTQ in, SAM and BAM out: the outputs' headers are one" {
  cat >align <<'END'
#!/bin/bash
printf '@HD\tVN:1.6\n@SQ\tSN:c\tLN:10\n'
paste - - - - | awk -F'\t' -vOFS='\t' 'NF == 4 { print substr($1, 2), 4, "*", 0, 0, "*", "*", 0, 0, $2, $4 }'
END
  chmod +x align
  ./align <in.fq >want.sam
  mrf-chunks -n 3 -c 7 --record fastq --output-record sam -i in.fq -- ./align | cmp - want.sam
  mrf-chunks -n 2 -c 7 --record fastq --output-record bam -i in.fq -- bash -c './align | samtools view -b --no-PG -' >out.bam
  assert_same_sam want.sam out.bam
  : >empty.fq
  chunks --record fastq --output-record sam -i empty.fq -- ./align
  assert_status 0
  assert_output_is "$(head -n 2 want.sam)"
}

@test "FASTQ out is checked: what fits passes, what does not is status 3 with chunk, filter and record" {
  chunks -c 7 --record fastq --output-record fastq -i in.fq -- cat
  assert_status 0
  assert_output_is "$(cat in.fq)"
  chunks -c 7 --record fastq --output-record fastq -i in.fq -- awk 'ENVIRON["MRF_CHUNK"] != 5 || NR > 1'
  assert_status 3
  assert_stderr_has "output of awk for chunk 5"
  assert_stderr_has "record 1"
  chunks -c 7 --record fastq --output-record fastq -i in.fq -- sed '$d'
  assert_status 3
  # shellcheck disable=SC2016
  chunks -c 7 --record fastq --output-record fastq -i in.fq -- bash -c 'printf %s "$(cat)"'
  assert_status 0
  assert_output_is "$(cat in.fq)"
  chunks -c 7 --record fastq -i in.fq -- paste - - - -
  assert_status 0
  assert_output_is "$(paste - - - - <in.fq)"
}

@test "--stats counts the records of what was checked, and says null where nothing was looked at" {
  mrf-chunks -c 7 --stats s.json --record fastq --output-record fastq -i in.fq -- cat >out
  jq -e '.records_in == 100 and .records_out == 100 and .chunks == 15 and .bytes_out == .bytes_in' s.json
  mrf-chunks -c 7 --stats s.json --record fastq -i in.fq -- cat >out
  jq -e '.records_in == 100 and .records_out == null and .chunks == 15 and .bytes_out == .bytes_in' s.json
}

@test "FASTA and records that begin with a text are never cut" {
  for i in $(seq 200); do printf '>s%d\nACGT\n\nAC\n' "$i"; done >in.fa
  chunks -c 7 --record fasta --output-record fasta -i in.fa -- cat
  assert_status 0
  assert_output_is "$(cat in.fa)"
  chunks -c 7 --record fasta -i in.fa -- bash -c 'read -r first; [[ $first == ">"* ]] && grep -c ">"'
  assert_status 0
  [ "${lines[0]}" = 6 ] && [ "${#lines[@]}" = 29 ]
  chunks -c 3 --record start:BEGIN -i <(for i in $(seq 10); do printf 'BEGIN\n%d\n' "$i"; done) -- head -n 2
  assert_status 0
  assert_output_is "$(printf 'BEGIN\n%s\n' 1 4 7 10)"
}

@test "input that is no text is refused by name, not cut into lines" {
  bzip2 -kc in.fq >in.bz2
  for input in in.bam in.bz2; do
    chunks -i "$input" -- cat
    assert_status 3
    assert_output_is ''
    chunks -i <(cat "$input") -- cat
    assert_status 3
  done
  assert_stderr_has bzip2
  cp in.bz2 bytes
  mrf-chunks --record fixed:1 -c 100 -i bytes -- cat | cmp - bytes
  gzip -c in.fq >in.gz
  for input in in.gz <(cat in.gz); do
    mrf-chunks --record fixed:1 -c 100 -i "$input" -- cat | cmp - in.gz
  done
  tr '\n' '\0' <in.fq >nul
  gzip -c nul >nul.gz
  for input in nul.gz <(cat nul.gz); do
    mrf-chunks --record nul -c 100 -i "$input" -- cat | cmp - nul
  done
}

@test "output that was said to be lines and is not" {
  chunks --output-record line -i in.fq -- gzip -c
  assert_status 3
  assert_stderr_has "cannot join 'output of gzip for chunk 0': it is compressed with gzip, not text"
  chunks --sam --header-broadcast --output-record line -i <(samtools view -h in.bam) -- samtools view -b -
  assert_status 3
}

@test "text of a filter that got a SAM header: header lines once, lines that begin with '@' stay" {
  sam_text in.bam >in.sam
  mrf-chunks -n 3 -c 700 --sam --header-broadcast --output-record line -i in.sam -- cat | cmp - in.sam
  mrf-chunks -n 3 -c 700 --sam --header-broadcast --output-record line -i in.sam -- samtools view -h - |
    samtools view | cmp - <(samtools view in.sam)
  mrf-chunks -n 3 -c 700 --sam --header-broadcast --output-record line -i in.sam -- \
    bash -c 'samtools fastq - 2>/dev/null' | cmp - <(samtools fastq in.sam 2>/dev/null)
  mrf-chunks -n 3 -c 700 --sam --header-broadcast --output-record line -i in.sam -- awk '!/^@/ { print "@" $1 }' |
    cmp - <(awk '!/^@/ { print "@" $1 }' in.sam)
}

@test "damaged input: the chunks before the damage come first, and the status is 3" {
  seq 300000 | gzip -c >whole.gz
  head -c 400000 whole.gz >cut.gz
  chunks -c 1000 -i cut.gz -- cat
  assert_status 3
  assert_stderr_has "cut.gz"
  [ "${#lines[@]}" -gt 100000 ]
  [ "$output" = "$(seq "${#lines[@]}")" ]
}
