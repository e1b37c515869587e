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

# As bwa 0.7.18 and later write it. samtools itself leaves such a line where it is.
@test "an @HD line behind @SQ becomes the first line on every way through" {
  sq=$'@SQ\tSN:c1\tLN:1000' hd=$'@HD\tVN:1.5\tSO:coordinate'
  printf 'r%s\t0\tc1\t5\t60\t4M\t*\t0\t0\tACGT\tIIII\n' {1..40} >records
  (printf '%s\n' "$hd" "$sq" $'@PG\tID:bwa' && cat records) >expected.sam
  (printf '%s\n' "$sq" "$hd" $'@PG\tID:bwa' && cat records) >in.sam
  samtools view --no-PG -b -o in.bam in.sam
  samtools index in.bam
  [[ $(samtools head -h 1 in.bam) == "$sq" ]]
  for options in in.sam in.bam '-r c1 in.bam' '--permissive in.bam' '-F 4 in.bam'; do
    # shellcheck disable=SC2086 # options and an input
    mrf-bamread $options | cmp expected.sam -
    # shellcheck disable=SC2086
    mrf-bamread -u $options | samtools view -h --no-PG | cmp expected.sam -
  done
  mrf-bamread in.bam expected.sam in.sam | cmp <(cat expected.sam records records) -
  mrf-bamwrite --unsorted --header in.sam expected.sam | samtools head -h 1 | grep -Fx $'@HD\tVN:1.5\tSO:unsorted'
  (echo '>c1' && printf 'ACGT%.0s' {1..250} && echo) >ref.fa
  mrf-bamwrite -T ref.fa -O cram in.sam | samtools head -h 1 | grep -Fx "$hd"
  for input in in.sam in.bam; do
    mrf-bamwrite $input | samtools view -h --no-PG | cmp expected.sam -
    for options in '' '--record bam' '--order seq' '--header-broadcast' '--shards 2'; do
      for output in out.bam out.sam; do
        # shellcheck disable=SC2086 # options
        mrf-run $options -n 2 -i $input -o $output -- cat
        samtools view -h --no-PG $output | cmp expected.sam -
      done
    done
  done
  # A filter that writes such a header, as an aligner does.
  for output in out.bam out.sam; do
    for order in chunk any; do
      seq 40 | mrf-run --record line --output-record sam -n 2 -c 9 --order $order -i - -o $output -- \
        sh -c 'grep ^@ in.sam; sed "s/.*/r&\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI/"'
      [[ $(samtools view -H --no-PG $output | cut -f 1) == $'@HD\n@SQ\n@PG' ]]
      (($(samtools view -c $output) == 40))
    done
  done
}
