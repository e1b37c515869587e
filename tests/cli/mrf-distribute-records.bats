#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What mrf-distribute takes for a record, and what it refuses.

load common
load distribute

# $1: the input; the rest: what mrf-distribute says of it.
refused_fastq() {
  printf '%b' "$1" >in.fq
  run_apart mrf-distribute --record fastq -i in.fq out.fq
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'in.fq': record $2"
  [[ ! -e out.fq ]]
}

@test "FASTQ: as many qualities as bases, and the same name behind the plus" {
  refused_fastq '@a\nACGT\n+\nIIII\n@b\nACGT\n+\nII' '2 (line 8) has 4 bases and 2 qualities'
  refused_fastq '@a\nACGT\n+\nIIIII\n@b\nACGT\n+\nIIII\n' '1 (line 4) has 4 bases and 5 qualities'
  refused_fastq '@a\nA\n+b\nI\n' "1 (line 3) is named 'a', and 'b' behind the '+'"
  refused_fastq '@a\nA\n+\nI\n\n' '2 (line 5) is an empty line'
  refused_fastq '>a\nA\n' "1 (line 1) starts with '>': '--record fasta' takes FASTA"
  refused_fastq '@a\nAC\nGT\n+\nII\nII\n' \
    "1 (line 3) has no '+' on its third line: a record is four lines; 'seqtk seq -l 0 FILE' makes them of sequences on several lines"
}

@test "FASTQ: wherever two records are cut, what is not whole is refused, from a pipe too" {
  printf '@a x\nACGT\n+\nIIII\n@b\nGG\n+b\nII\n' >two.fq
  local size whole=" 0 16 17 28 29 "
  for ((size = 0; size <= 29; ++size)); do
    run_apart mrf-distribute --record fastq -i <(head -c "$size" two.fq) -
    if [[ $whole == *" $size "* ]]; then assert_status 0; else assert_status 3; fi
  done
}

@test "FASTQ with carriage returns, names behind the plus, and no newline at its end" {
  printf '@a x\r\nACGT\r\n+a x\r\nIIII\r\n@b\r\nG\r\n+\r\nI' >in.fq
  run_apart mrf-distribute --record fastq -c 1 -i in.fq a b
  assert_status 0
  same a '@a x\r\nACGT\r\n+a x\r\nIIII\r\n'
  same b '@b\r\nG\r\n+\r\nI\n'
}

@test "FASTA: from '>' at the start of a line to the next, with empty lines and carriage returns" {
  printf '\n>a x>y\r\nAC\r\nG>T\r\n\r\n>b\n>c\nA\n\n\nC' >in.fa
  for input in in.fa <(cat in.fa); do
    run_apart mrf-distribute --record fasta -c 1 -i "$input" a b c
    assert_status 0
    same a '\n>a x>y\r\nAC\r\nG>T\r\n\r\n'
    same b '>b\n'
    same c '>c\nA\n\n\nC\n'
  done
  run_apart mrf-distribute --record fasta --key name --stats stats -i in.fa a b c
  assert_status 0
  [[ $(jq .records_in stats) == 3 ]]
  run_apart mrf-distribute --record fasta -i <(echo ACGT) -
  assert_status 3
  assert_stderr_has "record 1 does not start with '>' at the start of a line"
  run_apart mrf-distribute --record fasta --seq -i in.fa -
  assert_status 2
}

@test "FASTA: every policy cuts at records only, and a long one takes no memory" {
  [[ -z ${MRF_SANITIZED-} ]] || skip 'the sanitizers have memory of their own'
  seq 1 3000 | sed 's/.*/>r& >\nAC\nGT/' >in.fa
  for policy in "-c 7" "--chunk-bytes 100" "--chunk-bytes 1M" "--key name" "--balance -c 5"; do
    for input in in.fa <(cat in.fa); do
      # shellcheck disable=SC2086
      distribute_to "a b c" --record fasta $policy -i "$input"
      assert_status 0
      for out in a b c; do [[ ! -s $out.out || $(head -c 1 $out.out) == '>' ]]; done
      cmp <(sort in.fa) <(sort a.out b.out c.out)
      [[ $(grep -h -A 2 '^>' a.out b.out c.out | grep -c '^GT') == 3000 ]]
      rm a b c
    done
  done
  { echo '>chromosome' && head -c 100M /dev/zero | tr '\0' A | fold -w 1000 && printf '\n>b\nA\n'; } |
    (ulimit -v 400000 && mrf-distribute --record fasta -c 1 --stats stats a b)
  [[ $(head -c 4 b) == $'>b\nA' ]]
  [[ $(jq '.max_rss_bytes < 33554432' stats) == true ]]
}

@test "start:TEXT begins a record at each line that begins with TEXT" {
  printf 'LOCUS 1\nx LOCUS\n//\nLOCUS 2\nLOCU\n//\n' >in.gb
  run_apart mrf-distribute --record start:LOCUS -c 1 -i in.gb a b
  assert_status 0
  same a 'LOCUS 1\nx LOCUS\n//\n'
  same b 'LOCUS 2\nLOCU\n//\n'
  run_apart mrf-distribute --record start: -i in.gb a
  assert_status 2
}

@test "SAM: a read whose name begins with '@' is named, at the top, in the middle and at the end" {
  local header='@HD\tVN:1.6\n@CO no tab\n' read='\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n'
  for text in "@x$read" "$header@x$read" "${header}r$read@x$read" "${header}r$read@x${read}s$read"; do
    printf '%b' "$text" >in.sam
    run_apart mrf-distribute --sam --header-broadcast -i in.sam out.sam
    assert_status 3
    assert_stderr_has "is named '@x', which SAM text cannot tell from a header line; keep such records as BAM ('--record bam', 'mrf-bamread -u')"
    [[ ! -e out.sam ]]
  done
  printf '%b' "${header}r$read@CO\tlater\n" >in.sam
  run_apart mrf-distribute --sam -i in.sam out.sam
  assert_status 3
  assert_stderr_has "'@CO\tlater' stands where record 2 is to be"
}
