#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load common

setup() {
  common_setup
  samtools view -h --no-PG "$(small_bam)" >in.sam
}

# break_line N SED: in.sam with line N changed.
break_line() { sed -E "$1$2" in.sam >bad.sam; }
first_record() { echo $(($(grep -c ^@ in.sam) + 1)); }

refuses() {
  for threads in 0 2; do
    run_apart mrf-bamwrite -@ $threads -o out.bam bad.sam
    assert_status 3
    assert_stderr_is "mrf-bamwrite: cannot read 'bad.sam': $1"
    assert_files in.sam bad.sam
  done
}

@test "bamwrite: SAM to BAM and back is the same text, at every level and number of threads" {
  for level in 0 1 6 9; do
    for threads in 0 2; do
      mrf-bamwrite -@ $threads -l $level -o out.bam in.sam
      samtools quickcheck -v out.bam
      samtools view -h --no-PG out.bam | cmp - in.sam
    done
  done
  mrf-bamwrite <in.sam | samtools view -h --no-PG | cmp - in.sam
  cat in.sam | mrf-bamwrite - | samtools view -h --no-PG | cmp - in.sam
}

@test "bamwrite: reads BAM, compressed or not, and gzipped SAM" {
  mrf-bamwrite "$(small_bam)" | samtools view -h --no-PG | cmp - in.sam
  samtools view --no-PG -u "$(small_bam)" | mrf-bamwrite | samtools view -h --no-PG | cmp - in.sam
  gzip -c in.sam | mrf-bamwrite | samtools view -h --no-PG | cmp - in.sam
  bgzip -c in.sam | mrf-bamwrite | samtools view -h --no-PG | cmp - in.sam
}

@test "bamwrite: the format comes from -O or from the extension" {
  mrf-bamwrite -o out.sam in.sam
  cmp out.sam in.sam
  mrf-bamwrite -O SAM in.sam | cmp - in.sam
  mrf-bamwrite --no-PG -O bam -o odd.sam in.sam
  samtools quickcheck -v odd.sam
}

@test "bamwrite: a format or level that does not exist is refused" {
  run_apart mrf-bamwrite -O vcf in.sam
  assert_status 2
  assert_stderr_is "mrf-bamwrite: cannot use output format 'vcf': not bam, cram, sam or sam.gz; try 'mrf-bamwrite --help'"
  run_apart mrf-bamwrite -l 10 in.sam
  assert_status 2
  assert_stderr_has "cannot use level '10': not between 0 and 9"
}

@test "bamwrite: a last line without a newline is a record" {
  head -c -1 in.sam | mrf-bamwrite | samtools view -h --no-PG | cmp - in.sam
}

@test "bamwrite: a header alone is a BAM without records" {
  grep ^@ in.sam | mrf-bamwrite -o out.bam
  samtools quickcheck -v out.bam
  [[ $(samtools view -c out.bam) == 0 ]]
}

@test "bamwrite: a malformed line is named by its number and reason, and there is no output" {
  line=$(first_record)
  break_line "$line" 's/.*/junk/'
  refuses "line $line: 1 fields where 11 are needed"
  break_line "$line" 's/^([^\t]*)\t[^\t]*/\1\tx/'
  refuses "line $line: FLAG 'x' is not a number in range"
  tail=$(wc -l <in.sam)
  break_line "$tail" 's/$/\tXX:Q:1/'
  refuses "line $tail: the optional field 'XX:Q:1' has an unknown type"
  break_line "$tail" 's/$/\tXX:i:/'
  refuses "line $tail: the optional field 'XX:i:' has a malformed value"
}

@test "bamwrite: every field of a line is checked" {
  control=$'\x01I'
  printf '@SQ\tSN:c1\tLN:1000\n' >head.sam
  while IFS='|' read -r field value reason; do
    awk -v OFS='\t' -v field="$field" -v value="$value" '{ $field = value } 1' >fields <<'END'
r 0 c1 1 60 4M = 10 13 ACGT IIII NM:i:0
END
    (cat head.sam && printf 'good\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n' && cat fields) >bad.sam
    rm fields
    run_apart mrf-bamwrite -o out.bam bad.sam
    assert_status 3
    assert_stderr_is "mrf-bamwrite: cannot read 'bad.sam': line 3: $reason"
    [[ ! -e out.bam ]]
  done <<END
1|$(printf 'r%.0s' {1..255})|QNAME '$(printf 'r%.0s' {1..40})…' is longer than 254 characters
1|@CO|a header line after the first record
2|x|FLAG 'x' is not a number in range
2|-1|FLAG '-1' is not a number in range
2|65536|FLAG '65536' is not a number in range
3|c2|RNAME 'c2' is not in the header
4|-1|POS '-1' is not a number in range
4|1e3|POS '1e3' is not a number in range
5|256|MAPQ '256' is not a number in range
6|4Q|CIGAR '4Q' has the unknown operation 'Q'
6|M|CIGAR 'M' has an operation without a length
6|4M1|CIGAR '4M1' has a length without an operation
6|268435456M|CIGAR '268435456M' has too long an operation
6|5M|CIGAR stands for 5 bases, SEQ has 4
7|c2|RNEXT 'c2' is not in the header
8|x|PNEXT 'x' is not a number in range
9|1x|TLEN '1x' is not a number in range
10|ACG|CIGAR stands for 4 bases, SEQ has 3
11|III|SEQ has 4 bases, QUAL 3
11|${control}II|QUAL has a character that is no quality
12|NM|the optional field 'NM' is not of the form TAG:TYPE:VALUE
12|NM:q:1|the optional field 'NM:q:1' has an unknown type
12|NM:i:x|the optional field 'NM:i:x' has a malformed value
12|NM:f:1.x|the optional field 'NM:f:1.x' has a malformed value
12|NM:A:ab|the optional field 'NM:A:ab' has a malformed value
12|NM:H:1A2|the optional field 'NM:H:1A2' has a malformed value
12|NM:B:x,1|the optional field 'NM:B:x,1' has a malformed value
12|NM:B:c,1,|the optional field 'NM:B:c,1,' has a malformed value
END
}

@test "bamwrite: a record that names an unknown reference is an error, as is its mate's" {
  line=$(first_record)
  break_line "$line" 's/^([^\t]*\t[^\t]*)\t[^\t]*/\1\tnowhere/'
  refuses "line $line: RNAME 'nowhere' is not in the header"
  break_line "$line" 's/^(([^\t]*\t){6})[^\t]*/\1nowhere/'
  refuses "line $line: RNEXT 'nowhere' is not in the header"
}

@test "bamwrite: a BAM that is cut off gives no output, and an existing one stays" {
  head -c -28 "$(small_bam)" >cut.bam
  echo old >out.bam
  for command in 'mrf-bamwrite -@ 2 -o out.bam cut.bam' 'cat cut.bam | mrf-bamwrite -o out.bam'; do
    run_apart bash -c "$command"
    assert_status 3
    assert_stderr_has "truncated: the BGZF end-of-file block is missing"
    [[ $(cat out.bam) == old ]]
    assert_files in.sam cut.bam out.bam
  done
}

@test "bamwrite: an output that cannot be written is an error, an input that is empty too" {
  run_apart mrf-bamwrite -o no/such/out.bam in.sam
  assert_status 1
  assert_stderr_has "cannot open 'no/such/out.bam': No such file or directory"
  run_apart mrf-bamwrite -o out.bam /dev/null
  assert_status 3
  assert_stderr_is "mrf-bamwrite: cannot read '/dev/null': the input is empty"
  run_apart bash -c 'mrf-bamwrite -@ 2 in.sam >/dev/full'
  assert_status 1
  assert_stderr_is "mrf-bamwrite: cannot write 'standard output': No space left on device"
  assert_files in.sam
}

sorted_sam() { samtools sort --no-PG -O sam -o sorted.sam "$(small_bam)" 2>/dev/null; }

@test "bamwrite: --write-index makes the index that samtools index makes" {
  sorted_sam
  for threads in 0 2; do
    for output in out.bam out.sam.gz; do
      mrf-bamwrite -@ $threads --write-index -o $output sorted.sam
      samtools index $output expected.bai
      cmp $output.bai expected.bai
    done
  done
  mrf-bamwrite --write-index -o out.cram sorted.sam
  samtools index out.cram expected.crai
  cmp <(zcat out.cram.crai) <(zcat expected.crai)
}

@test "bamwrite: a reference longer than 2^29 has a CSI index" {
  printf '@SQ\tSN:long\tLN:2000000000\n' >in.sam
  printf '%s\t0\tlong\t%s\t9\t4M\t*\t0\t0\tACGT\tIIII\n' a 1 b 600000000 c 1999999990 >>in.sam
  mrf-bamwrite --write-index -o out.bam in.sam
  samtools index -c out.bam expected.csi
  cmp <(bgzip -dc out.bam.csi) <(bgzip -dc expected.csi)
  mrf-bamread -r long:600000000-600000001 out.bam | grep -q ^b
}

@test "bamwrite: an index on unsorted data, of standard output or of plain SAM is refused" {
  sort -k 10,10 in.sam >unsorted && (grep ^@ in.sam && grep -v ^@ unsorted) >unsorted.sam
  rm unsorted
  run_apart mrf-bamwrite --write-index -o out.bam unsorted.sam
  assert_status 3
  assert_stderr_has "mrf-bamwrite: cannot index 'out.bam': record "
  assert_stderr_has "is out of order: sort by position first"
  assert_files in.sam unsorted.sam
  run_apart mrf-bamwrite --write-index in.sam
  assert_status 2
  assert_stderr_has "cannot index 'standard output': only a file can have an index"
  run_apart mrf-bamwrite --write-index -o out.sam in.sam
  assert_status 2
  assert_stderr_has "cannot index 'out.sam': plain SAM has no index"
}

@test "bamwrite: CRAM and compressed SAM, by name and by -O" {
  samtools view -h --no-PG -C in.sam 2>/dev/null | samtools view -h --no-PG >expected.sam
  for threads in 0 2; do
    mrf-bamwrite -@ $threads -o out.cram in.sam
    samtools view -h --no-PG out.cram | cmp - expected.sam
    mrf-bamwrite -@ $threads -O cram in.sam | samtools view -h --no-PG | cmp - expected.sam
    mrf-bamwrite -@ $threads -l 1 -o out.sam.gz in.sam
    bgzip -dc out.sam.gz | cmp - in.sam
    mrf-bamwrite -@ $threads -O sam.gz in.sam | mrf-bamread | cmp - in.sam
  done
}

@test "bamwrite: --header takes another header" {
  (grep ^@ in.sam | sed 's/SN:chr1/SN:first/' && printf '@CO\tnew\n') >header.sam
  mrf-bamread -o in.bam "$(small_bam)" -u
  mrf-bamwrite --header header.sam in.bam | samtools view -h --no-PG >out.sam
  grep ^@ out.sam | cmp - header.sam
  grep -v ^@ in.sam | sed 's/\tchr1\t/\tfirst\t/' | cmp - <(grep -v ^@ out.sam)
  grep -v ^@ in.sam | mrf-bamwrite --header in.sam | samtools view -h --no-PG | cmp - in.sam
  run_apart mrf-bamwrite --header header.sam -o out.bam in.sam
  assert_status 3
  assert_stderr_has "RNAME 'chr1' is not in the header"
  printf '@SQ\tSN:chr1\tLN:5\n' >few.sam
  run_apart mrf-bamwrite --header few.sam -o out.bam in.bam
  assert_status 3
  assert_stderr_has "cannot replace the header of 'in.bam': 1 references where "
}

@test "bamwrite: --add-pg adds one @PG line" {
  mrf-bamwrite --add-pg in.sam | samtools view -H --no-PG >with.sam
  grep ^@ in.sam | diff - with.sam >changes || true
  [[ $(grep -c '^[<>]' changes) == 1 ]]
  grep -qP '^> @PG\tID:mrf-bamwrite\tPN:mrf-bamwrite\tPP:' changes
}

@test "bamwrite: an extension that says nothing means BAM" {
  mrf-bamwrite -o out.xyz in.sam
  samtools quickcheck out.xyz
}

@test "bamwrite: what BAM has of extremes comes back: long CIGARs, arrays, H, no bases, no qualities, 10 MB" {
  python3 - <<'EOF'
with open("odd.sam", "w") as out:
    out.write("@SQ\tSN:c\tLN:2000000000\n")
    out.write("h\t0\tc\t1\t9\t2M\t*\t0\t0\tAC\tII\tXH:H:1AE3\tXB:B:c,-1,2\tXF:B:f,1.5,-2\tXE:H:\n")
    out.write("none\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*\n")
    out.write("noqual\t0\tc\t1999999999\t9\t2M\t=\t600000000\t-5\tAC\t*\n")
    out.write("cigar\t0\tc\t5\t9\t" + "1M1I" * 40000 + "\t*\t0\t0\t" + "AC" * 40000 + "\t*\tNM:i:1\n")
    out.write("long\t0\tc\t5\t9\t10000000M\t*\t0\t0\t" + "ACGTN" * 2000000 + "\t" + "IIII!" * 2000000 + "\n")
EOF
  for threads in 0 2; do
    mrf-bamwrite -@ $threads -l 1 -o odd.bam odd.sam
    mrf-bamread -@ $threads odd.bam | cmp - odd.sam
    samtools view -h --no-PG odd.bam | cmp - odd.sam
    samtools view --no-PG -u odd.sam | mrf-bamread -@ $threads | cmp - odd.sam
  done
}
