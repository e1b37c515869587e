#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load common

bam_text() { samtools view -h --no-PG "$1"; }

@test "bamread: SAM text is that of samtools, with every number of threads, from file and pipe" {
  bam=$(small_bam)
  bam_text "$bam" >expected.sam
  for threads in 0 1 2 8; do
    mrf-bamread -@ $threads "$bam" | cmp - expected.sam
    mrf-bamread -@ $threads <"$bam" | cmp - expected.sam
    cat "$bam" | mrf-bamread -@ $threads - | cmp - expected.sam
    mrf-bamread -@ $threads <(cat "$bam") | cmp - expected.sam
  done
}

@test "bamread: every BAM, SAM and CRAM stored another way gives the same text" {
  bam=$(small_bam 2000)
  bam_text "$bam" >expected.sam
  samtools view --no-PG -u -o plain.bam "$bam"
  gzip -k expected.sam
  bgzip -c expected.sam >blocks.sam.gz
  bgzip -dc "$bam" >raw.bam
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram "$bam"
  for input in plain.bam expected.sam expected.sam.gz blocks.sam.gz raw.bam; do
    mrf-bamread -@ 2 $input | cmp - expected.sam
  done
  mrf-bamread in.cram | cmp - <(bam_text in.cram)
}

@test "bamread: header only, no header, uncompressed BAM" {
  bam=$(small_bam)
  mrf-bamread -H "$bam" | cmp - <(samtools view -H --no-PG "$bam")
  mrf-bamread --no-header "$bam" | cmp - <(samtools view "$bam")
  mrf-bamread -u -o out.bam "$bam"
  samtools quickcheck out.bam
  assert_same_sam out.bam "$bam"
}

# change RECORD OFFSET BYTES: plain.bam with the bytes from OFFSET of a record on changed.
change() {
  python3 - "$@" <<'END'
import struct, sys
data = bytearray(open("plain.bam", "rb").read())
at = 8 + struct.unpack_from("<I", data, 4)[0]
references, at = struct.unpack_from("<I", data, at)[0], at + 4
for _ in range(references):
    at += 8 + struct.unpack_from("<I", data, at)[0]
for _ in range(int(sys.argv[1]) - 1):
    at += 4 + struct.unpack_from("<I", data, at)[0]
at += int(sys.argv[2])
value = bytes.fromhex(sys.argv[3])
data[at:at + len(value)] = value
open("changed.bam", "wb").write(data)
END
}

@test "bamread: a malformed record is refused, as text and as uncompressed BAM, after those before it" {
  bam_text "$(small_bam 500)" >in.sam
  count=$(($(grep -c ^@ in.sam) + 299))
  bgzip -dc "$(small_bam 500)" >plain.bam
  while read -r offset value reason; do
    change 300 "$offset" "$value"
    for options in '' '-u' '-u -@2 -F 4'; do
      # shellcheck disable=SC2086
      run_apart bash -c "mrf-bamread $options changed.bam >found"
      assert_status 3
      assert_stderr_is "mrf-bamread: cannot read 'changed.bam': record 300: $reason"
      [[ $options == *-F* ]] || sam_text found | cmp - <(head -n $count in.sam)
    done
  done <<'END'
4 05000000 unknown reference number
24 feffffff unknown reference number
12 00 the read name is empty
20 ffffff7f the lengths in the record do not fit its size
20 ffffffff the lengths in the record do not fit its size
16 ffff the lengths in the record do not fit its size
20 60000000 CIGAR and sequence have different lengths
0 10000000 the record is too short
END
}

@test "bamread: -u gives the records that samtools gives, whatever the blocks, the filters and the threads" {
  bam=$(small_bam)
  bgzip -dc "$bam" >plain.bam
  change 7 14 ffff && mv changed.bam bin.bam
  for input in "$bam" plain.bam bin.bam; do
    for options in '' '-f 16' '-F 0x404 -q 30'; do
      # shellcheck disable=SC2086
      samtools view --no-PG -u $options "$input" | bgzip -dc >expected
      for threads in 0 1 2 8; do
        # shellcheck disable=SC2086
        mrf-bamread -u -@ $threads $options "$input" | bgzip -dc | cmp - expected
      done
    done
  done
}

@test "bamread: flags, mapping quality and expressions select as in samtools" {
  bam=$(small_bam)
  mrf-bamread -f PAIRED -F 0x4 -q 20 "$bam" | cmp - <(samtools view -h --no-PG -f PAIRED -F 0x4 -q 20 "$bam")
  mrf-bamread -@ 2 -e 'qlen > 20 && [CB]' "$bam" | cmp - <(samtools view -h --no-PG -e 'qlen > 20 && [CB]' "$bam")
}

@test "bamread: flags and expressions that mean nothing are refused" {
  run_apart mrf-bamread -f NOSUCH "$(small_bam)"
  assert_status 2
  assert_stderr_is "mrf-bamread: cannot use flags 'NOSUCH': neither a number nor names of flags; try 'mrf-bamread --help'"
  run_apart mrf-bamread --no-header -e 'qlen >' "$(small_bam)"
  assert_status 2
  assert_stderr_has "cannot use expression 'qlen >': it cannot be evaluated"
}

@test "bamread: a BAM without its end-of-file block is truncated, from file and pipe" {
  bam=$(small_bam)
  head -c -28 "$bam" >cut.bam
  for threads in 0 2; do
    run_apart mrf-bamread -@ $threads -o out.sam cut.bam
    assert_status 3
    assert_stderr_is "mrf-bamread: cannot read 'cut.bam': truncated: the BGZF end-of-file block is missing"
    assert_files cut.bam
    cat cut.bam >all.bam
    run_apart bash -c "cat cut.bam | mrf-bamread -@ $threads >out.sam"
    assert_status 3
    assert_stderr_is "mrf-bamread: cannot read 'standard input': truncated: the BGZF end-of-file block is missing"
    bam_text "$bam" | cmp - out.sam
    rm out.sam all.bam
  done
}

@test "bamread: --allow-truncated warns only" {
  head -c -28 "$(small_bam)" >cut.bam
  run_apart mrf-bamread --allow-truncated -o out.sam cut.bam
  assert_status 0
  assert_stderr_is "mrf-bamread: the input 'cut.bam' is truncated: the BGZF end-of-file block is missing"
  bam_text "$(small_bam)" | cmp - out.sam
}

@test "bamread: a BAM cut inside a block gives the records before the cut, then status 3" {
  head -c 100000 "$(small_bam)" >cut.bam
  run_apart bash -c 'cat cut.bam | mrf-bamread >out.sam'
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot read 'standard input': truncated: the last BGZF block is not whole"
  bam_text "$(small_bam)" | head -n "$(wc -l <out.sam)" | cmp - out.sam
  [[ $(grep -vc ^@ out.sam) -gt 100 ]]
}

@test "bamread: trailing garbage is an error, an end-of-file block in mid-stream is none" {
  bam=$(small_bam)
  (cat "$bam" && head -c 100 /dev/zero) >garbage.bam
  run_apart mrf-bamread -o out.sam garbage.bam
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot read 'garbage.bam': BGZF block at byte $(stat -c %s "$bam"): trailing garbage after a BGZF block"
  samtools view --no-PG -b -o records.bam "$bam"
  (cat records.bam && tail -c 28 records.bam) >twice.bam
  mrf-bamread twice.bam | cmp - <(bam_text "$bam")
}

@test "bamread: no such file, a directory, an empty file, a text file" {
  run_apart mrf-bamread no.bam
  assert_status 1
  assert_stderr_is "mrf-bamread: cannot open 'no.bam': No such file or directory"
  run_apart mrf-bamread .
  assert_status 1
  assert_stderr_is "mrf-bamread: cannot open '.': Is a directory"
  : >empty.bam
  run_apart mrf-bamread empty.bam
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot read 'empty.bam': the input is empty"
  echo "just some text" >text.bam
  run_apart mrf-bamread text.bam
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot read 'text.bam': this is neither BAM nor CRAM nor SAM"
}

@test "bamread: a damaged block is named by its place" {
  cp "$(small_bam)" bad.bam
  printf 'x' | dd of=bad.bam bs=1 seek=70000 conv=notrunc status=none
  run_apart mrf-bamread -o out.sam bad.bam
  assert_status 3
  assert_stderr_has "mrf-bamread: cannot read 'bad.bam': BGZF block at byte "
}

@test "bamread: a reader that goes away ends it like a filter, a full disk is an error" {
  bam=$(small_bam)
  run_apart bash -c "mrf-bamread -@ 2 '$bam' | head -n 1 >/dev/null; exit \${PIPESTATUS[0]}"
  assert_status 141
  assert_stderr_is ""
  run_apart bash -c "mrf-bamread -@ 2 '$bam' >/dev/full"
  assert_status 1
  assert_stderr_is "mrf-bamread: cannot write 'standard output': No space left on device"
}

@test "bamread: --stats counts records and bytes" {
  bam=$(small_bam)
  mrf-bamread --stats stats.json -o out.sam "$bam"
  python3 - "$bam" <<'EOF'
import json, os, sys
stats = json.load(open("stats.json"))
assert stats["tool"] == "mrf-bamread" and stats["records_in"] == stats["records_out"] > 0
assert stats["bytes_in"] == os.path.getsize(sys.argv[1]) and stats["bytes_out"] == os.path.getsize("out.sam")
EOF
}

@test "bamread: --stats names each input with its share, after a failure too" {
  bam_text "$(small_bam 500)" >a.sam
  samtools view --no-PG -b -o b.bam a.sam
  { cat a.sam && echo x; } >c.sam
  run_apart mrf-bamread --stats stats -o /dev/null a.sam b.bam c.sam
  assert_status 3
  [[ $(jq -c '.inputs | map([.name, .records])' stats) == '[["a.sam",500],["b.bam",500],["c.sam",500]]' ]]
  [[ $(jq '.inputs[].bytes' stats | xargs) == "$(stat -c %s a.sam b.bam c.sam | xargs)" ]]
  mrf-bamread -H --stats stats a.sam >/dev/null
  [[ $(jq -c '.inputs | map([.name, .records])' stats) == '[["a.sam",0]]' ]]
}

@test "bamread: --stats counts the bytes of a CRAM, from file and pipe" {
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram "$(small_bam 500)"
  mrf-bamread --stats file.json in.cram >/dev/null
  cat in.cram | mrf-bamread -@ 2 --stats pipe.json >/dev/null
  for stats in file.json pipe.json; do
    [[ $(jq '[.records_in, .bytes_in]' -c $stats) == "[500,$(stat -c %s in.cram)]" ]]
  done
}

sorted_bam() {
  samtools sort --no-PG -o sorted.bam "$(small_bam)" 2>/dev/null
  samtools index sorted.bam
}

@test "bamread: regions select as in samtools view -M, from BAM with BAI and CSI, CRAM and compressed SAM" {
  sorted_bam
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram sorted.bam
  samtools view --no-PG -h -o in.sam.gz sorted.bam
  cp sorted.bam csi.bam
  samtools index in.cram && samtools index in.sam.gz && samtools index -c csi.bam
  for input in sorted.bam csi.bam in.cram in.sam.gz; do
    for threads in 0 2; do
      mrf-bamread -@ $threads -r chr1:1-50000 -r chr2 -r chr1:40000-60000 $input >found.sam
      samtools view -M -h --no-PG $input chr1:1-50000 chr2 chr1:40000-60000 | cmp - found.sam
    done
    [[ $(grep -vc ^@ found.sam) -gt 10 ]]
  done
  mrf-bamread -r '*' sorted.bam | cmp - <(samtools view -h --no-PG -M sorted.bam '*')
}

@test "bamread: a region that is unknown, an input without an index or from a pipe are errors" {
  sorted_bam
  run_apart mrf-bamread -r nowhere sorted.bam
  assert_status 2
  assert_stderr_is "mrf-bamread: cannot use region 'nowhere': not in the header of the input; try 'mrf-bamread --help'"
  rm sorted.bam.bai
  run_apart mrf-bamread -r chr1 sorted.bam
  assert_status 1
  assert_stderr_is "mrf-bamread: cannot read regions of 'sorted.bam': it has no index; see samtools-index(1)"
  run_apart bash -c 'cat sorted.bam | mrf-bamread -r chr1'
  assert_status 1
  assert_stderr_is "mrf-bamread: cannot read regions of 'standard input': only a file with an index has regions"
}

@test "bamread: several inputs are one stream, whatever they are" {
  bam=$(small_bam)
  bam_text "$bam" >in.sam
  mrf-bamread -@ 2 "$bam" in.sam - <"$bam" >all.sam
  (cat in.sam && for _ in 1 2; do grep -v ^@ in.sam; done) | cmp - all.sam
}

@test "bamread: several inputs with other references are refused" {
  bam=$(small_bam)
  bam_text "$bam" | sed 's/SN:chr2/SN:other/' | grep ^@ >other.sam
  run_apart mrf-bamread -o out.sam "$bam" other.sam
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot join 'other.sam': its reference 2 is 'other' where 'chr2' is expected"
  assert_files other.sam
}

@test "bamread: --add-pg adds one @PG line that follows the chain" {
  bam=$(small_bam)
  mrf-bamread -H "$bam" >plain.sam
  mrf-bamread -H --add-pg "$bam" >with.sam
  [[ $(diff plain.sam with.sam | grep -c '^[<>]') == 1 ]]
  last=$(sed -n 's/^@PG\tID:\([^\t]*\).*/\1/p' plain.sam | tail -n 1)
  grep -qP "^@PG\tID:mrf-bamread\tPN:mrf-bamread\tPP:$last\tVN:[^\t]+\tCL:mrf-bamread -H --add-pg " with.sam
}

@test "bamread: a URL is read like a file, and what the server refuses is status 4" {
  bam=$(small_bam)
  mkdir www && cp "$bam" www/in.bam
  sorted_bam && mv sorted.bam* www
  serve www
  mrf-bamread -@ 2 "$SERVED/in.bam" | cmp - <(bam_text "$bam")
  mrf-bamread -r chr2 www/sorted.bam | cmp - <(samtools view -h --no-PG www/sorted.bam chr2)
  run_apart mrf-bamread "$SERVED/none.bam?sig=secret"
  assert_status 4
  assert_stderr_is "mrf-bamread: cannot open '$SERVED/none.bam': the server has no such file"
  head -c -28 "$bam" >www/cut.bam
  run_apart bash -c "mrf-bamread '$SERVED/cut.bam?sig=secret' >out.sam"
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot read '$SERVED/cut.bam': truncated: the BGZF end-of-file block is missing"
  assert_files www www/in.bam www/cut.bam www/sorted.bam www/sorted.bam.bai out.sam
}

@test "bamread: a CRAM without its end is truncated, from file and pipe" {
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram "$(small_bam)"
  bam_text in.cram >expected.sam
  cat in.cram | mrf-bamread | cmp - expected.sam
  head -c -38 in.cram >cut.cram
  for command in 'mrf-bamread cut.cram' 'cat cut.cram | mrf-bamread'; do
    run_apart bash -c "$command >out.sam"
    assert_status 3
    assert_stderr_has "truncated: the CRAM end-of-file container is missing"
    cmp out.sam expected.sam
  done
  head -c 100000 in.cram >cut.cram
  for command in 'mrf-bamread -@ 2 cut.cram' 'cat cut.cram | mrf-bamread'; do
    run_apart bash -c "$command >out.sam"
    assert_status 3
  done
}

# 500 records, and the options of samtools view.
unnamed_cram() {
  awk 'BEGIN {
    print "@SQ\tSN:c1\tLN:1000"
    for (i = 1; i <= 500; i++) print "r" i "\t0\tc1\t" i "\t9\t4M\t*\t0\t0\tACGT\tIIII"
  }' | samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram "$@"
  samtools index in.cram
  cp in.cram.crai bad.cram.crai
}

# Changes a bit of in.cram at a place that Python finds in `stored`.
make_bad_cram() {
  python3 -c "import sys
stored = bytearray(sys.stdin.buffer.read())
stored[$1] ^= 1
sys.stdout.buffer.write(stored)" <in.cram >bad.cram
}

assert_bad_cram() {
  local threads command
  for threads in 0 1 2; do
    mrf-bamread -@ $threads in.cram | cmp - <(bam_text in.cram)
    for command in 'bad.cram' '-r c1 bad.cram' '<bad.cram' '< <(cat bad.cram)'; do
      run_apart bash -c "mrf-bamread --no-header -@ $threads $command >out.sam"
      assert_status 3
      assert_stderr_has "record $(($1 + 1)): malformed or truncated"
      cmp out.sam <(samtools view in.cram | head -n "$1")
    done
  done
}

@test "bamread: records of a read group that is none are never the end of a CRAM, nor of a region" {
  unnamed_cram
  # The encoding of the read groups, which are -1.
  make_bad_cram 'stored.index(b"RG\3\10\1\xff\xff") + 5'
  assert_bad_cram 0
}

@test "bamread: a damaged container header is never the end of a CRAM, nor of a region" {
  unnamed_cram --output-fmt-option seqs_per_slice=100
  make_bad_cram "$(zcat in.cram.crai | awk 'NR == 3 { print $4 }') + 10"
  assert_bad_cram 200
}

@test "bamread: a CRAM whose reference is missing fails at once and asks no server" {
  printf '>chr1\nACGTACGTACGTACGTACGTACGTACGTACGT\n' >ref.fa
  samtools faidx ref.fa
  printf '@SQ\tSN:chr1\tLN:32\tUR:http://127.0.0.1:9/ref.fa\nr\t0\tchr1\t1\t9\t4M\t*\t0\t0\tACGT\tIIII\n' >in.sam
  samtools view --no-PG -C -T ref.fa -o in.cram in.sam
  mrf-bamread -T ref.fa in.cram | grep -q ACGT
  rm ref.fa ref.fa.fai
  run_apart env -u REF_PATH -u REF_CACHE HOME="$PWD" XDG_CACHE_HOME= \
    strace -f -qq -e trace=connect,socket -o trace mrf-bamread --no-header in.cram
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot read 'in.cram': record 1: malformed or truncated CRAM, or its reference is missing"
  run ! grep -E 'AF_INET6?' trace
}

# Every alignment file of the packages htslib-test and samtools-test.
corpus() {
  find /usr/share/htslib-test /usr/share/samtools -name '*.sam' -o -name '*.bam' -o -name '*.cram' -o -name '*.sam.gz'
}

@test "bamread: the corpora of htslib and samtools come out as samtools writes them, and back again" {
  [[ $(corpus | wc -l) -gt 200 ]] || skip "htslib-test and samtools-test are not installed"
  export REF_PATH=$PWD
  same=0 refused=0 truncated=0
  while read -r file; do
    run_apart bash -c 'timeout 60 samtools view -h --no-PG "$1" >expected.sam' bash "$file"
    expected=$status
    run_apart bash -c 'timeout 60 mrf-bamread -@ 1 "$1" >found.sam' bash "$file"
    if [[ $expected != 0 ]]; then
      echo "$file: expected to be refused"
      [[ $status == 3 || $status == 1 ]]
      refused=$((refused + 1))
    elif [[ $stderr == *"truncated: "* ]]; then
      truncated=$((truncated + 1))
    else
      echo "$file"
      assert_status 0
      cmp expected.sam found.sam
      same=$((same + 1))
      run_apart samtools view --no-PG -b -o expected.bam expected.sam
      [[ $status == 0 ]] || continue
      bam_text expected.bam >expected.sam
      mrf-bamwrite -o found.bam found.sam || echo "$file: not written" >>differ
      mrf-bamread found.bam | cmp - expected.sam || echo "$file: another round trip" >>differ
    fi
  done < <(corpus | sort)
  echo "$same the same, $refused refused, $truncated truncated"
  [[ ! -e differ ]] || { cat differ && false; }
  [[ $same -gt 290 && $refused -gt 5 && $truncated == 2 ]]
}

@test "bamread: a BAM cut at a block boundary or at any byte of its end is truncated, from file and pipe" {
  bam=$(small_bam 3000)
  bam_text "$bam" >text.sam
  "$ROOT/tests/cli/damage.py" cut "$bam" text.sam
}

@test "bamread: a flipped bit is never a crash, and never status 0 with another text than that of samtools" {
  bam=$(small_bam 500)
  bam_text "$bam" >text.sam
  "$ROOT/tests/cli/damage.py" flip "$bam" text.sam
  bgzip -dc "$bam" >plain.bam
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram "$bam"
  for input in plain.bam text.sam in.cram; do
    "$ROOT/tests/cli/damage.py" flip $input text.sam
  done
}
