#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Lines are kept as they are, or refused.

load common
load bam

setup() {
  common_setup
  printf '@SQ\tSN:c1\tLN:1000\n' >head.sam
}

# with_line LINE: in.sam has the header, a good line and LINE, in which ~ are tabs.
with_line() { (cat head.sam && printf 'good\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n' && tr '~' '\t' <<<"$1") >in.sam; }

@test "bamwrite: a read without a position or a CIGAR keeps its flags and references" {
  while read -r line; do
    with_line "$line"
    for threads in 0 2; do
      mrf-bamwrite -@ $threads in.sam | mrf-bamread | cmp - in.sam
      mrf-bamread -@ $threads in.sam | cmp - in.sam
      mrf-bamread -u in.sam | mrf-bamread | cmp - in.sam
    done
  done <<'END'
r~0~c1~0~9~*~*~0~0~ACGT~IIII
r~0~c1~5~9~*~*~0~0~ACGT~IIII
r~0~c1~0~9~4M~*~0~0~ACGT~IIII
r~0~*~0~9~4M~*~0~0~ACGT~IIII
r~16~*~5~9~4M~c1~0~0~ACGT~IIII~XX:i:1
r~99~c1~5~9~4M~=~0~0~ACGT~IIII~XX:H:1F
r~0~c1~0~9~4S~*~0~0~ACGT~IIII
END
}

@test "bamwrite: what SAM forbids or BAM cannot hold is refused with line and field, and --permissive takes it as samtools" {
  while IFS='|' read -r line reason kind; do
    with_line "$line"
    for program in 'mrf-bamwrite -o out.bam' 'mrf-bamread' 'mrf-bamwrite -@ 2 -O sam'; do
      # shellcheck disable=SC2086
      run_apart $program in.sam
      assert_status 3
      assert_stderr_has "cannot read 'in.sam': line 3: $reason"
    done
    run_apart mrf-bamwrite --permissive -o out.bam in.sam
    assert_status 0
    assert_stderr_is "mrf-bamwrite: 'in.sam' has 1 $kind"
    samtools view -b --no-PG in.sam 2>err | samtools view --no-PG -h >expected.sam
    mrf-bamread --permissive --quiet out.bam | cmp - expected.sam ||
      samtools view --no-PG -h out.bam | cmp - expected.sam
    rm out.bam
  done <<'END'
r~4~*~0~0~*~*~0~0~acgt~IIII|SEQ has 'a' at base 1, which BAM cannot hold|sequences with letters that BAM does not have, written in upper case or as N
r~4~*~0~0~*~*~0~0~ACGU~IIII|SEQ has 'U' at base 4, which BAM cannot hold|sequences with letters that BAM does not have, written in upper case or as N
r~4~*~0~0~*~*~0~0~A.GT~IIII|SEQ has '.' at base 2, which BAM cannot hold|sequences with letters that BAM does not have, written in upper case or as N
r~4~*~0~0~*~*~0~0~AC-T~IIII|SEQ has '-' at base 3, which is no base|sequences with letters that BAM does not have, written in upper case or as N
a b~4~*~0~0~*~*~0~0~A~I|QNAME 'a b' has a character that SAM does not allow there|read names that SAM does not allow, kept
r~0x4~*~0~0~*~*~0~0~A~I|FLAG '0x4' is not a plain decimal number|flags that are not decimal numbers, kept by value
r~4~*~0~0~*~*~0~0~A~I~XB:B:C,256|the optional field 'XB:B:C,256' has a value that its type cannot hold|optional fields with a value that is not one of their type, as samtools takes it
r~4~*~0~0~*~*~0~0~A~I~XB:B:c,-129|the optional field 'XB:B:c,-129' has a value that its type cannot hold|optional fields with a value that is not one of their type, as samtools takes it
r~4~*~0~0~*~*~0~0~A~I~XB:B:i,2147483648|the optional field 'XB:B:i,2147483648' has a value that its type cannot hold|optional fields with a value that is not one of their type, as samtools takes it
r~4~*~0~0~*~*~0~0~A~I~XF:f:1e999|the optional field 'XF:f:1e999' has a value that its type cannot hold|optional fields with a value that is not one of their type, as samtools takes it
r~4~*~0~0~*~*~0~0~A~I~XF:f:1e-400|the optional field 'XF:f:1e-400' has a value that its type cannot hold|optional fields with a value that is not one of their type, as samtools takes it
r~4~*~0~0~*~*~0~0~A~I~XF:f:-.001e-43|the optional field 'XF:f:-.001e-43' has a value that its type cannot hold|optional fields with a value that is not one of their type, as samtools takes it
r~4~*~0~0~*~*~0~0~A~I~XB:B:f,0,1e-46|the optional field 'XB:B:f,0,1e-46' has a value that its type cannot hold|optional fields with a value that is not one of their type, as samtools takes it
r~4~*~0~0~*~*~0~0~A~I~XF:f:0x10|the optional field 'XF:f:0x10' has a value that its type cannot hold|optional fields with a value that is not one of their type, as samtools takes it
r~4~*~0~0~*~*~0~0~A~I~XF:f: 1|the optional field 'XF:f: 1' has a value that its type cannot hold|optional fields with a value that is not one of their type, as samtools takes it
r~4~*~0~0~*~*~0~0~A~I~XH:H:zz|the optional field 'XH:H:zz' has a value that its type cannot hold|optional fields with a value that is not one of their type, as samtools takes it
r~4~*~0~0~*~*~0~0~A~I~XZ:Z:é|the optional field 'XZ:Z:é' has a value that its type cannot hold|optional fields with a value that is not one of their type, as samtools takes it
r~4~*~0~0~*~*~0~0~A~I~XC:c:5|the optional field 'XC:c:5' has type 'c', which SAM text does not have|optional fields of a type that SAM does not have, written with another where need be
r~4~*~0~0~*~*~0~0~A~I~1X:Z:a|the optional field '1X:Z:a' has a name that SAM does not allow|optional fields with a name that SAM does not allow, kept
r~4~*~0~0~*~*~0~0~A~I~XA:i:1~XA:i:2|the optional field 'XA:i:2' is there twice|records with one optional field twice, kept
r~4~*~0~0~*~*~0~0~A~I~|the line ends in an empty field|lines with an empty field at the end, dropped
END
}

@test "bamwrite, bamread: the least numbers that a float holds, and 0 however it is written, are taken" {
  with_line 'r~4~*~0~0~*~*~0~0~A~I~XA:f:1.4013e-45~XB:f:0.000e-999~XC:f:-0e5~XD:f:+.0~XE:B:f,0.0,-1.4013e-45'
  samtools view -h --no-PG in.sam >expected.sam
  mrf-bamread in.sam | cmp - expected.sam
  mrf-bamwrite in.sam | samtools view -h --no-PG | cmp - expected.sam
}

@test "bamwrite, bamread: the longest reference is taken, and a longer one in a list without a text is refused" {
  printf '@SQ\tSN:c1\tLN:2147483647\n' >in.sam
  mrf-bamwrite in.sam | mrf-bamread | cmp - in.sam
  bam_bytes <<'END'
write("in.bam", head=header("", [("c1", 2147483648)]))
END
  for program in mrf-bamread 'mrf-bamwrite -O sam'; do
    # shellcheck disable=SC2086 # a program and its option
    run_apart $program in.bam
    assert_status 3
    assert_stderr_has "cannot read 'in.bam': the reference 'c1' has 2147483648 bases, more than 2147483647; --permissive takes it"
    $program --permissive --quiet in.bam | grep -qx $'@SQ\tSN:c1\tLN:2147483648'
  done
}

@test "bamwrite: a line that is empty, or has a NUL, or numbers that BAM cannot hold, is refused by line and field" {
  with_line ''
  run_apart mrf-bamwrite in.sam
  assert_stderr_is "mrf-bamwrite: cannot read 'in.sam': line 3: the line is empty"
  (cat head.sam && printf 'r\0\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n') >in.sam
  run_apart mrf-bamwrite in.sam
  assert_stderr_is "mrf-bamwrite: cannot read 'in.sam': line 2: the line has a NUL character"
  for place in 'POS 3000000000:3000000000~9~4M~*~0~0' 'PNEXT 3000000000:1~9~4M~=~3000000000~0' 'TLEN 99999999999:1~9~4M~=~1~99999999999'; do
    with_line "r~1~c1~${place#*:}~ACGT~IIII"
    run_apart mrf-bamwrite in.sam
    assert_status 3
    assert_stderr_is "mrf-bamwrite: cannot read 'in.sam': line 3: read 'r': ${place%%:*} is too large for BAM"
  done
}

@test "bamwrite, bamread: a header line that SAM forbids is refused with its number, and --permissive counts it" {
  while IFS='|' read -r line reason; do
    (cat head.sam && tr '~' '\t' <<<"$line") >in.sam
    for program in 'mrf-bamwrite -o out.bam' mrf-bamread; do
      # shellcheck disable=SC2086
      run_apart $program in.sam
      assert_status 3
      assert_stderr_has "cannot read 'in.sam': header line 2: $reason; --permissive takes it"
    done
    [[ ! -e out.bam ]]
  done <<'END'
@SQ~SN:c1~LN:5|@SQ 'c1' is there twice
@SQ~SN:c2|@SQ 'c2' has no LN
@SQ~SN:c2~LN:-5|LN '-5' of @SQ 'c2' is no length
@SQ~SN:c2~LN:0|LN '0' of @SQ 'c2' is no length
@SQ~SN:c2~LN:2147483648|LN '2147483648' of @SQ 'c2' is more than 2147483647
@SQ~SN:*~LN:5|SN '*' is no name that SAM allows
@RG~SM:a|@RG has no ID
@XY~AB:c|'@XY' is no kind of header line that SAM has
@CO without a tab|@CO without a tab
END
  printf '@SQ\tSN:c1\tLN:5\n@RG\tID:a\n@RG\tID:a\n' >in.sam
  run_apart bash -c 'mrf-bamread --permissive in.sam >out.sam'
  assert_status 0
  assert_stderr_is "mrf-bamread: 'in.sam' has 1 header lines that SAM does not allow, kept"
}

@test "bamwrite: --header takes no file without a header" {
  printf '@r1\nACGT\n+\nIIII\n' >reads.fastq
  printf '>c1\nACGT\n' >reference.fasta
  printf 'r\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n' >records.sam
  for file in reads.fastq reference.fasta records.sam; do
    run_apart mrf-bamwrite --header $file -o out.bam head.sam
    assert_status 3
    assert_stderr_has "cannot read '$file': "
    [[ ! -e out.bam ]]
  done
  mrf-bamwrite --header head.sam records.sam | samtools view -H --no-PG | cmp - head.sam
}

@test "a reference that no index can hold is refused with --write-index, and by mrf-bamread --index" {
  for bases in 2199023255297 4611686018427387904; do
    printf '@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:a\tLN:%s\nr\t0\ta\t5\t60\t4M\t*\t0\t0\tACGT\tIIII\n' "$bases" >in.sam
    run_apart timeout 20 mrf-bamwrite --permissive --write-index -o out.bam in.sam
    assert_status 3
    assert_stderr_has "a reference has $bases bases, but an index holds 2199023255296"
    [[ $(echo out.bam*) == 'out.bam*' ]]
    mrf-bamwrite --permissive --quiet -o whole.sam.gz in.sam
    run_apart timeout 20 mrf-bamread --index whole.csi whole.sam.gz
    assert_status 3
    assert_stderr_is "mrf-bamread: cannot index 'whole.sam.gz': a reference has $bases bases, but an index holds 2199023255296"
    [[ ! -e whole.csi ]]
  done
  sed -i 's/LN:[0-9]*/LN:2199023255296/' in.sam
  mrf-bamwrite --permissive --quiet --write-index -o out.bam in.sam
  [[ $(samtools view out.bam a:5-5 | cut -f 1) == r ]]
}
