#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-run's short form: what each order promises of the result, compared with the filter in a plain pipe.

load common

short() { run_apart timeout -k 5 300 mrf-run "$@"; }

@test "the default order adds nothing that a filter of alignments could see" {
  samtools view --no-PG -h "$(small_bam 500)" | awk -v OFS='\t' '/^@/ { print; next } NR % 2 { print $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11; next } { print }' |
    samtools view --no-PG -b -o in.bam
  samtools view in.bam >lines
  for filter in 'NF == 11' 'NF > 11 && $NF ~ /^[A-Za-z][A-Za-z]:[AiZ]:/' '{ print $NF }'; do
    short -n 3 -c 17 -i in.bam -o out.txt -- awk -F'\t' "$filter"
    assert_status 0
    cmp out.txt <(awk -F'\t' "$filter" lines)
    [ -s out.txt ]
  done
  short -n 3 -c 17 -i in.bam -o out.bam --ok-status 0,1 -- grep '##$'
  assert_status 0
  cmp <(samtools view out.bam) <(grep '##$' lines)
  [ "$(samtools view -c out.bam)" -gt 0 ]
}

@test "the same input gives the same bytes, however many filters run and how fast" {
  seq 1 400000 >in.txt
  for n in 1 2 5; do
    short -n $n -i in.txt -o "out.$n" -- awk '{ print NR }'
    assert_status 0
  done
  short -n 3 -i in.txt -o out.slow -- bash -c 'sleep 0.0$((RANDOM % 10)); awk "{ print NR }"'
  assert_status 0
  cmp out.1 out.2
  cmp out.1 out.5
  cmp out.1 out.slow
  short -n 2 -c auto -i in.txt -o auto.txt -- cat
  assert_status 0
  cmp in.txt auto.txt
}

@test "rows: a record lost or added anywhere is status 3, by one copy or by all" {
  seq 10 >in.txt
  for n in 1 2 4; do
    for filter in 'sed 1d' "sed '\$d'" 'sed p' 'true; cat >/dev/null'; do
      short -n $n --order rows -i in.txt -o out.txt -- bash -c "$filter"
      assert_status 3
      assert_files in.txt
    done
  done
  seq 8 >in.txt
  for filter in 'NR % 2' 'NR % 10 == 1' '{ print; print }'; do
    short -n 2 -c 2 --order rows -i in.txt -o out.txt -- awk "$filter"
    assert_status 3
    assert_files in.txt
  done
  short -n 2 -c 2 --order rows -i in.txt -o out.txt -- sed 's/^/x/'
  assert_status 0
  cmp out.txt <(sed 's/^/x/' in.txt)
  bam=$(small_bam 500)
  short -n 2 --order rows --record bam -i "$bam" -o out.bam -- samtools view -u -q 100
  assert_status 3
  [ ! -e out.bam ]
}

@test "seq: a record has the place of its number, however late the filter writes it, and how often" {
  seq 1000 >in.txt
  # Each writes what it makes of a record, none to three records, when the next one comes, or at the end.
  for filter in '{ for (; n > 0; --n) print last; last = $0; n = $1 % 4 } END { for (; n > 0; --n) print last }' \
    '{ all[NR] = $0 } END { for (at = 1; at <= NR; ++at) for (n = all[at] % 4; n > 0; --n) print all[at] }'; do
    for c in 1 7 1000; do
      short -n 3 -c $c --order seq -i in.txt -o out.txt -- awk -F'\t' "$filter"
      assert_status 0
      cmp out.txt <(awk '{ for (n = (NR - 1) % 4; n > 0; --n) print }' in.txt)
    done
  done
}

@test "seq touches no tag mi of the user's own" {
  samtools view --no-PG -h "$(small_bam 100)" | awk '/^@/ { print; next } { print $0 "\tmi:i:" NR * 10 }' >in.sam
  for order in chunk rows any; do
    short -n 3 -c 7 --order $order -i in.sam -o out.sam -- cat
    assert_status 0
    if [ $order = any ]; then
      cmp <(as_unsorted <in.sam | sort) <(sort out.sam)
    else
      cmp <(sort in.sam) <(sort out.sam)
    fi
  done
  short -n 3 -c 7 --order seq -i in.sam -o no.sam -- awk -F'\t' -v OFS='\t' '{ last = $NF; $NF = $(NF - 1); $(NF - 1) = last; print }'
  assert_status 3
  [ ! -e no.sam ]
}

@test "explicit words win over names: SAM as text, with its header lines as lines" {
  samtools view --no-PG -h "$(small_bam 100)" >in.sam
  short -n 3 -c 7 --record line -i in.sam -o out.sam -- cat
  assert_status 0
  cmp in.sam out.sam
  short -n 1 --record line -i in.sam -o out.txt -- grep -c '^@'
  assert_status 0
  [ "$(cat out.txt)" = "$(grep -c '^@' in.sam)" ]
}
