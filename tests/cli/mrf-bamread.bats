#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The text, its options, several inputs.

load common
load bam

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
  for options in '-f PAIRED -F 0x4 -q 20' '-F REVERSE' '-e [CB]&&qlen>20' '-f 16 -e mapq>10'; do
    # shellcheck disable=SC2086
    mrf-bamread -@ 2 $options "$bam" | cmp - <(samtools view -h --no-PG $options "$bam")
  done
}

@test "bamread: flags and expressions that mean nothing are refused" {
  run_apart mrf-bamread -f NOSUCH "$(small_bam)"
  assert_status 2
  assert_stderr_is \
    "mrf-bamread: cannot use flags 'NOSUCH': neither a number nor names of flags; try 'mrf-bamread --help'"
  run_apart mrf-bamread --no-header -e 'qlen >' "$(small_bam)"
  assert_status 2
  assert_stderr_has "cannot use expression 'qlen >': it cannot be evaluated"
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

@test "bamread: several inputs are one stream, whatever they are" {
  bam=$(small_bam)
  bam_text "$bam" >in.sam
  mrf-bamread -@ 2 "$bam" in.sam - <"$bam" >all.sam
  (cat in.sam && for _ in 1 2; do grep -v ^@ in.sam; done) | cmp - all.sam
}

@test "bamread: several inputs with other references are refused" {
  bam=$(small_bam)
  bam_text "$bam" | grep ^@ >header
  while IFS='|' read -r change reason; do
    sed "$change" header >other.sam
    for options in '' -u; do
      # shellcheck disable=SC2086
      run_apart mrf-bamread $options -o out "$bam" other.sam
      assert_status 3
      assert_stderr_is "mrf-bamread: cannot join 'other.sam': $reason; samtools-merge(1) joins inputs whose headers differ"
      assert_files header other.sam
    done
  done <<'END'
s/SN:chr2/SN:other/|its reference 2 is 'other' where 'chr2' is expected
/SN:chr2/s/LN:[0-9]*/LN:7/|its reference 'chr2' has another length
/SN:chr2/d|4 references where 5 are expected
END
}

@test "bamread: each input is closed before the next is opened" {
  bam=$(small_bam 500)
  for _ in {1..40}; do echo "$bam"; done >names
  (ulimit -n 24 && xargs mrf-bamread -@ 2 --no-header <names) | wc -l >count
  [[ $(cat count) == 20000 ]]
}

@test "bamread: a FIFO is read, and one is written" {
  mkfifo in out
  cat "$(small_bam)" >in 3>&- &
  cat out >found.sam 3>&- &
  reader=$!
  mrf-bamread -@ 2 -o out in
  wait "$reader"
  bam_text "$(small_bam)" | cmp - found.sam
}

@test "bamread: -v says what was read from each input and written" {
  bam_text "$(small_bam 500)" | head -n 100 >a.sam
  run_apart mrf-bamread -v -o out.sam a.sam a.sam
  assert_status 0
  records=$(grep -vc ^@ a.sam)
  line="mrf-bamread: read $records records from 'a.sam'"
  assert_stderr_is "$line"$'\n'"$line"$'\n'"mrf-bamread: wrote $((2 * records)) records to 'out.sam'"
  run_apart mrf-bamwrite -v -o - - <a.sam
  assert_stderr_is "mrf-bamwrite: read $records records from 'standard input'
mrf-bamwrite: wrote $records records to 'standard output'"
}

# The @PG line that --add-pg puts into a header of SAM text, and nothing else.
added_line() {
  mrf-bamread -H --add-pg "$1" >with.sam
  diff "$1" with.sam | sed -n 's/^> //p' >added
  diff "$1" with.sam | grep -q '^<' && return 1
  sed -E "s/\tVN:[^\t]+\tCL:.*//" added
}

@test "bamread: --add-pg adds one @PG line to the end of each chain" {
  printf '@HD\tVN:1.6\n' >none.sam
  [[ $(added_line none.sam) == $'@PG\tID:mrf-bamread\tPN:mrf-bamread' ]]
  grep -qP "\tVN:[0-9.]+\tCL:mrf-bamread -H --add-pg none.sam$" added
  printf '@PG\tID:a\n@PG\tID:b\tPP:a\n' >one.sam
  [[ $(added_line one.sam) == $'@PG\tID:mrf-bamread\tPN:mrf-bamread\tPP:b' ]]
  (cat one.sam && printf '@PG\tID:mrf-bamread\tPP:b\n') >same.sam
  [[ $(added_line same.sam) == $'@PG\tID:mrf-bamread.1\tPN:mrf-bamread\tPP:mrf-bamread' ]]
  (cat one.sam && printf '@PG\tID:c\n') >two.sam
  added_line two.sam >found
  printf '@PG\tID:mrf-bamread%s\tPN:mrf-bamread\tPP:%s\n' '' b .1 c | cmp - found
}
