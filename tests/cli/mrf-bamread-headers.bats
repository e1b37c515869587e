#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Headers: references beyond 32 bits, the @PG line.

load common
load bam

# The same header and record as SAM, BAM and compressed SAM, with their indexes.
long_reference() {
  printf '@SQ\tSN:c1\tLN:100\n@SQ\tSN:c2\tLN:5000000000\nr1\t0\tc1\t1\t9\t4M\t*\t0\t0\tAAAA\tIIII\n' >in.sam
  samtools view --no-PG -b -o in.bam in.sam
  samtools view --no-PG -h -o in.sam.gz in.sam
  samtools index in.bam && samtools index in.sam.gz
}

@test "bamread: with --permissive, a reference longer than 32 bits can say keeps its length, with regions too" {
  long_reference
  for options in in.bam '-r c1 in.bam' '-r c1 in.sam.gz' '-u in.bam'; do
    # shellcheck disable=SC2086 # an option and its value
    mrf-bamread --permissive --quiet $options | samtools view -h --no-PG | cmp - in.sam
  done
  mrf-bamread --permissive --quiet -H --add-pg in.bam | grep -c 'LN:5000000000$'
}

@test "bamread, bamwrite: with --permissive, BAM and SAM with a reference longer than 32 bits can say have the same dictionary" {
  long_reference
  for pair in 'in.sam in.bam' 'in.bam in.sam' '-r c1 in.bam in.sam.gz'; do
    # shellcheck disable=SC2086 # two inputs
    [[ $(mrf-bamread --permissive --quiet --no-header $pair | grep -c ^r1) == 2 ]]
  done
  mrf-bamwrite --permissive --quiet --header in.sam in.bam | samtools view -h --no-PG | cmp - in.sam
  mrf-bamwrite --permissive --quiet --header in.bam in.sam | samtools view -h --no-PG | cmp - in.sam
  sed s/5000000000/5000000001/ in.sam >other.sam
  run_apart mrf-bamread --permissive --quiet in.bam other.sam
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot join 'other.sam': its reference 'c2' has another length; samtools-merge(1) joins inputs whose headers differ"
}

@test "bamread, bamwrite: no argument adds a header line or a field by way of --add-pg" {
  odd=$'n\n@SQ\tSN:inj\tLN:5.bam'
  cp "$(small_bam 500)" "$odd"
  count=$(samtools view -H --no-PG "$odd" | wc -l)
  mrf-bamread -H --add-pg "$odd" >header
  mrf-bamwrite --add-pg "$odd" | samtools view -H --no-PG >other
  for text in header other; do
    (($(wc -l <$text) == count + 1))
    grep -P '^@PG\t.*\tCL:[^\t]* n @SQ SN:inj LN:5\.bam$' $text
  done
}

@test "bamread: --add-pg shows no secret of a URL inside a word" {
  printf '@HD\tVN:1.6\n' >in.sam
  mrf-bamread -H --add-pg -e 'qname!="http://user:word@host/?sig=S3CRET"' in.sam >with.sam
  grep -F 'CL:mrf-bamread -H --add-pg -e qname!="http://host/?sig=..." in.sam' with.sam
}
