#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Records that SAM text cannot hold, or that are no whole records.

load common
load bam

# refuses REASON COMMAND...
refuses() {
  local reason=$1
  shift
  run_apart "$@"
  assert_status 3
  assert_stderr_has "$reason"
}

@test "bamread: a read whose name begins with @ is never text, and stays in BAM" {
  bam_bytes <<'END'
write("first.bam", record("@CO"), record("b"))
write("middle.bam", record("a"), record("@x"), record("c"))
END
  for options in '' '--permissive' '--no-header' '-@ 2'; do
    # shellcheck disable=SC2086
    refuses "record 1: read '@CO': its name begins with '@', which SAM text cannot have; write BAM: -u" mrf-bamread $options first.bam
    # shellcheck disable=SC2086
    refuses "record 2: read '@x': its name begins with '@'" mrf-bamread $options middle.bam
  done
  refuses "read '@x'" mrf-bamwrite -o out.sam middle.bam
  [[ ! -e out.sam ]]
  for bam in first middle; do
    mrf-bamread -u $bam.bam | mrf-bamwrite -o out.bam
    cmp <(bgzip -dc out.bam) <(bgzip -dc $bam.bam)
  done
}

@test "bamread, bamwrite: a line of SAM with a name that begins with @ is refused with its number" {
  line=$'0\tc1\t1\t0\t1M\t*\t0\t0\tA\tI'
  printf '@x\t%s\nn\t%s\n' "$line" "$line" >first.sam
  printf '@SQ\tSN:c1\tLN:9\n@x\t%s\n' "$line" >second.sam
  printf '@SQ\tSN:c1\tLN:9\n@CO\t%s\n' "$line" >comment.sam
  printf '@SQ\tSN:c1\tLN:9\nn\t%s\n@x\t%s\n' "$line" "$line" >third.sam
  for program in mrf-bamread 'mrf-bamwrite -o out.bam'; do
    # shellcheck disable=SC2086
    refuses "line 1 begins with '@' but is no header line of SAM" $program first.sam
    # shellcheck disable=SC2086
    refuses "record 1 is named '@x', which SAM text cannot tell from a header line; keep such records as BAM" $program second.sam
    # shellcheck disable=SC2086
    refuses "record 1 is named '@CO'" $program comment.sam
    # shellcheck disable=SC2086
    refuses "line 3: QNAME '@x' begins with '@'" $program third.sam
  done
  [[ ! -e out.bam ]]
}

@test "bamread: names and fields that would change the lines of the text are refused, also with --permissive" {
  bam_bytes <<'END'
write("name.bam", record("a\tb"))
write("text.bam", record("r", tags=b"XZZa\tb\0"))
write("line.bam", record("r", tags=b"XZZa\nb\0"))
write("character.bam", record("r", tags=b"XAA\t"))
END
  refuses "read 'a\tb': its name has a control character" mrf-bamread name.bam
  refuses "its name has a control character" mrf-bamread --permissive name.bam
  for kind in text line character; do
    refuses "has a control character, which SAM text cannot have" mrf-bamread --permissive $kind.bam
    mrf-bamread -u $kind.bam | mrf-bamwrite | bgzip -dc | cmp - <(bgzip -dc $kind.bam)
  done
}

@test "bamread: qualities, positions and CIGARs that no reader of SAM takes are never text" {
  bam_bytes <<'END'
bases = "ACGTA" * 20
for name, at, quality in ("tab", 40, 232), ("newline", 99, 233), ("nul", 0, 223), ("delete", 70, 94):
    write(name + ".bam", record("r", sequence=bases, qualities=[30] * at + [quality] + [30] * (99 - at)))
write("unmapped.bam", record("r", sequence="ACGT", cigar=[(2, "M")]))
write("position.bam", record("r", reference=0, position=-100))
mate = bytearray(record("r"))
mate[28:32] = struct.pack("<i", -2)
write("mate.bam", bytes(mate))
odd = bytearray(record("r", flag=0, reference=0, position=0, sequence="AC", cigar=[(2, "M"), (1, "D")]))
odd[42] = 1 << 4 | 10
write("cigar.bam", bytes(odd))
write("hex.bam", record("r", tags=b"XHH1\0"))
END
  refuses "read 'r': the quality of its base 41 is 232, more than 93, which SAM text cannot have; write BAM: -u" mrf-bamread tab.bam
  refuses "its CIGAR stands for 2 bases, it has 4, which SAM text cannot have" mrf-bamread unmapped.bam
  for kind in tab newline nul delete unmapped; do
    refuses "which SAM text cannot have; write BAM: -u" mrf-bamread --permissive $kind.bam
    [[ $output != *$'\tACGT'* ]]
    mrf-bamread -u $kind.bam | mrf-bamwrite | bgzip -dc | cmp - <(bgzip -dc $kind.bam)
  done
  for options in '' '--permissive' '-u' '-u -@ 2'; do
    # shellcheck disable=SC2086
    refuses "record 1: CIGAR has the unknown operation 10" mrf-bamread $options cigar.bam
  done
  for options in '' '-u' '-u -@ 2'; do
    # shellcheck disable=SC2086
    refuses "record 1: a position is -99, which SAM does not allow; --permissive takes it" mrf-bamread $options position.bam
    # shellcheck disable=SC2086
    refuses "record 1: a position is -1, which SAM does not allow" mrf-bamread $options mate.bam
  done
  for kind in position mate; do
    run_apart mrf-bamread --permissive $kind.bam
    assert_status 0
    assert_output_is "$(samtools view -h --no-PG $kind.bam)"
    assert_stderr_is "mrf-bamread: '$kind.bam' has 1 positions below 0, kept"
  done
  refuses "the optional field 'XH' is malformed" mrf-bamread --permissive hex.bam
}

@test "bamread: what SAM forbids is refused, and with --permissive written as samtools does and counted" {
  bam_bytes <<'END'
import math
write("name.bam", record("a b"), record("c"), record("d e"))
write("quality.bam", record("r", sequence="A", qualities=[9]))
write("nan.bam", record("r", tags=b"XFf" + struct.pack("<f", math.nan)))
write("array.bam", record("r", tags=b"XFBf" + struct.pack("<If", 1, math.inf)))
write("hex.bam", record("r", tags=b"XHHzz\0"))
write("control.bam", record("r", tags=b"XZZa\1b\0"))
write("tag.bam", record("r", tags=b"1XCa"))
write("twice.bam", record("r", tags=b"XACaXACb"))
write("double.bam", record("r", tags=b"XDd" + struct.pack("<d", 0.5)))
END
  while IFS='|' read -r file reason count; do
    refuses "$reason" mrf-bamread "$file.bam"
    run_apart bash -c "mrf-bamread --permissive $file.bam >found.sam"
    assert_status 0
    assert_stderr_has "mrf-bamread: '$file.bam' has $count "
    samtools view -h --no-PG "$file.bam" | cmp - found.sam
    mrf-bamread --permissive --quiet "$file.bam" | cmp - found.sam
  done <<'END'
name|record 1: read 'a b': its name has a character that SAM does not allow|2
quality|its only quality is 9, which SAM text writes as '*'|1
nan|the optional field 'XF' has a value that SAM text does not allow|1
array|the optional field 'XF' has a value that SAM text does not allow|1
hex|the optional field 'XH' has a value that SAM text does not allow|1
control|the optional field 'XZ' has a value that SAM text does not allow|1
tag|the optional field '1X' has a name that SAM does not allow|1
twice|the optional field 'XA' is there twice|1
double|the optional field 'XD' has type 'd', which SAM does not have|1
END
}

@test "bamread -u, bamwrite: the optional fields of a record are walked to its end, its CIGAR and references checked" {
  bam_bytes <<'END'
write("array.bam", record("a"), record("r", tags=b"XABI\x05\0\0\0\1\0\0\0"))
write("type.bam", record("a"), record("r", tags=b"XAQ\1"))
write("text.bam", record("a"), record("r", tags=b"XAZabc"))
write("rest.bam", record("a"), record("r", tags=b"XAC\1XB"))
write("cigar.bam", record("a"), record("r", 0, 0, 5, cigar=[(3, "M")], sequence="ACGT"))
write("reference.bam", record("a"), record("r", 0, 9, 5, cigar=[(4, "M")], sequence="ACGT"))
END
  while IFS='|' read -r file reason; do
    for command in mrf-bamread 'mrf-bamread -u' 'mrf-bamread -u --permissive' 'mrf-bamread -u -@ 2 -F 1' 'mrf-bamwrite -o out.bam'; do
      # shellcheck disable=SC2086
      refuses "cannot read '$file.bam': record 2: " $command "$file.bam"
      assert_stderr_has "$reason"
    done
  done <<'END'
array|the optional field 'XA' is malformed or not whole
type|the optional field 'XA' is malformed or not whole
text|the optional field 'XA' is malformed or not whole
rest|the optional field 'XB' is malformed or not whole
cigar|CIGAR and sequence have different lengths: 3 and 4 bases
reference|unknown reference number 9, the header has 1
END
  [[ ! -e out.bam ]]
}

@test "bamread: a record that is as long as the magic bytes of gzip say, with its CIGAR in a CG tag" {
  bam_bytes <<'END'
bases = "ACGT" * 4000
def long_read(padding):
    tags = b"CGBI" + struct.pack("<III", 2, 15000 << 4, 1000 << 4 | 4) + b"XPZ" + b"x" * padding + b"\0"
    return record("r", 0, 0, 5, cigar=[(len(bases), "S"), (15000, "N")], sequence=bases, tags=tags)
padding = 0x8b1f - (len(long_read(0)) - 4)
read = long_read(padding)
assert read[:2] == b"\x1f\x8b"
write("in.bam", read, head=header("@SQ\tSN:c1\tLN:100000\n", [("c1", 100000)]))
END
  for options in '' '-@ 2'; do
    # shellcheck disable=SC2086
    mrf-bamread $options in.bam | cmp - <(bam_text in.bam)
  done
  mrf-bamread --no-header in.bam | cut -f 6 | grep -qx 15000M1000S
  mrf-bamwrite in.bam | mrf-bamread | cmp - <(bam_text in.bam)
}

@test "bamread: a header padded with NULs ends at the first, and one whose list differs from its text is refused" {
  bam_bytes <<'END'
write("padded.bam", record("r"), head=header(HEADER.encode() + b"\0\0rest\n\0"))
write("other.bam", record("r"), head=header(HEADER, [("c2", 1000)]))
write("fewer.bam", record("r"), head=header(HEADER, []))
write("without.bam", record("r"), head=header("@HD\tVN:1.6\n", [("c1", 1000)]))
END
  mrf-bamread padded.bam | cmp - <(printf '@SQ\tSN:c1\tLN:1000\nr\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*\n')
  mrf-bamread -u padded.bam | mrf-bamread | cmp - <(mrf-bamread padded.bam)
  samtools index padded.bam
  samtools index other.bam
  mrf-bamread -r c1 padded.bam | cmp - <(mrf-bamread -H padded.bam)
  for region in '' '-r c1'; do
    # shellcheck disable=SC2086 # an option and its value
    refuses "the header's text and its list of references differ: 'c1' and 'c2'" mrf-bamread $region other.bam
  done
  refuses "the header's text and its list of references differ: 1 references and 0" mrf-bamread fewer.bam
  [[ $(mrf-bamread without.bam | grep -c '^@SQ') == 1 ]]
}

@test "bamread: BGZF blocks of any size and with other subfields before BC are read, others named for what they are" {
  bam_bytes <<'END'
records = [record(f"r{i}", sequence="ACGT" * 50, qualities=[20 + i % 20] * 200) for i in range(2000)]
data = header() + b"".join(records)
other = b"XY\x05\0hello"
with open("subfields.bam", "wb") as out:
    for at in range(0, len(data), 65536):
        out.write(block(data[at:at + 65536], before=other))
    out.write(EOF)
with open("small.bam", "wb") as out:
    for at in range(0, len(data), 97):
        out.write(block(data[at:at + 97]))
    out.write(block(b"") + EOF)
write("usual.bam", *records)
with open("named.bam", "wb") as out:
    out.write(block(header()) + block(records[0], name=b"x.bam\0") + EOF)
END
  for bam in subfields small; do
    for threads in 0 2; do
      mrf-bamread -@ $threads $bam.bam | cmp - <(bam_text usual.bam)
      cat $bam.bam | mrf-bamwrite -@ $threads | mrf-bamread | cmp - <(bam_text usual.bam)
    done
  done
  refuses "its header has a file name or another field that BGZF does not have" mrf-bamread named.bam
}
