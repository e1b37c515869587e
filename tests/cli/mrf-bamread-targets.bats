#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Which records belong to regions and to the intervals of a BED file, and samples of the names.

load common
load bam

# Reads of 50 bases, every seventh of which spans 3,000 bases of its reference.
make_spanning() {
  "$ROOT/tests/data/make-regions" --seed "$1" --length 20000
  awk 'BEGIN { FS = OFS = "\t" }
    /^@/ || ++n % 7 || $6 != "50M" || $4 > 16000 { print; next }
    { $6 = "25M3000N25M"; print }' sorted.sam >spanning.sam
  samtools view --no-PG -b -o bai.bam spanning.sam && samtools index bai.bam
  cp bai.bam csi.bam && samtools index -c csi.bam
  samtools view --no-PG -C -T ref.fa --output-fmt-option seqs_per_slice=200 -o in.cram spanning.sam
  samtools index in.cram
}

records() { mrf-bamread -T ref.fa --no-header "$@" | cut -f 1-11; }

@test "with --region-rule starts, windows that cover the references give each record with a position once" {
  for seed in $(some 1 4); do
    make_spanning "$seed"
    awk -F '\t' '!/^@/ && $3 != "*"' spanning.sam | cut -f 1-11 >expected
    [[ $(grep -c 3000N expected) -gt 50 ]]
    for window in $(sanitized 6500 "700 6500 20000"); do
      for input in bai.bam csi.bam in.cram; do
        for reference in c1 c2 c3 c4 c5 c6; do
          for ((from = 1; from <= 20000; from += window)); do
            records --region-rule starts -r "$reference:$from-$((from + window - 1))" $input
          done
        done >found
        cmp expected found
      done
    done
    records --region-rule starts -r '*' bai.bam >unplaced
    [[ $(wc -l <unplaced) == 40 ]]
  done
}

@test "with --region-rule starts, several regions give a record once, and none that begins elsewhere" {
  make_spanning 1
  begins() { # CONDITION of awk over the reference in $3 and the position in $4
    awk -F '\t' "!/^@/ && ($1)" spanning.sam | cut -f 1-11
  }
  some=0
  for input in bai.bam csi.bam in.cram; do
    for threads in 0 2; do
      begins '$3 ~ /^c[1-6]$/ && $4 >= 5000 && $4 <= 9000' >expected
      options=()
      for reference in c1 c2 c3 c4 c5 c6; do
        options+=(-r "$reference:5000-8000" -r "$reference:7000-9000" -r "$reference:5500-5600")
      done
      records -@ $threads --region-rule starts "${options[@]}" $input | cmp expected -
      records -@ $threads --region-rule overlaps "${options[@]}" $input >overlapping
      (($(wc -l <overlapping) > $(wc -l <expected)))
      records -@ $threads "${options[@]}" $input | cmp overlapping -
      some=$((some + $(wc -l <expected)))
      records -@ $threads --region-rule starts -r c2 -r c3:100 $input |
        cmp <(begins '$3 == "c2" || ($3 == "c3" && $4 >= 100)') -
    done
  done
  ((some > 1000))
}

@test "-L selects as samtools view -L, from files, pipes and by the index, and -r and -L together both" {
  make_spanning 4
  {
    printf '# a comment\ntrack name=x\nbrowser position c1\n\n'
    printf 'c1\t100\t200\tname\t0\t+\n'
    printf 'c2 5000 5100\r\nnowhere\t1\t2\n'
    printf 'c2\t5050\t9000\nc5\t0\t20000\nc4\t16001\t16001\n'
    seq 700 700 15000 | sed 's/^/c4\t/'
  } >some.bed
  gzip -k some.bed
  samtools view -L some.bed spanning.sam | cut -f 1-11 >expected
  [[ $(grep -c c4 expected) -gt 50 ]]
  for input in spanning.sam bai.bam in.cram; do
    for bed in some.bed some.bed.gz; do
      for options in '' '-@ 2'; do
        # shellcheck disable=SC2086
        records $options -L $bed $input | cmp expected -
      done
    done
  done
  records -L <(cat some.bed) - <bai.bam | cmp expected -
  for input in bai.bam csi.bam in.cram; do records -M -L some.bed $input | cmp expected -; done
  mrf-bamread -u -L some.bed bai.bam | samtools view - | cut -f 1-11 | cmp expected -
  records -r c2 -L some.bed bai.bam | cmp <(awk -F '\t' '$3 == "c2"' expected) -
  awk -F '\t' '!/^@/ && (($3 == "c1" && $4 > 100 && $4 <= 200) || ($3 == "c2" && $4 > 5000 && $4 <= 9000) ||
    ($3 == "c4" && $4 % 700 == 0 && $4 <= 15000) || $3 == "c5")' spanning.sam | cut -f 1-11 >begins
  for options in '' -M; do
    # shellcheck disable=SC2086
    records $options --region-rule starts -L some.bed bai.bam | cmp begins -
  done
  sed 's/SN:c4/SN:track/; s/\tc4\t/\ttrack\t/g' spanning.sam >track.sam
  printf 'track name=x\ntrack\t100\t9000\n' >track.bed
  samtools view -L track.bed track.sam | cut -f 1-11 >expected
  [[ -s expected ]]
  records -L track.bed track.sam | cmp expected -
  : >empty.bed
  for options in '' -M; do
    # shellcheck disable=SC2086
    mrf-bamread $options -L empty.bed bai.bam | cmp - <(samtools view -H --no-PG bai.bam)
  done
}

@test "a BED file that is malformed, of another genome, or standard input twice is refused" {
  make_spanning 1
  refused() { # STATUS MESSAGE ARGUMENT...
    local status=$1 message=$2
    shift 2
    run_apart mrf-bamread "$@"
    assert_status "$status"
    assert_output_is ''
    assert_stderr_has "$message"
  }
  for line in 'c1\tx\t5' 'c1\t5\t4' 'c1' 'c1\t-1\t5' 'c1\t0' 'c1\t5\t6x' 'c1\t1\t99999999999999999999'; do
    # shellcheck disable=SC2059
    printf "c1\t1\t2\n$line\n" >bad.bed
    refused 3 "cannot read 'bad.bed': line 2: neither REFERENCE BEGIN END nor REFERENCE POSITION" -L bad.bed bai.bam
  done
  printf 'chr1\t1\t2\n' >other.bed
  for options in '' -M; do
    refused 3 "cannot use 'other.bed': none of its references is in the header of the input, 'chr1' for example" \
      $options -L other.bed bai.bam
  done
  refused 2 "cannot use option '-L': standard input is an input already" -L - - <bai.bam
  refused 1 "cannot open 'none.bed': No such file" -L none.bed bai.bam
  refused 2 "cannot use option '-M': it goes with -L" -M bai.bam
  refused 2 "cannot use option '--region-rule': it goes with -r and -L" --region-rule starts bai.bam
  refused 2 "cannot use region rule 'ends': neither starts nor overlaps" --region-rule ends -r c1 bai.bam
  printf 'c1\t1\t2\n' >good.bed
  refused 1 "only a file with an index has regions" -M -L good.bed - < <(cat bai.bam)
}

@test "--subsample chooses what samtools view --subsample chooses, mates together" {
  bam=$(small_bam 3000)
  for fraction in 0.01 0.3 0.75 1 1e-3; do
    for seed in 0 1 2 4294967295; do
      samtools view --subsample $fraction --subsample-seed $seed "$bam" >expected
      for options in '' '-@ 2'; do
        # shellcheck disable=SC2086
        mrf-bamread $options --no-header --subsample $fraction --subsample-seed $seed "$bam" | cmp expected -
      done
      mrf-bamread -u --subsample $fraction --subsample-seed $seed "$bam" | samtools view - | cmp expected -
    done
  done
  samtools view --subsample 0.3 -F 16 -q 20 "$bam" >expected
  [[ -s expected ]]
  mrf-bamread --no-header --subsample 0.3 -F 16 -q 20 "$bam" | cmp expected -
  for fraction in 0 -1 1.1 nan inf; do
    run_apart mrf-bamread --subsample $fraction "$bam"
    assert_status 2
    assert_stderr_has "cannot use option '--subsample': not a fraction above 0 and up to 1"
  done
  run_apart mrf-bamread --subsample 0.5x "$bam"
  assert_status 2
  assert_stderr_has "cannot use option '--subsample': '0.5x' is not a number"
  run_apart mrf-bamread --subsample-seed 3 "$bam"
  assert_status 2
  assert_stderr_has "cannot use option '--subsample-seed': it goes with --subsample"
}
