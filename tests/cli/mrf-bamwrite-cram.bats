#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# CRAM: where its references come from, and which records it cannot have.

load common
load bam

setup() {
  common_setup
  export REF_PATH=$PWD/none REF_CACHE=
}

reason='it is not sorted by position, which CRAM without references has to be'

# unsorted_sam FIELD: 30,000 records whose positions go up and down, with a FIELD in every @SQ line.
unsorted_sam() {
  awk -v field="$1" 'BEGIN {
    OFS = "\t"
    print "@SQ", "SN:c1", "LN:1000000" field
    print "@SQ", "SN:c2", "LN:1000000" field
    seq = sprintf("%100s", ""); gsub(/ /, "A", seq)
    for (i = 1; i <= 30000; i++)
      print "r" i, 0, "c" (i > 15000 ? 2 : 1), 1 + i * 7919 % 900000, 9, "100M", "*", 0, 0, seq, seq
  }'
}

@test "bamwrite: CRAM of records that are not sorted, without references, is refused whatever the threads" {
  for field in '' '\tM5:d41d8cd98f00b204e9800998ecf8427e'; do
    unsorted_sam "$field" >in.sam
    for threads in 0 2 2 2; do
      run_apart mrf-bamwrite -@ $threads -o out.cram in.sam
      assert_status 3
      assert_stderr_is "mrf-bamwrite: cannot write 'out.cram': read 'r114': $reason"
      [[ ! -e out.cram ]]
    done
  done
}

@test "bamwrite: CRAM of records that are sorted makes its references, with threads" {
  for field in '' '\tM5:d41d8cd98f00b204e9800998ecf8427e'; do
    unsorted_sam "$field" | samtools sort --no-PG -O sam -o sorted.sam - 2>/dev/null
    mrf-bamwrite -@ 2 -o out.cram sorted.sam
    samtools view -h --no-PG out.cram | cmp - sorted.sam
  done
}

@test "bamwrite: CRAM finds references by their checksums; then none may be missing" {
  bases=$(head -c 1000 </dev/zero | tr '\0' A)
  sum=$(printf %s "$bases" | md5sum | cut -d ' ' -f 1)
  mkdir cache
  printf %s "$bases" >"cache/$sum"
  export REF_PATH=$PWD/cache/%s
  {
    printf '@SQ\tSN:c1\tLN:1000\tM5:%s\n' "$sum"
    printf '@SQ\tSN:c2\tLN:1000\tM5:%032d\n' 1
    printf 'r%s\t0\tc1\t%s\t9\t4M\t*\t0\t0\tAAAA\tIIII\n' 1 50 2 40 3 30
  } >in.sam
  mrf-bamwrite -@ 2 -o out.cram in.sam
  cmp <(samtools view out.cram | cut -f 1-11) <(tail -n 3 in.sam)
  printf 'r4\t0\tc2\t1\t9\t4M\t*\t0\t0\tAAAA\tIIII\n' >>in.sam
  for threads in 0 2; do
    run_apart mrf-bamwrite -@ $threads -o bad.cram in.sam
    assert_status 3
    assert_stderr_is "mrf-bamwrite: cannot write 'bad.cram': read 'r4': its reference 'c2' is missing, others are there"
  done
}

@test "bamwrite: CRAM with some references of -T and some missing" {
  (echo '>c1' && head -c 1000000 </dev/zero | tr '\0' A && echo) >ref.fa
  unsorted_sam '' | samtools sort --no-PG -O sam -o sorted.sam - 2>/dev/null
  mrf-bamwrite -@ 2 -T ref.fa -o out.cram sorted.sam
  samtools view -h --no-PG out.cram | cmp - sorted.sam
  sed '/SN:c2/s/$/\tM5:d41d8cd98f00b204e9800998ecf8427e/' sorted.sam >half.sam
  (grep -vP '\tc1\t' half.sam && grep -P '\tc1\t' half.sam) >turned.sam
  for threads in 0 2; do
    for order in half turned; do
      run_apart mrf-bamwrite -@ $threads -T ref.fa -o bad.cram $order.sam
      assert_status 3
      name=$(awk '$3 == "c2" { print $1; exit }' sorted.sam)
      reason="read '$name': its reference 'c2' is missing, others are there"
      assert_stderr_is "mrf-bamwrite: cannot write 'bad.cram': $reason"
    done
  done
}

@test "bamwrite: a record that CRAM cannot have is refused by its name" {
  refused() { # RECORD REASON
    printf '@SQ\tSN:c1\tLN:1000\n%b\n' "$1" >in.sam
    for threads in 0 2; do
      run_apart mrf-bamwrite -@ $threads -o out.cram in.sam
      assert_status 3
      assert_stderr_is "mrf-bamwrite: cannot read 'in.sam': line 2: read 'r1': $2"
    done
  }
  refused 'r1\t0\tc1\t1\t9\t2M1B2M\t*\t0\t0\tAAAA\tIIII' "its CIGAR has an operation that CRAM does not have"
  refused 'r1\t0\tc1\t1\t9\t4M\t*\t0\t0\tAAAA\tIIII\tNM:Z:x' "its NM tag is no number"
  for place in '3000000000\t9\t4M\t*\t0\t0' '1\t9\t4M\t=\t3000000000\t0' '1\t9\t4M\t=\t1\t-3000000000'; do
    refused "r1\t0\tc1\t$place\tAAAA\tIIII" 'a position is too large for CRAM'
  done
  # A type that no optional field has.
  printf '@SQ\tSN:c1\tLN:1000\nr1\t0\tc1\t1\t9\t4M\t*\t0\t0\tAAAA\tIIII\tXX:i:5\n' |
    mrf-bamwrite -l 0 | bgzip -dc | sed 's/XXC/XX?/' >in.bam
  run_apart mrf-bamwrite -o out.cram in.bam
  assert_status 3
  assert_stderr_is "mrf-bamwrite: cannot read 'in.bam': record 1: the optional field 'XX' is malformed or not whole"
}

@test "bamread, bamwrite: -T makes the index of a FASTA file; what is none is refused" {
  printf '>c1\nACGTACGTAC\n' >ref.fa
  printf '@SQ\tSN:c1\tLN:10\nr1\t0\tc1\t1\t9\t4M\t*\t0\t0\tACGT\tIIII\n' >in.sam
  mrf-bamwrite -T ref.fa -o out.cram in.sam
  [[ -s ref.fa.fai ]]
  rm ref.fa.fai
  mrf-bamread --no-header -T ref.fa out.cram | cut -f 1-11 | cmp - <(tail -n 1 in.sam)
  [[ -s ref.fa.fai ]]
  for words in 'mrf-bamread -T in.sam out.cram' 'mrf-bamwrite -T in.sam -o new.cram in.sam'; do
    read -ra command <<<"$words"
    run_apart "${command[@]}"
    assert_status 1
    assert_stderr_is "${command[0]}: cannot index 'in.sam': it is no FASTA file, or its index cannot be written"
  done
  printf '\n@c1\nACGTACGTAC\n+\nIIIIIIIIII\n' >reads.fq
  bgzip -k reads.fq
  samtools view --no-PG -b -o in.bam in.sam
  for reference in reads.fq reads.fq.gz; do
    for words in 'mrf-bamread -T FILE out.cram' 'mrf-bamwrite -T FILE -o new.cram in.sam' \
      'mrf-run -T FILE -i in.bam -o new.cram -- cat' 'mrf-run -T FILE -i out.cram -o new.bam -- cat'; do
      read -ra command <<<"${words/FILE/$reference}"
      run_apart "${command[@]}"
      assert_status 1
      assert_stderr_has "cannot index '$reference': it is no FASTA file, or its index cannot be written"
    done
  done
  rm ref.fa.fai
  assert_files in.bam in.sam out.cram reads.fq reads.fq.gz ref.fa
  run_apart mrf-bamread -T none.fa out.cram
  assert_status 1
  assert_stderr_is "mrf-bamread: cannot open 'none.fa': No such file or directory"
}

@test "bamread, bamwrite: CRAM of an htslib before 1.16 is refused, BAM is not" {
  [[ -z ${MRF_SANITIZED-} ]] || skip "a library cannot be loaded before that of the sanitizer"
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram "$(small_bam 500)"
  printf 'const char *hts_version(void) { return "1.13+ds"; }\n' >old.c
  cc -shared -fPIC -o old.so old.c
  run_apart env LD_PRELOAD="$PWD/old.so" mrf-bamread in.cram
  assert_status 1
  assert_output_is ''
  assert_stderr_is "mrf-bamread: cannot read 'in.cram': CRAM needs htslib 1.16 or later, and this is htslib 1.13+ds"
  run_apart env LD_PRELOAD="$PWD/old.so" mrf-bamwrite -o out.cram "$(small_bam 500)"
  assert_status 1
  assert_stderr_is "mrf-bamwrite: cannot write 'out.cram': CRAM needs htslib 1.16 or later, and this is htslib 1.13+ds"
  LD_PRELOAD=$PWD/old.so mrf-bamwrite -o out.bam "$(small_bam 500)"
  assert_files in.cram old.c old.so out.bam
}

@test "bamwrite: CRAM has the same bytes whatever its name is" {
  printf '@SQ\tSN:c1\tLN:1000\nr1\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n' >in.sam
  mrf-bamwrite -o one.cram in.sam
  mrf-bamwrite -O cram in.sam | cmp - one.cram
  mrf-run -n 2 -i in.sam -o two.cram -- cat
  cmp one.cram two.cram
}
