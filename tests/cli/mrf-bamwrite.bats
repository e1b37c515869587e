#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The formats, levels, headers.

load common
load bam

setup() {
  common_setup
  samtools view -h --no-PG "$(small_bam)" >in.sam
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

# Writes the file $1 in three pieces, each when the piece before it has been read.
in_pieces() {
  python3 -c '
import array, fcntl, select, sys, termios
data = open(sys.argv[1], "rb").read()
size = len(data) // 3 + 1
unread = array.array("i", [0])
reader = select.poll()
reader.register(1, 0)
for at in range(0, len(data), size):
    while fcntl.ioctl(1, termios.FIONREAD, unread) or unread[0]:
        if reader.poll(1):
            sys.exit("the reader is gone")
    sys.stdout.buffer.write(data[at : at + size])
    sys.stdout.flush()' "$1"
}

# Whether two outputs of the level $1 have the same bytes. At level 1 ISA-L 2.30 gives some other bytes in about one
# block of 12,000, by the address of its memory: there it is the content that counts.
same_bytes() {
  if [[ $1 == 1 ]]; then cmp <(gzip -dc "$2") <(gzip -dc "$3"); else cmp "$2" "$3"; fi
}

@test "bamwrite: the same records give the same bytes, from a file and from a pipe that pauses" {
  for format in bam sam.gz; do
    for level in 0 1 6 9; do
      mrf-bamwrite -O $format -l $level in.sam >whole
      for threads in 0 3; do
        in_pieces in.sam | mrf-bamwrite -O $format -@ $threads -l $level >out
        same_bytes $level out whole
      done
    done
  done
  samtools view --no-PG -u in.sam >in.bam
  mrf-bamwrite -l 0 in.sam >whole
  mrf-bamwrite -l 0 in.bam | cmp - whole
  in_pieces in.bam | mrf-bamwrite -@ 1 -l 0 >out
  cmp out whole
}

@test "bamwrite: the bytes of every level are the same, whatever -@ says" {
  local level threads
  for level in {0..9}; do
    for threads in 0 1 2 5; do mrf-bamwrite -l "$level" -@ "$threads" -o $threads.bam in.sam; done
    for threads in 1 2 5; do same_bytes "$level" 0.bam $threads.bam; done
  done
}

@test "bamwrite, bamread: the bytes are the same, whatever vectors the processor has" {
  local target level
  # ISA-L, which makes level 1, chooses for itself.
  for level in 0 {2..9}; do
    mrf-bamwrite -l "$level" -o best.bam in.sam
    for target in baseline sse4 avx2; do
      MRF_VECTOR_TARGET=$target mrf-bamwrite -l "$level" -o "$target.bam" in.sam
      cmp best.bam "$target.bam"
    done
  done
  mrf-bamread best.bam >best.sam
  for target in baseline sse4 avx2; do cmp best.sam <(MRF_VECTOR_TARGET=$target mrf-bamread best.bam); done
}

@test "bamwrite: with MRF_CHECK_BLOCKS a block that does not inflate to its bytes is an error" {
  [[ -z ${MRF_SANITIZED-} ]] || skip 'the sanitizers want to be loaded first'
  cc -shared -fPIC -O1 -o wrong.so "$ROOT/tests/faults/wrong_deflate.c" -ldl
  LD_PRELOAD="$PWD/wrong.so" MRF_CHECK_BLOCKS='' mrf-bamwrite -l 9 -o unseen.bam in.sam
  [[ -e unseen.bam ]]
  local threads
  for threads in 0 2; do
    run_apart env LD_PRELOAD="$PWD/wrong.so" mrf-bamwrite -l 9 -@ $threads -o out.bam in.sam
    assert_status 1
    assert_stderr_is "mrf-bamwrite: cannot compress 'block': incorrect checksum; report this as a bug"
    [[ ! -e out.bam ]]
  done
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
  assert_stderr_is \
    "mrf-bamwrite: cannot use output format 'vcf': not bam, cram, sam or sam.gz; try 'mrf-bamwrite --help'"
  for level in 10 -1; do
    for format in bam cram sam.gz; do
      run_apart mrf-bamwrite -O $format -l $level in.sam
      assert_status 2
      assert_output_is ''
      assert_stderr_is "mrf-bamwrite: cannot use level '$level': not between 0 and 9; try 'mrf-bamwrite --help'"
    done
  done
}

@test "bamwrite: a last line without a newline is one that was cut off, unless --permissive" {
  head -c -1 in.sam >cut.sam
  run_apart mrf-bamwrite -o out.bam cut.sam
  assert_status 3
  assert_stderr_has "line $(wc -l <in.sam): the line has no newline, as if the input were cut off"
  [[ ! -e out.bam ]]
  mrf-bamwrite --permissive cut.sam 2>err | samtools view -h --no-PG | cmp - in.sam
  grep "'cut.sam' has 1 last lines without a newline" err
}

@test "bamwrite: a header alone is a BAM without records" {
  grep ^@ in.sam | mrf-bamwrite -o out.bam
  samtools quickcheck -v out.bam
  [[ $(samtools view -c out.bam) == 0 ]]
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
  assert_stderr_has "RNAME 'chr1' is not in the header: it needs an @SQ line there"
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
  for name in out.xyz out bam .sam cram; do
    mrf-bamwrite -o $name in.sam
    [[ $(bgzip -dc $name | head -c 3) == BAM ]]
  done
}

@test "bamwrite: what BAM has of extremes comes back: long CIGARs, arrays, H, no bases, no qualities, 10 MB" {
  python3 - <<'EOF'
with open("odd.sam", "w") as out:
    out.write("@SQ\tSN:c\tLN:2000000000\n")
    out.write("h\t0\tc\t1\t9\t2M\t*\t0\t0\tAC\tII\tXH:H:1AE3\tXB:B:c,-1,2\tXF:B:f,1.5,-2\tXE:H:\n")
    out.write("empty\t0\tc\t1\t9\t2M\t*\t0\t0\tAC\tII\tXB:B:c\tXF:B:f\tXZ:Z:\n")
    out.write("bytes\t0\tc\t1\t9\t2M\t*\t0\t0\tAC\tII\tXc:B:c,-128,127\tXC:B:C,0,255\n")
    out.write("shorts\t0\tc\t1\t9\t2M\t*\t0\t0\tAC\tII\tXs:B:s,-32768,32767\tXS:B:S,0,65535\n")
    out.write("ints\t0\tc\t1\t9\t2M\t*\t0\t0\tAC\tII\tXi:B:i,-2147483648,2147483647\tXI:B:I,0,4294967295\n")
    out.write("numbers\t0\tc\t1\t9\t2M\t*\t0\t0\tAC\tII\tXa:i:-2147483648\tXb:i:4294967295\tXe:A:!\n")
    out.write("noseq\t0\tc\t1\t9\t100M5S\t*\t0\t0\t*\t*\n")
    out.write("none\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*\n")
    out.write("noqual\t0\tc\t1999999999\t9\t2M\t=\t600000000\t-5\tAC\t*\n")
    out.write("cigar\t0\tc\t5\t9\t" + "1M1I" * 40000 + "\t*\t0\t0\t" + "AC" * 40000 + "\t*\tNM:i:1\n")
    out.write("long\t0\tc\t5\t9\t10000000M\t*\t0\t0\t" + "ACGTN" * 2000000 + "\t" + "IIII!" * 2000000 + "\n")
EOF
  for threads in 0 2; do
    mrf-bamwrite -@ $threads -l 1 -o odd.bam odd.sam
    mrf-bamread -@ $threads odd.bam | cmp - odd.sam
    samtools view -h --no-PG odd.bam | cmp - odd.sam
    samtools view --no-PG -u odd.sam | bgzip -dc | cmp - <(bgzip -dc odd.bam)
    samtools view --no-PG -u odd.sam | mrf-bamread -@ $threads | cmp - odd.sam
  done
}

@test "bamwrite: a FIFO is read, and one is written, in every format" {
  samtools view --no-PG -C -o expected.cram in.sam 2>/dev/null
  mkfifo in out
  for format in bam cram sam.gz; do
    cat in.sam >in 3>&- &
    cat out >found 3>&- &
    reader=$!
    mrf-bamwrite -@ 2 -O $format -o out in
    wait "$reader"
    expected=in.sam
    [[ $format != cram ]] || expected=expected.cram
    samtools view --no-PG found | cmp - <(samtools view --no-PG $expected)
  done
}

@test "bamwrite: --stats counts the bytes of every format, to a file and to a pipe" {
  for format in bam cram sam sam.gz; do
    mrf-bamwrite -O $format --stats file.json -o out in.sam
    mrf-bamwrite -@ 2 -O $format --stats pipe.json in.sam | cat >piped
    [[ $(jq .bytes_out file.json) == "$(stat -c %s out)" ]]
    [[ $(jq .bytes_out pipe.json) == "$(stat -c %s piped)" ]]
    [[ $(jq .outputs[0].bytes pipe.json) == "$(stat -c %s piped)" ]]
  done
}

@test "bamwrite: a reader that goes away ends it like a filter, in every format" {
  for format in bam cram sam sam.gz; do
    for threads in 0 2; do
      run_apart bash -c "mrf-bamwrite -@ $threads -O $format in.sam | head -c 1 >/dev/null; exit \${PIPESTATUS[0]}"
      assert_status 141
      assert_stderr_is ''
    done
  done
}

@test "bamwrite: TERM leaves neither a file nor an index" {
  mkfifo in
  mrf-bamwrite --write-index -o out.bam in 3>&- &
  writer=$!
  exec 5>in
  cat in.sam >&5
  kill "$writer"
  wait "$writer" || status=$?
  exec 5>&-
  [[ $status == 143 ]]
  assert_files in in.sam
}

@test "bamwrite: numbers may have a plus in front, as in samtools" {
  {
    printf '@SQ\tSN:c1\tLN:1000\n'
    printf 'r1\t0\tc1\t+5\t+9\t4M\tc1\t+7\t+10\tAAAA\tIIII\tNM:i:+5\tXB:B:c,+5,-3\tXI:i:+4294967295\n'
    printf 'r2\t4\t*\t+0\t9\t4M\t*\t+0\t+0\tAAAA\tIIII\n'
  } >plus.sam
  mrf-bamwrite -o out.bam plus.sam
  cmp <(samtools view --no-PG plus.sam) <(samtools view out.bam)
  samtools view out.bam | grep -P '\tNM:i:5\tXB:B:c,5,-3\t'
}

@test "bamwrite: --header takes text without a header for SAM, however long its first line" {
  cigar=$(printf '1M1I%.0s' {1..400})
  seq=$(printf 'A%.0s' {1..800})
  for name in c1 1; do
    printf '@SQ\tSN:%s\tLN:1000\n' $name >header.sam
    printf 'r1\t0\t%s\t1\t9\t%s\t*\t0\t0\t%s\t%s\n' $name "$cigar" "$seq" "$seq" >record.sam
    for input in 'cat record.sam' 'gzip -c record.sam' 'bgzip -c record.sam'; do
      $input | mrf-bamwrite --header header.sam | samtools view -h --no-PG | cmp - <(cat header.sam record.sam)
    done
  done
  run_apart mrf-bamwrite --header header.sam <<<"no record"
  assert_status 3
  assert_stderr_is "mrf-bamwrite: cannot read 'standard input': line 1: 1 fields where 11 are needed, with tabs between them"
}

@test "bamwrite: --no-header writes SAM alone, compressed or not, and nothing else" {
  bam=$(small_bam)
  samtools view "$bam" >expected
  mrf-bamwrite -O sam --no-header "$bam" | cmp expected -
  mrf-bamwrite --no-header -o out.sam.gz "$bam"
  gzip -dc out.sam.gz | cmp expected -
  samtools view -H --no-PG "$bam" >header.sam
  mrf-bamwrite --no-header -O sam header.sam >empty
  [[ ! -s empty ]]
  mrf-bamwrite --no-header -o empty.sam.gz header.sam
  [[ -z $(gzip -dc empty.sam.gz) ]]
  for words in '-O bam' '-o out.cram' '-o out'; do
    # shellcheck disable=SC2086
    run_apart mrf-bamwrite --no-header $words "$bam"
    assert_status 2
    assert_stderr_has "cannot use option '--no-header': only SAM can be without its header"
  done
  run_apart mrf-bamwrite --no-header --write-index -o other.sam.gz "$bam"
  assert_status 2
  assert_stderr_has "cannot use option '--no-header': an index needs the header"
  [[ ! -e out && ! -e out.cram && ! -e other.sam.gz ]]
}

@test "bamwrite: --pg-command makes the @PG line of --add-pg that of another program" {
  printf '@SQ\tSN:c1\tLN:1000\n@PG\tID:bwa\tPN:bwa\n' >in.sam
  mrf-bamwrite -O sam --add-pg --pg-command "/opt/bin/align -x 'a b' https://me:secret@h/x?sig=1" in.sam >out.sam
  version=$(mrf-bamwrite --version | sed -n '1s/.* //p')
  printf '@PG\tID:align\tPN:align\tPP:bwa\tVN:%s\tCL:%s\n' "$version" \
    "/opt/bin/align -x 'a b' https://h/x?sig=..." | cmp - <(tail -n 1 out.sam)
  run_apart mrf-bamwrite --pg-command x in.sam
  assert_status 2
  assert_stderr_has "cannot use option '--pg-command': it goes with --add-pg"
}

@test "bamwrite: --unsorted says that the records are in no order" {
  printf '@HD\tVN:1.6\tSO:coordinate\tSS:coordinate:natural\n@SQ\tSN:c1\tLN:1000\n' >in.sam
  printf '@HD\tVN:1.6\tSO:unsorted\n@SQ\tSN:c1\tLN:1000\n' >expected.sam
  for format in sam bam cram; do
    mrf-bamwrite -O $format --unsorted in.sam | samtools view -H --no-PG - | cut -f 1-3 | cmp - expected.sam
  done
  printf '@HD\tVN:1.6\tGO:query\n' | mrf-bamwrite -O sam --unsorted | cmp - <(printf '@HD\tVN:1.6\n')
  printf '@SQ\tSN:c1\tLN:1000\n' >bare.sam
  mrf-bamwrite -O sam --unsorted bare.sam | cmp - bare.sam
  run_apart mrf-bamwrite --unsorted --write-index -o out.bam in.sam
  assert_status 2
  assert_stderr_has "cannot use option '--write-index': an index needs sorted records"
}

@test "bamwrite: the disk begins with a file while it is written, and not with a pipe" {
  strace -f -qq -o calls -e trace=fsync,sync_file_range mrf-bamwrite -l 0 -o out.bam in.sam
  (($(stat -c %s out.bam) > 1 << 20))
  [[ $(head -n 1 calls) == *"sync_file_range("*"SYNC_FILE_RANGE_WRITE) = 0" ]]
  strace -f -qq -o calls -e trace=sync_file_range mrf-bamwrite -l 0 in.sam | cmp - out.bam
  [[ ! -s calls ]]
  # It may refuse to.
  strace -f -qq -o calls -e inject=sync_file_range:error=EIO mrf-bamwrite -l 0 -o again.bam in.sam
  grep -q INJECTED calls
  cmp again.bam out.bam
}
