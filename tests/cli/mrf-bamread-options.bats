#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Threads, flags and expressions.

load common
load bam

@test "bamread, bamwrite: when the system refuses threads, fewer do the work" {
  bam=$(small_bam)
  bam_text "$bam" >in.sam
  sorted_bam
  bam_text sorted.bam >sorted.sam
  mrf-bamread -@ 99999 "$bam" | cmp - in.sam
  [[ -z ${MRF_SANITIZED-} ]] || return 0  # what they map is beyond every limit
  # Stacks of 1 GiB each.
  ulimit -s 1048576 -v 4500000
  mrf-bamread -@ 16 "$bam" | cmp - in.sam
  mrf-bamwrite -@ 16 -o out.bam in.sam
  mrf-bamwrite -@ 16 -o out.cram sorted.sam
  mrf-bamread -@ 16 -o back.sam out.cram
  ulimit -v 1000000
  mrf-bamread -@ 16 "$bam" | cmp - in.sam
  cmp back.sam <(bam_text out.cram)
}

@test "bamread: nothing is written under the name of another format" {
  printf '@HD\tVN:1.6\nr\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\n' >in.sam
  for name in out.bam out.BAM out.ubam out.cram out.sam.gz out.txt.bgz out.sam.zst "-u out.sam" "-u out.SAM.GZ"; do
    option=()
    [[ $name != -u* ]] || option=(-u)
    name=${name#-u }
    run_apart mrf-bamread "${option[@]}" -o "$name" in.sam
    assert_status 2
    assert_stderr_has "cannot write '$name': mrf-bamread writes SAM text"
    [[ ! -e $name ]]
  done
  mrf-bamread -u -o out.bam in.sam
  samtools quickcheck -u out.bam
  mrf-bamread -u -o out in.sam
  cmp out out.bam
  mrf-bamread -o out.sam in.sam
  cmp out.sam in.sam
}

@test "bamread, bamwrite: an option that another one makes void is refused" {
  printf '@HD\tVN:1.6\n' >in.sam
  run_apart mrf-bamread -H --no-header in.sam
  assert_status 2
  assert_stderr_has "cannot use option '--no-header': -H writes the header alone"
  run_apart mrf-bamread -u --no-header in.sam
  assert_status 2
  assert_output_is ''
  assert_stderr_has "cannot use option '--no-header': BAM, which -u writes, has its header in any case"
  run_apart mrf-bamwrite --add-pg --no-PG in.sam
  assert_status 2
  assert_stderr_has "cannot use option '--no-PG'"
  for words in "-O sam" "-o out.sam"; do
    # shellcheck disable=SC2086
    run_apart mrf-bamwrite -l 3 $words in.sam
    assert_status 2
    assert_stderr_has "cannot use option '-l': plain SAM is not compressed"
  done
  while IFS='|' read -r words text; do
    # shellcheck disable=SC2086
    run_apart mrf-bamread $words in.sam
    assert_status 2
    assert_output_is ''
    assert_stderr_has "$text"
  done <<'E'
--range 1-2|cannot use option '--range': it goes with one INPUT, a BAM file in BGZF
--range 1-2 in.sam|cannot use option '--range': it goes with one INPUT, a BAM file in BGZF
--range 2-1|cannot use range '2-1': it is not BEGIN-END, two virtual offsets of which the first is not larger
--range 1-|cannot use range '1-'
--range 1-2x|cannot use range '1-2x'
--range 1-2 -H|cannot use option '-H': it goes without --range
--range 1-2 -r c|cannot use option '-r': it goes without --range
--range 1-2 --allow-truncated|cannot use option '--allow-truncated': it goes without --range
--range-report f|cannot use option '--range-report': it goes with --range
E
}

@test "bamread: --range-report replaces nothing that is read or written, and follows the output" {
  bam_bytes <<'END'
front = block(header())
open("in.bam", "wb").write(front + block(record("a")) + EOF)
open("range", "w").write(f"{len(front) << 16}-{len(front + block(record('a')) + EOF) << 16}")
END
  cp in.bam kept
  ln -s in.bam link
  refused() {  # TEXT WORDS: the shell's words
    run_apart bash -c "mrf-bamread --range $(<range) $2"
    assert_status 2
    assert_stderr_is "mrf-bamread: cannot use $1; try 'mrf-bamread --help'"
    cmp in.bam kept
    assert_files in.bam kept link range "${@:3}"
  }
  refused "output 'in.bam': the same file as input 'in.bam'" '--range-report in.bam in.bam'
  refused "output 'link': the same file as input 'in.bam'" '--range-report link in.bam'
  refused "output 'in.bam': the same file as input 'standard input'" '--range-report in.bam <in.bam'
  refused "output './o': the same file as 'o'" '-o o --range-report ./o in.bam'
  refused "output 'standard output': the same file as 'standard output'" '--range-report - in.bam'
  refused "option '--stats': it would replace 's'" '--range-report s --stats s in.bam'
  refused "option '--stats': standard output takes the data; give it a file" '-o o --range-report - --stats - in.bam'
  refused "output 'o': the same file as 'standard output'" '--range-report o in.bam >o' o
  rm o
  mkdir o
  run_apart mrf-bamread --range "$(<range)" --range-report r -o o in.bam
  assert_status 1
  [[ ! -e r ]]
  mrf-bamread --range "$(<range)" --range-report r -o s in.bam
  [[ $(jq -c '[.records, .mtime]' r) == "[1,\"$(stat -c %.9Y in.bam)\"]" ]]
  cut -f 1 s | grep -qx a
}

@test "bamread: -H looks at every input" {
  printf '@SQ\tSN:c1\tLN:1000\n' >a.sam
  printf '@SQ\tSN:c2\tLN:1000\n' >b.sam
  mrf-bamread -H a.sam a.sam | cmp - a.sam
  run_apart mrf-bamread -H -o out.sam a.sam none.sam
  assert_status 1
  assert_stderr_is "mrf-bamread: cannot open 'none.sam': No such file or directory"
  run_apart mrf-bamread -H -o out.sam a.sam a.sam b.sam
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot join 'b.sam': its reference 1 is 'c2' where 'c1' is expected; samtools-merge(1) joins inputs whose headers differ"
  assert_files a.sam b.sam
}

@test "bamread: -f and -F given several times name more flags, as in samtools" {
  printf '@SQ\tSN:c1\tLN:1000\n' >in.sam
  for flags in {0..2047..5}; do
    printf 'r%s\t%s\tc1\t1\t9\t4M\tc1\t1\t0\tACGT\tIIII\n' "$flags" "$flags"
  done >>in.sam
  mrf-bamread --no-header -f PAIRED -f 0x10 -F 4 -F READ2,DUP in.sam >found.sam
  samtools view -f PAIRED -f 0x10 -F 4 -F READ2,DUP in.sam | cmp - found.sam
  [[ -s found.sam ]]
}

@test "bamread: flags are a number or whole names, and nothing of them is left out" {
  printf '@SQ\tSN:c1\tLN:1000\n' >in.sam
  for flags in {0..4095..7}; do
    printf 'r%s\t%s\tc1\t1\t9\t4M\t*\t0\t0\tACGT\tIIII\n' "$flags" "$flags"
  done >>in.sam
  for flags in 0 4 0x904 0X10 020 Paired,dup supplementary,SECONDARY,qcfail,unmap munmap,reverse,mreverse \
    read1,read2,proper_pair; do
    for option in -f -F; do
      mrf-bamread --no-header $option $flags in.sam | cmp - <(samtools view $option $flags in.sam)
    done
  done
  for flags in 4,8 4,DUP DUP,4 1024x 08 0x 0x10g 65536 4294968320 -1 ' 4' '4 ' REV D 'PAIRED,' ',PAIRED' ',' 'DUP, PAIRED'; do
    for option in --require-flags --excl-flags; do
      run_apart mrf-bamread "$option=$flags" in.sam
      assert_status 2
      assert_output_is ''
      assert_stderr_is \
        "mrf-bamread: cannot use flags '$flags': neither a number nor names of flags; try 'mrf-bamread --help'"
    done
  done
}

@test "bamread: an expression that cannot be parsed is refused before anything is written, in one line" {
  printf '@SQ\tSN:c1\tLN:1000\n' >in.sam
  refused() { # EXPRESSION REASON
    for options in '-H' '-u' '--no-header -@ 2'; do
      # shellcheck disable=SC2086 # options
      run_apart mrf-bamread $options -e "$1" in.sam
      assert_status 2
      assert_output_is ''
      assert_stderr_is "mrf-bamread: cannot use expression '$1': $2; try 'mrf-bamread --help'"
    done
  }
  for expression in 'mapq>' 'mapq>10)' '(mapq>10' 'nosuch>3' '[NM' 'min(seq'; do
    refused "$expression" 'it cannot be evaluated'
  done
  refused 'qname=~"("' "'(' is no regular expression: Unmatched ( or \\("
  refused 'mapq>3 || [XS] !~ "a("' "'a(' is no regular expression: Unmatched ( or \\("
  for expression in 'qual =~ "!"' 'mapq>3 && "II"==qual' 'qual' 'default( qual, 1) == "I"' 'avg(qual)>3 || qual > "5"'; do
    refused "$expression" \
      "'qual' is numbers, not text: only avg(qual), length(qual), max(qual), min(qual) and exists(qual) say something"
  done
}

@test "bamread: expressions of all kinds select what samtools selects" {
  {
    printf '@SQ\tSN:c1\tLN:1000\n@RG\tID:g1\tLB:one\n@RG\tID:g2\tLB:two\n'
    for i in {1..500}; do
      printf 'r%s\t0\tc1\t%s\t%s\t4M\t*\t0\t0\tACGT\tIIII\tRG:Z:g%s\tNM:i:%s\n' \
        "$i" "$i" $((i % 60)) $((i % 2 + 1)) $((i % 7))
    done
  } >in.sam
  while read -r expression; do
    samtools view -h --no-PG -e "$expression" in.sam >expected.sam
    mrf-bamread -@ 2 -e "$expression" in.sam | cmp - expected.sam
  done <<'END'
mapq > 10 && ([NM] > 1 || qname =~ "^r2")
library == "two"
[RG]>5 || [NM]>5
[RG] > 5 || [RG] == "g1"
[ZZ] =~ "a" || default([ZZ], 3) > 2 && flag % mapq == 0
qname != "=~\"(" && [NM] / 2 > 1 && avg(qual) > 30
qname != "qual" && min( qual ) > 30 || exists(qual) && length(qual) == max(qual)
END
}
