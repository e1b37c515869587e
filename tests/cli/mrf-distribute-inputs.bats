#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What mrf-distribute reads: formats, bytes that look like gzip, several inputs at a time; and .gz outputs.

load common
load distribute

@test "a binary format is refused by its name, with what to do, from a file and a pipe" {
  samtools view -b -o x.bam "$(small_bam 100)" && samtools view -C -o x.cram --output-fmt-option no_ref=1 x.bam
  samtools view -u -o u.bam x.bam && gzip -dc x.bam >raw.bam
  echo hello | bzip2 >x.bz2
  echo hello | xz >x.xz
  echo hello | zstd -q >x.zst 2>/dev/null || printf '\x28\xb5\x2f\xfd\x04\x58\x31\0\0hello\n\0\0\0\0' >x.zst
  printf 'BCF\2\2\x10\0\0\0##fileformat\n' | bgzip >x.bcf
  local -A says=([x.bam]="it is BAM, not text; '--record bam' takes it" [u.bam]="it is BAM, not text" [raw.bam]="it is BAM, not text"
    [x.cram]="it is CRAM, not text" [x.bcf]="it is BCF, not text" [x.bz2]="it is bzip2-compressed; decompress it first: 'bzip2 -dc FILE"
    [x.xz]="it is xz-compressed; decompress it first: 'xz -dc FILE" [x.zst]="it is zstd-compressed; decompress it first: 'zstd -dc FILE")
  for name in "${!says[@]}"; do
    for form in line fastq fasta lines:2 "line --sam" "line --header-lines 1"; do
      # shellcheck disable=SC2086
      run_apart mrf-distribute --record $form -i $name out
      assert_status 3
      assert_stderr_has "mrf-distribute: cannot read '$name': ${says[$name]}"
      [[ ! -e out ]]
    done
    run_apart mrf-distribute -i <(cat "$name") out
    assert_status 3
    assert_stderr_has "${says[$name]}"
  done
  for text in 'BZh9 is text\n' 'BAMBOO\n' 'CRAM\n' 'B' 'CRA' '\x28\xb5 x\n'; do
    printf '%b' "$text" >text
    run_apart mrf-distribute -i <(cat text) out
    assert_status 0
    [[ -z $(tail -c 1 text) ]] || echo >>text  # a last line is ended
    cmp out text
  done
}

@test "fixed:N: bytes are bytes, gzip's magic too; records of nul are inflated" {
  printf '\x1f\x8b\x08\0%8000s' x >in
  for input in in <(cat in); do
    run_apart mrf-distribute --record fixed:4 -c 1 -i "$input" a b
    assert_status 0
    [[ $(cat a b | wc -c) == 8004 && $(head -c 2 a | xxd -p) == 1f8b ]]
  done
  printf 'a\0b\0' | gzip >in
  for input in in <(cat in); do
    run_apart mrf-distribute --record nul -c 1 -i "$input" a b
    assert_status 0
    cmp a <(printf 'a\0')
  done
  run_apart mrf-distribute --record nul -i <(seq 10 | xz) a
  assert_status 3
  assert_stderr_has 'xz'
}

# Records of two mates in two FIFOs, by one program that opens both before it writes either.
@test "mates in two FIFOs that one program writes, whatever it writes first" {
  mkfifo r1 r2
  cat >writer.py <<'END'
import sys
order, records = sys.argv[1], int(sys.argv[2])
files = {"1": open("r1", "w"), "2": open("r2", "w")}
if order == "both":
    for i in range(records):
        for mate, file in files.items():
            file.write(f"@r{i}/{mate}\nACGT\n+\nIIII\n")
else:
    for mate in order:
        for i in range(records):
            files[mate].write(f"@r{i}/{mate}\nACGT\n+\nIIII\n")
        files[mate].close()
END
  for order in both 12 21; do
    python3 writer.py $order 60000 3>&- &
    run_apart timeout 300 mrf-distribute --record fastq -i r1 --mate r2 --stats stats T1 T2
    assert_status 0
    wait
    [[ $(jq -c '[.records_in, (.outputs | map(.records))]' stats) == '[120000,[60000,60000]]' ]]
    cmp <(sed 's,/1$,,' T1) <(sed 's,/2$,,' T2)
  done
}

@test "a program that opens a second input, or the map, before it writes the first" {
  mkfifo one two map
  (exec 3>two 4>one && seq 5 >&4 && exec 4>&- && seq 6 9 >&3) &
  run_apart timeout 300 mrf-distribute -i one -i two out
  assert_status 0
  cmp out <(seq 9)
  wait
  (exec 3>one 4>map && printf 'a\t0\n' >&4 && exec 4>&- && echo a >&3) &
  run_apart timeout 300 mrf-distribute --key column:1 --map map -i one out
  assert_status 0
  wait
}

@test "an input that is missing is found before anything is read" {
  mkfifo in
  (exec 3>in && seq 3 >&3) 2>/dev/null &
  run_apart timeout 300 mrf-distribute -i in -i nowhere out
  assert_status 1
  assert_stderr_is "mrf-distribute: cannot open 'nowhere': No such file or directory"
  exec 8<>in # whoever opens it, and when, has a reader now
  wait
  exec 8>&-
  run_apart mrf-distribute -i https://example.invalid/x.txt out
  assert_status 1
  assert_stderr_has "it is a URL: pipe it in, 'getm-fetch URL - | ...'"
}

@test "outputs whose names end in .gz are BGZF, in any case of letters" {
  seq 200000 >in
  for words in "" "-@ 2" "-l 1" "-l 0 -@ 1"; do
    # shellcheck disable=SC2086
    run_apart mrf-distribute $words -c 7 --header-lines 1 --header-to h.gz -i in a.gz b.GZ c
    assert_status 0
    cmp <(sort -n <(bgzip -dc a.gz) <(bgzip -dc <b.GZ) c) <(seq 2 200000)
    cmp <(bgzip -dc h.gz) <(echo 1)
    for name in a.gz b.GZ h.gz; do [[ $(tail -c 28 $name | xxd -p | tr -d '\n') == 1f8b08040000000000ff0600424302001b0003000000000000000000 ]]; done
    [[ $(head -n 1 c) == 16 ]]
  done
  printf '@a/1\nA\n+\nI\n@a/2\nC\n+\nI\n@b/1\nG\n+\nI\n' >in.fq
  run_apart mrf-distribute --record fastq --mates --singles s.fq.gz -i in.fq T1.fq.gz T2.fq.gz
  assert_status 0
  cmp <(gzip -dc T1.fq.gz T2.fq.gz) <(head -n 8 in.fq)
  [[ $(gzip -dc s.fq.gz | head -n 1) == "@b/1 mate=missing" ]]
  run_apart mrf-distribute -l 3 -i in x
  assert_status 2
  mkfifo live.gz
  (cat live.gz | gzip -dc >live.out) 3>&- &
  run_apart timeout 300 mrf-distribute -i in live.gz
  assert_status 0
  wait
  cmp live.out in
}

@test "in a run of mrf-run pipes keep the size that it gave them" {
  mkfifo in out
  cat >look.py <<'END'
import fcntl, os, select, subprocess
reader, writer = os.open("out", os.O_RDONLY | os.O_NONBLOCK), os.open("in", os.O_RDWR)
for fd in (reader, writer): fcntl.fcntl(fd, 1031, 4096)
tool = subprocess.Popen(["mrf-distribute", "-i", "in", "out"], env=dict(os.environ, MRF_STATS_PREFIX=os.path.abspath("stats")))
os.write(writer, b"x\n")
select.select([reader], [], [], 60)
print(fcntl.fcntl(reader, 1032), fcntl.fcntl(writer, 1032), flush=True)
tool.kill()
tool.wait()
END
  [[ $(timeout 300 python3 look.py) == "4096 4096" ]]
}
