#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the name of mrf-run's OUTPUT asks for: .sam.gz is compressed SAM, lines and bytes go through as they are.

load common

short() { run_apart timeout -k 5 300 mrf-run -n 2 "$@"; }

@test ".sam.gz is SAM as BGZF, in every order and from BAM records, at the level that is asked for" {
  bam=$(small_bam 500)
  for options in "" "--order rows" "--order chunk" "--record bam"; do
    filter=(cat)
    [[ $options != *bam ]] || filter=(samtools view -u --no-PG)
    # shellcheck disable=SC2086
    short $options -i "$bam" -o z.sam.gz -- "${filter[@]}"
    assert_status 0
    bgzip -t z.sam.gz
    cmp <(sam_text "$bam") <(zcat z.sam.gz)
  done
  short -l 0 -i "$bam" -o stored.sam.gz -- cat
  assert_status 0
  (($(stat -c %s stored.sam.gz) > 2 * $(stat -c %s z.sam.gz)))
  ln -s plain.sam link.sam.gz
  short -i z.sam.gz -o link.sam.gz -- cat
  assert_status 0
  cmp <(zcat z.sam.gz) <(zcat plain.sam)
}

@test "SAM under a name in .gz is BGZF, also where an option says that it is SAM" {
  bam=$(small_bam 500)
  for order in chunk rows; do
    for options in '-O sam -o z.sam.gz' '-O SAM -l 1 -o z.gz' '--output-record sam -o z.gz'; do
      # shellcheck disable=SC2086
      short --order $order $options -i "$bam" -- cat
      assert_status 0
      bgzip -t z*.gz
      cmp <(sam_text "$bam") <(zcat z*.gz)
      rm z*.gz
    done
  done
  short -O sam -o plain.sam -i "$bam" -- cat
  assert_status 0
  cmp <(sam_text "$bam") plain.sam
}

@test "a .gz that chunks are joined in has the bytes of the filter, whatever they are" {
  seq 4000 | awk '{ print "@r" $1 "\nACGT\n+\nIIII" }' >in.fq
  short -i in.fq -o sequences.gz -- awk 'NR % 4 == 2'
  assert_status 0
  cmp <(zcat sequences.gz) <(awk 'NR % 4 == 2' in.fq)
  seq 1000 >in.txt
  short -i in.txt -o joined.gz -- tr '\n' ' '
  assert_status 0
  cmp <(zcat joined.gz) <(tr '\n' ' ' <in.txt && echo)
}

@test "lines that a filter of SAM makes are no header, whatever they look like" {
  bam=$(small_bam 500)
  samtools view "$bam" | awk '{ print "@CO\t" $1 }' >expected
  for order in any rows chunk; do
    short --order "$order" -i "$bam" -o "$order.txt.gz" -- awk '{ print "@CO\t" $1 }'
    assert_status 0
    cmp <(sort expected) <(zcat "$order.txt.gz" | sort)
  done
  cmp expected <(zcat rows.txt.gz)
  short --order seq -i "$bam" -o out.txt -- awk '{ print "@CO\t" $1 }'
  assert_status 3
  assert_stderr_has "record 1 has no sequence number"
  short --order seq -i "$bam" -o out.txt -- awk '{ print "@CO\t" $1 "\t" $NF }'
  assert_status 0
  cmp expected out.txt
  short --order any --header-broadcast -i "$bam" -o whole.txt -- cat
  assert_status 0
  cmp <(sam_text "$bam" | sort) <(sort whole.txt)
}

@test "a filter that compresses by itself: an output in .gz is compressed once, and no header of text comes in front" {
  seq 100 >in.txt
  for order in chunk any rows; do
    words=(-n 2 -c 7 --order "$order")
    [[ $order != rows ]] || words=(-n 1 --order any)
    run_apart mrf-run "${words[@]}" -i in.txt -o out.gz -- gzip -c
    assert_status 0
    gzip -dc out.gz | sort -n | cmp - in.txt
  done
  printf 'a\0b\0' >nul
  mrf-run --record nul -i nul -o nul.gz -- cat
  gzip -dc nul.gz | cmp - nul
  for out in table.gz table.out; do
    run_apart mrf-run -n 2 -c 7 --header-lines 1 -i in.txt -o "$out" -- gzip -c
    assert_status 3
    assert_stderr_has 'compressed with gzip'
    [[ ! -e $out ]]
  done
}
