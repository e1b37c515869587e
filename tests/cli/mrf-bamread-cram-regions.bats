#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-bamread -r over CRAM: the records that the same regions of the BAM have.

load common

# LAYOUT...: as samtools view has them for CRAM.
make_files() {
  rm -f ref.fa.fai
  samtools view --no-PG -C -T ref.fa "$@" -o in.cram sorted.sam
  samtools view --no-PG -b -o in.bam sorted.sam
  samtools index in.cram
  samtools index in.bam
}

# REGION...: compares, and leaves the number of records in `count`.
compare() {
  local options=()
  for region in "$@"; do options+=(-r "$region"); done
  mrf-bamread -T ref.fa --no-header "${options[@]}" in.cram | cut -f 1-11 >cram.sam
  mrf-bamread --no-header "${options[@]}" in.bam | cut -f 1-11 >bam.sam
  cmp cram.sam bam.sam || { echo "regions: $*" && false; }
  count=$(wc -l <cram.sam)
}

@test "several regions of a CRAM, with and without an end, on references that follow each other" {
  layouts=("" "--output-fmt-option seqs_per_slice=500" "--output-fmt-option multi_seq_per_slice=1"
    "--output-fmt-option seqs_per_slice=100 --output-fmt-option slices_per_container=3")
  for seed in 1 2 3; do
    "$ROOT/tests/data/make-regions" --seed $seed --length $((seed == 2 ? 500 : 20000))
    for layout in "${layouts[@]}"; do
      # shellcheck disable=SC2086
      make_files $layout
      compare c1 c2 c3 c4 c5 c6
      ((count == $(samtools view -c -F 4 in.bam) + $(samtools view -c -f 4 in.bam) - 40))
      compare c1 c2
      compare c2:100 c3
      compare c3 c2:123
      compare c6 c1 c3
      compare c2:200-300 c2:290-400 c2:100-250 c3:1-1
      compare c1 '*'
      ((count >= 40))
      compare '*' c3:50-60 c3
      compare . c2
      ((count == $(samtools view -c in.bam)))
    done
  done
}

@test "many small regions of a CRAM give each record once" {
  "$ROOT/tests/data/make-regions" --seed 5 --references 3 --length 400000
  make_files --output-fmt-option seqs_per_slice=300
  mapfile -t regions < <(for at in $(seq 1 900 399000); do echo "c1:$at-$((at + 20))"; done
    for at in $(seq 1 90000 390000); do echo "c2:$at-$((at + 10000))"; done)
  compare "${regions[@]}"
  ((count > 20))
}
