#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What CRAM cannot keep, and references that do not fit.

load common
load bam

setup() {
  common_setup
  export REF_PATH=$PWD/none
  printf '>c1\nACGTACGTAC\n>c2\nAAAACCCCGG\n' >ref.fa
  printf '@SQ\tSN:c1\tLN:10\n@SQ\tSN:c2\tLN:10\n' >head.sam
}

with_line() { (cat head.sam && tr '~' '\t' <<<"$1") >in.sam; }

@test "bamwrite: CRAM refuses records that would come back changed, with and without a reference" {
  while IFS='|' read -r line reason; do
    with_line "$line"
    for options in '' '-@ 2' '-T ref.fa'; do
      # shellcheck disable=SC2086
      run_apart mrf-bamwrite $options -o out.cram in.sam
      assert_status 3
      assert_stderr_has "cannot read 'in.sam': line 3: read 'r': $reason"
      [[ ! -e out.cram ]]
    done
  done <<'END'
r~0~c1~8~9~6M~*~0~0~TACAAA~IIIIII|it ends beyond its reference, where CRAM has no bases
r~0~c1~5~9~*~*~0~0~ACGT~IIII|it is mapped, but has no position or no CIGAR, which CRAM cannot hold
r~0~c1~0~9~4M~*~0~0~ACGT~IIII|it is mapped, but has no position or no CIGAR, which CRAM cannot hold
r~0~*~5~9~4M~*~0~0~ACGT~IIII|it is mapped, but has no position or no CIGAR, which CRAM cannot hold
r~4~c1~1~9~*~*~0~0~ACGT~IIII|it is not mapped, but has a mapping quality or a CIGAR, which CRAM does not keep
r~4~c1~1~0~4M~*~0~0~ACGT~IIII|it is not mapped, but has a mapping quality or a CIGAR, which CRAM does not keep
r~0~c1~1~9~4M~=~7~0~ACGT~IIII|it is not paired, but has RNEXT, which CRAM does not keep
END
}

@test "bamwrite: --permissive lets CRAM lose what it does not keep, and counts it" {
  with_line $'r~4~c1~1~9~*~*~0~0~ACGT~IIII\ns~0~c1~1~9~4M~=~7~0~ACGT~IIII'
  run_apart mrf-bamwrite --permissive -T ref.fa -o out.cram in.sam
  assert_status 0
  assert_stderr_has "mrf-bamwrite: 'in.sam' has 1 unmapped reads with a mapping quality or a CIGAR, which are lost"
  assert_stderr_has "mrf-bamwrite: 'in.sam' has 1 reads that are not paired but have RNEXT, which is lost"
  [[ $(mrf-bamread -T ref.fa --no-header out.cram | cut -f 1-7 | tr '\t\n' '~ ') == 'r~4~c1~1~0~*~* s~0~c1~1~9~4M~* ' ]]
}

@test "bamread, bamwrite: a FASTA file of other sequences is refused, in writing and in reading" {
  with_line r~0~c1~1~9~4M~*~0~0~ACGT~IIII
  mrf-bamwrite -T ref.fa -o good.cram in.sam
  samtools view -H good.cram | grep -q 'M5:'
  mrf-bamread -T ref.fa good.cram | samtools view -b >good.bam
  printf '>d1\nACGTACGTAC\n' >none.fa
  printf '>c1\nACGTACGTACGT\n' >longer.fa
  while IFS='|' read -r fasta reason; do
    for threads in 0 2; do
      run_apart mrf-bamread -@ $threads -T "$fasta" good.cram
      assert_status 3
      assert_stderr_has "cannot use reference '$fasta': $reason"
      run_apart mrf-bamwrite -@ $threads -T "$fasta" -o out.cram in.sam
      assert_status 3
      assert_stderr_has "cannot use reference '$fasta': $reason"
      [[ ! -e out.cram ]]
    done
  done <<'END'
none.fa|it has none of the header's sequences, not even 'c1'
longer.fa|its sequence 'c1' has 12 bases, the header says 10
END
  # As long, but other bases: the header's M5 tells.
  printf '>c1\nCCGTACGTAC\n>c2\nAAAACCCCGG\n' >changed.fa
  run_apart mrf-bamwrite -T changed.fa -o out.cram good.bam
  assert_status 3
  assert_stderr_has "cannot use reference 'changed.fa': its sequence 'c1' is another one than the header's M5 says"
  [[ ! -e out.cram ]]
  mv ref.fa away.fa
  run_apart mrf-bamread -T changed.fa good.cram
  assert_status 3
  assert_stderr_has "or its reference 'c1' in 'changed.fa' is another one than the header's M5 says"
}

@test "bamread: a CRAM without its reference says which one is missing, and where it was looked for" {
  with_line r~0~c2~1~9~4M~*~0~0~AAAA~IIII
  mrf-bamwrite -T ref.fa -o in.cram in.sam
  mv ref.fa away.fa && rm ref.fa.fai
  run_apart mrf-bamread in.cram
  assert_status 3
  assert_stderr_has "record 1: malformed or truncated CRAM, or its reference 'c2' is missing: give its FASTA file by -T"
  printf '>c1\nACGTACGTAC\n' >half.fa
  run_apart mrf-bamread -@ 2 -T half.fa in.cram
  assert_status 3
  assert_stderr_has "or its reference 'c2' is missing: it is not in 'half.fa'"
}
