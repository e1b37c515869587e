#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-run's short form: what inputs and outputs hold, by name, by option and by their first bytes. Every result is
# compared with what the filter writes in a plain pipe.

load common

short() { run_apart timeout -k 5 300 mrf-run -n 3 "$@"; }
records() { samtools view --no-PG "$@"; }

make_fastq() {
  for i in $(seq "$1"); do printf '@r%s\nACGTN\n+\nII%cII\n' "$i" "$((i % 10))"; done
}
make_fasta() {
  for i in $(seq "$1"); do
    printf '>s%s\n' "$i"
    for _ in $(seq $((i % 4))); do echo ACGTACGT; done
  done
}

@test "BAM, CRAM and SAM on a pipe are alignments, header and all" {
  bam=$(small_bam)
  records -h "$bam" >in.sam
  records -C --output-fmt-option no_ref=1 "$bam" -o in.cram
  records -u "$bam" >in.ubam
  for input in "$bam" in.sam in.cram in.ubam; do
    run_apart bash -c 'cat "$1" | timeout 300 mrf-run -n 3 -i - -o piped.bam -- cat' _ "$input"
    assert_status 0
    assert_same_sam "$input" piped.bam
    run_apart bash -c 'timeout 300 mrf-run -n 3 -i <(cat "$1") -o piped.bam -- cat' _ "$input"
    assert_status 0
    assert_same_sam "$input" piped.bam
  done
  run_apart bash -c 'samtools view -u --no-PG "$1" | timeout 300 mrf-run --record bam -o piped.bam -- samtools view -u --no-PG' _ "$bam"
  assert_status 0
  assert_same_sam "$bam" piped.bam
  assert_nothing_left
}

@test "a pipe whose first bytes come one at a time is waited for" {
  bam=$(small_bam 50)
  run_apart bash -c '
    { for at in $(seq 1 40); do tail -c "+$at" "$1" | head -c 1; done; tail -c +41 "$1"; } |
      timeout 300 mrf-run -n 2 -o piped.bam -- cat' _ "$bam"
  assert_status 0
  assert_same_sam "$bam" piped.bam
}

@test "standard output as BAM, CRAM or SAM by --output-format" {
  bam=$(small_bam)
  run_apart bash -c 'timeout 300 mrf-run -n 3 -i "$1" -o - --output-format bam -- cat | samtools sort --no-PG -o sorted.bam' _ "$bam"
  assert_status 0
  samtools sort --no-PG -o expected.bam "$bam"
  assert_same_sam expected.bam sorted.bam
  short -i "$bam" --output-format sam -- cat
  assert_status 0
  assert_output_is "$(records -h "$bam")"
  records "$bam" >lines.txt
  run_apart bash -c 'timeout 300 mrf-run -n 3 -i "$1" -- cat >out.txt' _ "$bam"
  assert_status 0
  cmp out.txt lines.txt
}

@test "names of either case, names that tell nothing, names that are wrong" {
  bam=$(small_bam 500)
  cp "$bam" IN.BAM
  cp "$bam" plain
  cp "$bam" wrong.fq
  records -h "$bam" >text.bam
  for input in IN.BAM plain wrong.fq text.bam; do
    short -i "$input" -o OUT.BAM -- cat
    assert_status 0
    assert_same_sam "$bam" OUT.BAM
    [ "$(head -c 4 OUT.BAM | od -An -tx1)" = " 1f 8b 08 04" ]
  done
  short -i plain -o records.txt -- cat
  assert_status 0
  cmp records.txt <(records "$bam")
  make_fastq 1000 >reads.txt
  short -c 7 -i reads.txt -o out.FQ -- cat
  assert_status 0
  cmp out.FQ reads.txt
  short -i plain -o o.txt --record line -- cat
  assert_status 2
  assert_stderr_has "cannot read 'plain': it is BAM"
  short -i plain -o o.txt --input-format fastq -- cat
  assert_status 3
  assert_stderr_has "it is BAM"
}

@test "what is not read here is refused by name, with the command that helps" {
  seq 1000 >in.txt
  bzip2 -k in.txt
  xz -k in.txt
  printf '##fileformat=VCFv4.2\n##contig=<ID=c>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nc\t1\t.\tA\tC\t.\t.\t.\n' |
    bcftools view -Ob -o in.bcf
  printf '\x28\xb5\x2f\xfd\x04' >in.zst
  while read -r input kind command; do
    short -i "$input" -o out.txt -- cat
    assert_status 3
    assert_stderr_has "it is $kind"
    assert_stderr_has "$command $input | mrf-run"
    run_apart bash -c 'cat "$1" | timeout 300 mrf-run -n 2 -o out.txt -- cat' _ "$input"
    assert_status 3
    assert_stderr_has "cannot read 'standard input': it is $kind"
    [ ! -e out.txt ]
  done <<'E'
in.txt.bz2 bzip2-compressed bzip2 -dc
in.txt.xz xz-compressed xz -dc
in.bcf BCF bcftools view
in.zst zstd-compressed zstd -dc
E
  short --record fixed:1 -i in.txt.bz2 -o same -- cat
  assert_status 0
  cmp same in.txt.bz2
}

@test "records of nul are inflated in every order; those of fixed never, which a compressed file is refused for" {
  seq -f %07g 1000 >in.txt
  tr '\n' '\0' <in.txt >in.nul
  gzip -k in.nul
  gzip -k in.txt
  for order in chunk seq rows any; do
    for input in in.nul.gz <(cat in.nul.gz); do
      run_apart mrf-run -n 1 --order $order --record nul -i "$input" -o out.nul -- cat
      assert_status 0
      cmp in.nul out.nul
    done
    run_apart mrf-run -n 1 --order $order --record fixed:8 -i in.txt.gz -o none -- cat
    assert_status 2
    assert_stderr_has "cannot read 'in.txt.gz': it is compressed, and records of fixed:8 are never inflated: gzip -dc in.txt.gz | mrf-run -i - "
    [[ ! -e none ]]
  done
  gzip -dc in.txt.gz | mrf-run -n 2 --record fixed:8 -i - -o same -- cat
  cmp same in.txt
  mrf-run -n 2 --record fixed:1 -i in.txt.gz -o same -- cat
  cmp same in.txt.gz
  run_apart mrf-run --record nul -i <(xz -c in.nul) -o none -- cat
  assert_status 3
}

@test "FASTA is cut between records, by name and by content" {
  make_fasta 300 >in.fa
  cp in.fa in.txt
  gzip -k in.fa
  for input in in.fa in.fa.gz in.txt; do
    for order in chunk any rows; do
      short --order "$order" -c 3 -i "$input" -o out.fa -- bash -c 'read -r first; [[ $first == ">"* ]] || exit 9; echo "$first"; cat'
      assert_status 0
      [ "$order" = any ] || cmp in.fa out.fa
      cmp <(tr -d '\n' <in.fa | tr '>' '\n' | sort) <(tr -d '\n' <out.fa | tr '>' '\n' | sort)
    done
  done
  make_fasta 10 >in.faa
  short --order seq -i in.faa -o out.faa -- cat
  assert_status 2
  short --record start:'>' -c 1 -i in.fa -o out.txt -- cat
  assert_status 0
  cmp in.fa out.txt
}

@test "BAM to FASTQ, exact and with live copies" {
  bam=in.bam
  samtools view --no-PG -F 0x900 -o in.bam "$(small_bam)" # samtools fastq drops the others
  samtools fastq "$bam" >expected.fq 2>log
  for options in "--record bam" "--header-broadcast" "--record bam --order rows" "--header-broadcast --order rows" \
    "--record bam --order any" "--header-broadcast --order any"; do
    # shellcheck disable=SC2086
    short -c 37 $options -i "$bam" -o out.fq -- samtools fastq
    assert_status 0
    [[ $options == *any ]] || cmp expected.fq out.fq
    cmp <(paste - - - - <expected.fq | sort) <(paste - - - - <out.fq | sort)
  done
  short -c 37 --record bam -i "$bam" -o out.fq.gz -- samtools fastq
  assert_status 0
  cmp expected.fq <(zcat out.fq.gz)
  short --record bam --order seq -i "$bam" -o no.fq -- samtools fastq
  assert_status 2
  assert_stderr_has "--order chunk, rows and any do without"
  [ ! -e no.fq ]
}

@test "records that do not fit the output's kind are status 3" {
  make_fastq 100 >in.fq
  for order in chunk any rows; do
    short --order "$order" -c 10 -i in.fq -o out.fq -- sed 5d
    assert_status 3
    [ ! -e out.fq ]
  done
  short -c 10 -i in.fq -o sequences.txt -- sed -n 2~4p
  assert_status 0
  cmp sequences.txt <(sed -n 2~4p in.fq)
  short -c 10 --order any --output-record line -i in.fq -o sequences.txt -- sed -n 2~4p
  assert_status 0
  cmp sequences.txt <(sed -n 2~4p in.fq)
}

@test "FASTQ to BAM: the copies' headers agree and are written once" {
  make_fastq 500 >in.fq
  cat >align <<'E'
#!/bin/sh
printf '@HD\tVN:1.6\n@SQ\tSN:c\tLN:1000\n@PG\tID:align\n'
paste - - - - | awk -F'\t' -v OFS='\t' '{ print substr($1, 2), 0, "c", 1, 60, length($2) "M", "*", 0, 0, $2, $4 }'
E
  chmod +x align
  ./align <in.fq | samtools view --no-PG -b -o expected.bam
  for options in "" "--order any" "-c 9 --order rows"; do
    # shellcheck disable=SC2086
    short $options -i in.fq -o out.bam -- ./align
    assert_status 0
    [[ $options == *any* ]] || assert_same_sam expected.bam out.bam
    cmp <(records -H expected.bam) <(records -H out.bam)
    cmp <(records expected.bam | sort) <(records out.bam | sort)
  done
  short -c 100 --output-record bam -i in.fq -o out.bam -- bash -c './align | samtools view --no-PG -u'
  assert_status 0
  assert_same_sam expected.bam out.bam
  for order in chunk any; do
    short -c 100 --order "$order" -i in.fq -o no.bam -- bash -c './align | sed "s/LN:1000/LN:$((MRF_WORKER + 1${MRF_CHUNK-}))/"'
    assert_status 3
    [ ! -e no.bam ]
  done
}

@test "--print says what is run, and that is what runs" {
  bam=$(small_bam)
  cp "$bam" plain
  for options in "-i plain -o out.bam" "-i plain -o out.bam --record bam" "-i plain -o out.bam --header-broadcast" \
    "-i plain -o out.bam --order seq" "-i plain -o out.sam --order rows" "-i plain --output-format bam"; do
    # shellcheck disable=SC2086
    mrf-run -n 2 $options --print -- samtools view -h --no-PG - >w.mrf
    [[ $options == *header* || $options == *bam ]] || sed -i 's/samtools view -h --no-PG -/cat/' w.mrf
    [[ $options != *"--record bam"* ]] || sed -i 's/view -h/view -u/' w.mrf
    [[ $options != *format* && $options != "-i plain -o out.bam" ]] || sed -i 's/samtools view -h --no-PG -/cat/' w.mrf
    run_apart bash -c 'timeout 300 mrf-run w.mrf >stdout'
    assert_status 0
    [[ $options != *format* ]] || mv stdout out.bam
    [[ $options == *out.sam* ]] && result=out.sam || result=out.bam
    assert_same_sam "$bam" "$result"
    mrf-run --dry-run w.mrf
    mrf-run --dot w.mrf >graph
    rm "$result"
    mrf-run --print-sh w.mrf >script
    run_apart bash -c 'timeout 300 bash script >stdout'
    assert_status 0
    [[ $options != *format* ]] || mv stdout out.bam
    assert_same_sam "$bam" "$result"
    rm "$result"
  done
  run_apart bash -c 'mrf-run -i - -o out.bam --print -- cat < <(sleep 60)'
  assert_status 2
  assert_stderr_has "--input-format"
  mrf-run -i - --input-format bam -o out.bam --print -- cat | grep -q 'mrf-bamread .*- > out:sam'
}
