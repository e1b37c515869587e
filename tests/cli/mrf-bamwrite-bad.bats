#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Inputs that are refused.

load common
load bam

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

@test "bamwrite: a malformed line is named by its number and reason, and there is no output" {
  line=$(first_record)
  break_line "$line" 's/.*/junk/'
  refuses "line $line: 1 fields where 11 are needed, with tabs between them"
  break_line "$line" 's/^([^\t]*)\t[^\t]*/\1\tx/'
  refuses "line $line: FLAG 'x' is not a number from 0 to 65535"
  tail=$(wc -l <in.sam)
  break_line "$tail" 's/$/\tXX:Q:1/'
  refuses "line $tail: the optional field 'XX:Q:1' has an unknown type, not one of A, i, f, Z, H and B"
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
1|@CO|QNAME '@CO' begins with '@', which no read name may; mrf-run --record bam keeps such names
2|x|FLAG 'x' is not a number from 0 to 65535
2|-1|FLAG '-1' is not a number from 0 to 65535
2|65536|FLAG '65536' is not a number from 0 to 65535
3|c2|RNAME 'c2' is not in the header: it needs an @SQ line there
4|-1|POS '-1' is not a number of 0 or more
4|1e3|POS '1e3' is not a number of 0 or more
5|256|MAPQ '256' is not a number from 0 to 255
6|4Q|CIGAR '4Q' has the unknown operation 'Q'
6|M|CIGAR 'M' has an operation without a length
6|4M1|CIGAR '4M1' has a length without an operation
6|268435456M|CIGAR '268435456M' has too long an operation
6|5M|CIGAR stands for 5 bases, SEQ has 4: what cuts SEQ has to cut CIGAR and QUAL, too
7|c2|RNEXT 'c2' is not in the header: it needs an @SQ line there
8|x|PNEXT 'x' is not a number of 0 or more
9|1x|TLEN '1x' is not a number
10|ACG|CIGAR stands for 4 bases, SEQ has 3: what cuts SEQ has to cut CIGAR and QUAL, too
11|III|SEQ has 4 bases, QUAL 3: what cuts one has to cut the other, too
11|${control}II|QUAL has a character that is no quality, not one from '!' to '~'
12|NM|the optional field 'NM' is not of the form TAG:TYPE:VALUE
12|NM:q:1|the optional field 'NM:q:1' has an unknown type, not one of A, i, f, Z, H and B
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
  refuses "line $line: RNAME 'nowhere' is not in the header: it needs an @SQ line there"
  break_line "$line" 's/^(([^\t]*\t){6})[^\t]*/\1nowhere/'
  refuses "line $line: RNEXT 'nowhere' is not in the header: it needs an @SQ line there"
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

@test "bamwrite: what failed never looks whole, on standard output either" {
  (cat in.sam && echo junk) >bad.sam
  for format in bam cram sam.gz; do
    for threads in 0 2; do
      run_apart bash -c "mrf-bamwrite -@ $threads -O $format bad.sam >out"
      assert_status 3
      run ! samtools quickcheck out
    done
  done
}

@test "bamwrite: CRAM whose reference is missing or wrong, or a full disk" {
  run_apart mrf-bamwrite -O cram -T none.fa -o out.cram in.sam
  assert_status 1
  assert_stderr_is "mrf-bamwrite: cannot open 'none.fa': No such file or directory"
  for threads in 0 2; do
    run_apart bash -c "mrf-bamwrite -@ $threads -O cram in.sam >/dev/full"
    assert_status 1
    assert_stderr_is "mrf-bamwrite: cannot write 'standard output': No space left on device"
  done
  assert_files in.sam
}
