#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# BAM records, compression, rounds and the rate log of mrf-collect.

load common

put() { printf '%b' "$2" >"$1"; }

@test "gzip and BGZF are recognised, of several members, from files, pipes and standard input" {
  seq 100000 | awk 'NR % 2 == 1' >odd
  seq 100000 | awk 'NR % 2 == 0' >even
  (head -n 1000 odd | gzip && tail -n +1001 odd | gzip -1) >odd.gz
  bgzip -c even >even.gz
  run_apart mrf-collect -c 1 odd.gz even.gz
  assert_status 0
  [[ $output == "$(seq 100000)" ]]
  mkfifo one
  (head -c 1 odd.gz && wait_until test -e started && tail -c +2 odd.gz) >one 3>&- &
  # The first byte alone decides nothing.
  mrf-collect --order concat one - <even.gz >out 3>&- &
  echo >started
  wait $!
  [[ $(cat out) == "$(cat odd even)" ]]
  printf '\x1f' >half
  run_apart mrf-collect half
  assert_status 0
  assert_output_is $'\x1f'
}

@test "gzip that is truncated, damaged, or followed by something else" {
  seq 100000 | gzip >good.gz
  head -c -20 good.gz >cut.gz
  run_apart mrf-collect -o out cut.gz
  assert_status 3
  assert_stderr_is "mrf-collect: cannot read 'cut.gz': truncated gzip stream"
  head -c -8 good.gz >crc.gz && printf 'abcdefgh' >>crc.gz
  run_apart mrf-collect -o out crc.gz
  assert_status 3
  assert_stderr_has "mrf-collect: cannot read 'crc.gz': "
  cat good.gz odd >more.gz 2>/dev/null || printf 'text' >>more.gz
  run_apart mrf-collect -o out more.gz
  assert_status 3
  assert_stderr_is "mrf-collect: cannot read 'more.gz': trailing garbage after the gzip stream"
  assert_files good.gz cut.gz crc.gz more.gz
}

@test "BGZF without its end-of-file block is truncated, whatever the records; plain gzip has none" {
  seq 100000 >plain
  bgzip -c plain >whole.gz
  head -c -28 whole.gz >cut.gz
  for name in cut.gz 'standard input'; do
    run_apart mrf-collect -o out "${name/standard input/-}" <cut.gz
    assert_status 3
    assert_stderr_is "mrf-collect: cannot read '$name': truncated: no end-of-file block"
  done
  (cat cut.gz && head -c 100 /dev/zero) >padded.gz
  for command in "mrf-collect -o out padded.gz" "mrf-distribute -i padded.gz out"; do
    # shellcheck disable=SC2086
    run_apart $command
    assert_status 3
    assert_stderr_has "cannot read 'padded.gz': truncated: no end-of-file block"
  done
  assert_files plain whole.gz cut.gz padded.gz
  head -c 100 /dev/zero >>whole.gz
  bgzip -c plain | cat - <(bgzip -c plain) <(gzip -c plain) >three.gz
  [[ $(mrf-collect whole.gz | md5sum) == "$(md5sum <plain)" ]]
  [[ $(mrf-collect three.gz | md5sum) == "$(cat plain plain plain | md5sum)" ]]
}

@test "a compressed input is held back like any other" {
  mkfifo a b
  yes later | head -n 3000000 | gzip -1 >b 3>&- &
  mrf-collect -c 1 --buffer 1M --stats stats a b >out 3>&- &
  collect=$!
  yes first | head -n 3000000 | bgzip >a
  wait $collect
  wait
  [[ $(head -n 3 out) == $'first\nlater\nfirst' && $(wc -l <out) == 6000000 ]]
  [[ -n ${MRF_SANITIZED-} ]] || (($(jq .max_rss_bytes stats) < 33 * 1024 * 1024))
  assert_nothing_left
}

@test "a name that ends in .gz is BGZF, at every level, with and without threads" {
  seq 200000 >a
  for level in 0 1 6 9; do
    for threads in 0 3; do
      run_apart mrf-collect -l $level -@ $threads -o out.gz a
      assert_status 0
      bgzip -t out.gz && zcat out.gz | cmp - a
      [[ $(tail -c 28 out.gz | xxd -p) == 1f8b08040000000000ff0600424302001b0003000000000000000000 ]]
    done
    stat -c %s out.gz >>sizes
  done
  sort -nrc sizes
  run_apart mrf-collect -o default.gz a
  cmp default.gz <(mrf-collect -l 6 -o x.gz a && cat x.gz)
  : >empty
  run_apart mrf-collect -o none.gz empty
  [[ $(stat -c %s none.gz) == 28 ]]
}

@test "compressed output on a full device" {
  seq 200000 >a
  ln -s /dev/full full.gz
  for threads in 0 2; do
    run_apart mrf-collect -@ $threads -o full.gz a
    assert_status 1
    assert_stderr_is "mrf-collect: cannot write 'full.gz': No space left on device"
  done
}

# Distributes the records of a BAM over parts: distribute OPTIONS N.
distribute() {
  local options=$1
  /usr/bin/python3 - "$(small_bam)" "$options" "$2" <<'END'
import sys, pysam
source = pysam.AlignmentFile(sys.argv[1], check_sq=False)
parts = [pysam.AlignmentFile(f"part{i}.bam", sys.argv[2], header=source.header) for i in range(int(sys.argv[3]))]
for number, record in enumerate(source):
    record.set_tag("mi", number, "i")
    if number % 7 == 0:
        record.set_tag("XX", "behind")
    parts[number // 10 % len(parts)].write(record)
END
}

@test "BAM records, compressed or not, are put together by number and by count" {
  distribute wb 3
  for mode in wb wbu; do
    distribute $mode 3
    run_apart mrf-collect --record bam --order seq -o whole.bam part0.bam part1.bam part2.bam
    assert_status 0
    cmp <(sam_text whole.bam | sed 's/\tXX:Z:behind//') <(sam_text "$(small_bam)")
    samtools quickcheck whole.bam
    mrf-collect --record bam -c 10 part0.bam <(cat part1.bam) - <part2.bam >rows.bam
    cmp <(sam_text rows.bam | sed 's/\tXX:Z:behind//; s/\tmi:i:[0-9]*//') <(sam_text "$(small_bam)")
  done
  mrf-collect --record bam --order concat -l 6 -@ 1 part0.bam part1.bam | samtools quickcheck -v -
  run_apart mrf-collect --record bam --order concat -o small.bam.gz part0.bam part1.bam part2.bam
  (($(stat -c %s small.bam.gz) * 2 < $(stat -c %s whole.bam)))
  [[ $(samtools view -c small.bam.gz) == "$(samtools view -c whole.bam)" ]]
}

@test "BAM with longer integers than needed, and with the shortest" {
  printf '@SQ\tSN:c\tLN:9\n' >header
  for n in 0 1; do
    (cat header && for i in 0 2 4; do printf 'r%s\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\tmi:i:%s\n' $((i + n)) $((i + n)); done) |
      samtools view --no-PG -u -o $n.bam -
  done
  run bash -o pipefail -c 'mrf-collect --record bam --order seq 0.bam 1.bam | samtools view - | cut -f 1,12'
  assert_status 0
  assert_output_is $'r0\nr1\nr2\nr3\nr4\nr5'
}

@test "BAM whose references differ, without a number, truncated, or none at all" {
  distribute wb 2
  samtools view -H part0.bam | sed 's/SN:chr1\t/SN:other\t/' | samtools view -b -o other.bam -
  run_apart mrf-collect --record bam -o out part0.bam other.bam
  assert_status 3
  assert_stderr_has "its references are not those of '"
  samtools view -b -x mi -o unnumbered.bam part0.bam
  run_apart mrf-collect --record bam --order seq -o out unnumbered.bam
  assert_status 3
  assert_stderr_is "mrf-collect: cannot collect 'unnumbered.bam': record 1 has no sequence number: the filter lost the tag mi at its end: read '$(samtools view unnumbered.bam 2>/dev/null | head -n 1 | cut -f 1)'; --order rows and any need no number"
  head -c -28 part0.bam >cut.bam
  run_apart mrf-collect --record bam -o out cut.bam
  assert_status 3
  assert_stderr_is "mrf-collect: cannot read 'cut.bam': truncated: no end-of-file block"
  samtools view -u part0.bam | bgzip -dc | head -c -5 >cut.sam
  run_apart mrf-collect --record bam -o out cut.sam
  assert_status 3
  assert_stderr_has "mrf-collect: cannot read 'cut.sam': record "
  bgzip -dc part0.bam | head -c 50 >cut.sam
  run_apart mrf-collect --record bam -o out cut.sam
  assert_status 3
  assert_stderr_is "mrf-collect: cannot read 'cut.sam': its header is truncated"
  : >empty
  run_apart mrf-collect --record bam -o out empty
  assert_status 3
  assert_stderr_is "mrf-collect: cannot read 'empty': it is empty, and a BAM stream has a header at least"
  echo '@HD' >text
  run_apart mrf-collect --record bam -o out text
  assert_status 3
  assert_stderr_is "mrf-collect: cannot read 'text': it is not BAM; 'mrf-bamread -u' makes BAM of SAM and CRAM"
  samtools view -u part0.bam | bgzip -dc >one.bam
  cat one.bam one.bam >two.bam
  run_apart mrf-collect --record bam -o out two.bam
  assert_status 3
  assert_stderr_is "mrf-collect: cannot read 'two.bam': a second BAM stream begins behind record $(samtools view -c part0.bam); mrf-bamread joins several"
  [[ ! -e out ]]
}

# Two writers of a FIFO are two only if the reader has seen the end in between: it has another descriptor then.
descriptor_of() { find "/proc/$collect/fd" -lname "*/$1" -printf '%f\n' 2>/dev/null; }
is_at_another() { [[ -n $(descriptor_of "$1") && $(descriptor_of "$1") != "$2" ]]; }
write_round() {
  wait_until is_at_another "$1" ''
  local before
  before=$(descriptor_of "$1")
  cat >"$1"
  [[ ${2-} == last ]] || wait_until is_at_another "$1" "$before"
}

@test "every input is read N times over, a FIFO from one writer after the other" {
  put a '1\n2\n'
  put b '3\n'
  run_apart mrf-collect -c 1 --reopen 3 a b
  assert_status 0
  assert_output_is "$(printf '1\n3\n2\n%.0s' 1 2 3)"
  mkfifo f g
  mrf-collect --sam --order concat --reopen 2 f g >out 3>&- &
  collect=$!
  printf '@CO\t1\nf1\n' | write_round f
  printf 'g1\n' | write_round g
  printf '@CO\t2\nf2\n' | write_round f last
  printf 'g2\n' | write_round g last
  wait $collect
  [[ $(cat out) == $'@CO\t1\nf1\ng1\nf2\ng2' ]]
}

@test "a FIFO's next writer need not wait for the other inputs" {
  mkfifo f g
  mrf-collect -c 1 --buffer 1M --reopen 2 g f >out 3>&- &
  collect=$!
  yes f1 | head -n 200000 | write_round f
  yes f2 | head -n 200000 | write_round f last
  yes g1 | head -n 200000 | write_round g
  yes g2 | head -n 200000 | write_round g last
  wait $collect
  cmp out <(yes $'g1\nf1' | head -n 400000 && yes $'g2\nf2' | head -n 400000)
}

@test "the rate is said every N records" {
  seq 10 >a
  run_apart mrf-collect --log-every 5 --log-format '{records} {{}} {seconds} {rate} {mean} {time}' a
  assert_status 0
  [[ $stderr =~ ^'mrf-collect: 10 {} '[0-9]+\.[0-9]' '[0-9]+' '[0-9]+' '[0-9]{2}:[0-9]{2}:[0-9]{2}$ ]]
  run_apart mrf-collect --log-every 10 a
  [[ $stderr =~ ^'mrf-collect: 10 records in '[0-9.]+' s, '[0-9]+' records/s'$ ]]
  run_apart mrf-collect --log-every 11 a
  assert_stderr_is ''
  run_apart mrf-collect --quiet --log-every 1 a
  assert_stderr_is ''
  seq 1000000 >a
  run_apart mrf-collect --log-every 100000 -o out a
  assert_status 0
  ((${#stderr_lines[@]} > 3 && ${#stderr_lines[@]} <= 10))
}

@test "a name that ends in .gz, in letters of either case, is BGZF" {
  seq 100000 >plain
  for name in out.gz out.GZ out.Gz; do
    run_apart mrf-collect -l 1 -o "$name" plain
    assert_status 0
    gzip -t <"$name"
    cmp plain <(bgzip -dc <"$name")
  done
}
