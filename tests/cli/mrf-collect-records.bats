#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The records that mrf-collect writes are of the form that --record names, in every order, or it is status 3.

load common

@test "FASTQ in every order, with numbers too" {
  printf '@r%s\nACGT\n+\nIIII\n' 1 3 >a
  printf '@r2\nAC\n+r2\nII\n' >b
  sed '1~4s/^/0\t/; 5s/^0/2/' a >a.seq
  sed '1~4s/^/1\t/' b >b.seq
  for order in rows any concat; do
    run_apart mrf-collect --record fastq -c 1 --order $order a b
    assert_status 0
  done
  run_apart mrf-collect --record fastq --order seq a.seq b.seq
  assert_status 0
  assert_output_is "$(mrf-collect --record fastq -c 1 a b)"
}

@test "FASTQ that is none is named by input and record, in every order" {
  printf '@r%s\nACGT\n+\nIIII\n' 1 2 >good
  printf '@r1\nACGT\n+\nIIII\n@r2\nACGT\n+\nIII\n' >length
  printf '@r1\nACGT\n+\nIIII\n@r2\nACGT\n+r3\nIIII\n' >plus
  printf '@r1\nACGT\n+\nIIII\n>r2\nACGT\n+\nIIII\n' >start
  printf '@r1\nACGT\n+\nIIII\nr2\n' >lines
  for bad in length plus start lines; do
    for order in rows any concat; do
      run_apart mrf-collect --record fastq --order $order -o out good $bad
      assert_status 3
      assert_stderr_has "mrf-collect: cannot read '$bad': record 2"
    done
    [[ $bad != lines ]] || continue
    sed '1~4s/^/1\t/' $bad >$bad.seq
    run_apart mrf-collect --record fastq --order seq -o out $bad.seq
    assert_status 3
    assert_stderr_has "mrf-collect: cannot read '$bad.seq': record 2"
  done
  [[ ! -e out ]]
}

@test "FASTA and records that begin with a word stay whole" {
  printf '>a\nAC\nGT\n>b\n' >x
  printf '>c\n\nAC>GT\n>d\nA' >y
  for order in rows concat; do
    run_apart mrf-collect --record fasta -c 2 --order $order x y
    assert_status 0
    assert_output_is $'>a\nAC\nGT\n>b\n>c\n\nAC>GT\n>d\nA'
  done
  run_apart mrf-collect --record fasta -c 1 x y
  assert_output_is $'>a\nAC\nGT\n>c\n\nAC>GT\n>b\n>d\nA'
  printf 'ID 1\nx\nID 2\n' >x
  printf 'ID 3\nID 4\ny\n' >y
  run_apart mrf-collect --record 'start:ID ' -c 1 x y
  assert_output_is $'ID 1\nx\nID 3\nID 2\nID 4\ny'
  echo text >text
  run_apart mrf-collect --record fasta -o out text
  assert_status 3
  run_apart mrf-collect --record fasta --order seq -o out x
  assert_status 2
}

@test "what is no text is refused by name where lines are to be" {
  seq 100 >text
  bzip2 -k text && xz -k text && zstd -q text
  samtools view -u -o u.bam "$(small_bam 50)" && samtools view -b -o c.bam "$(small_bam 50)"
  while IFS='|' read -r name format; do
    for options in '' --sam '--record fastq' '--order concat'; do
      # shellcheck disable=SC2086
      run_apart mrf-collect $options -o out - <"$name"
      assert_status 3
      assert_stderr_has "mrf-collect: cannot read 'standard input': it is $format"
    done
    run_apart mrf-collect --record fixed:1 "$name"
    assert_status 0
  done <<'END'
text.bz2|bzip2
text.xz|xz
text.zst|zstd
u.bam|BAM
c.bam|BAM
END
  [[ ! -e out ]]
}

@test "bytes that begin as gzip does are bytes for --record fixed, and are inflated for nul" {
  printf '\x1f\x8b\x08\x00\x1f\x8b\x08\x00' >bytes
  for form in fixed:4 fixed:1; do
    mrf-collect --record $form bytes | cmp - bytes
  done
  mrf-collect --record fixed:4 -o out.gz bytes && gzip -dc out.gz | cmp - bytes
  printf 'a\nb' | tee text | gzip | mrf-collect --record fixed:1 --order concat -o out.gz - text
  [ "$(gzip -dc out.gz)" = $'a\nba\nb' ]
  printf 'a\0b\nc\0' >nul
  mrf-collect --record nul <(gzip -c nul) | cmp - nul
  run_apart mrf-collect --record nul bytes
  assert_status 3
}
