#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-chunks: the header of the input, around the filters or to each of them.

load common

chunks() { run_apart timeout -k 5 300 mrf-chunks -n 3 "$@"; }

setup() {
  common_setup
  { echo 'id,value' && seq 100 | sed 's/$/,x/'; } >t.csv
  { printf '##fileformat=VCFv4.2\n#CHROM\tPOS\n' && seq 100 | sed 's/^/1\t/'; } >t.vcf
}

@test "the header goes around the filters, once" {
  chunks -c 10 --header-lines 1 -i t.csv -- awk -F, '$1 > 90'
  assert_status 0
  assert_output_is "$(echo id,value && tail -n 10 t.csv)"
  chunks -c 10 --header-prefix '#' -i t.vcf -- cat
  assert_status 0
  assert_output_is "$(cat t.vcf)"
}

@test "--header-to: there and not in the output, and its reader sees the end while the records go on" {
  mkfifo header in
  timeout 300 mrf-chunks -n 2 -c 10 --header-prefix '#' --header-to header -i in -- cat >out 3>&- &
  exec 7>in
  head -n 3 t.vcf >&7
  [ "$(cat header)" = "$(head -n 2 t.vcf)" ]
  tail -n +4 t.vcf >&7
  exec 7>&-
  wait $!
  cmp out <(tail -n +3 t.vcf)
}

@test "--header-broadcast: every filter sees it, it is written once" {
  chunks -c 10 --header-lines 1 --header-broadcast -i t.csv -- awk -F, 'NR == 1 || $1 > 90'
  assert_status 0
  assert_output_is "$(echo id,value && tail -n 10 t.csv)"
  chunks -c 10 --header-prefix '#' --header-broadcast -i t.vcf -- awk '/^#CHROM/ { print "#added" } { print }'
  assert_status 0
  assert_output_is "$(awk '/^#CHROM/ { print "#added" } { print }' t.vcf)"
}

@test "outputs whose headers differ are status 3, and the chunk is named" {
  chunks -c 10 --header-prefix '#' --header-broadcast -i t.vcf -- \
    awk '/^##/ { print "##chunk=" (ENVIRON["MRF_CHUNK"] == 4) } { print }'
  assert_status 3
  assert_stderr_has "cannot join 'output of awk for chunk 4': its header is not that of chunk 0: they differ in line 1: '##chunk=1' where"
  chunks -c 10 --header-prefix '#' --header-broadcast -i t.vcf -- awk '!/^#/ || ENVIRON["MRF_CHUNK"] != 2'
  assert_status 3
  assert_stderr_has "chunk 2"
}

@test "--header-lines --header-broadcast: a filter that writes no header is reported, one that changes it is not" {
  { echo name,count; seq -f 'a,%g' 6; } >in.csv
  for words in "tail -n +2" "cut -d, -f1" "sed 1s/$/,more/" cat; do
    # shellcheck disable=SC2086
    chunks -c 3 --header-lines 1 --header-broadcast -i in.csv -- $words
    if [[ $words == tail* ]]; then assert_status 3; else assert_status 0 && assert_stderr_is ''; fi
  done
  chunks -c 3 --header-lines 1 --header-broadcast -i in.csv -- awk -F, 'NR > 1 { print $1 }'
  assert_status 0
  assert_stderr_is "mrf-chunks: cannot tell a header of output of awk for chunk 1: its first line, 'a', has no field \
of the header that it was given, and was taken for one, as in all chunks; a filter that writes no header is to be run \
without --header-broadcast"
  chunks -q -c 3 --header-lines 1 --header-broadcast -i in.csv -- awk -F, 'NR > 1 { print $1 }'
  assert_stderr_is ''
}

@test "--skip-failed: when every filter fails, no header is written, and the message says so" {
  { echo name,count; seq 6; } >in.csv
  chunks -c 3 --skip-failed --header-lines 1 --header-broadcast -i in.csv -- false
  assert_status 3
  assert_output_is ''
  assert_stderr "mrf-chunks: 2 of 2 chunks are left out of the output, with 6 of 6 records: no filter has written the \
header, so the output is empty"
}

@test "a header without records passes; broadcast, one filter sees it" {
  head -n 2 t.vcf >h.vcf
  chunks --header-prefix '#' -i h.vcf -- bash -c 'touch started; cat'
  assert_status 0
  assert_output_is "$(cat h.vcf)"
  [ ! -e started ]
  chunks --header-prefix '#' --header-broadcast -i h.vcf -- bash -c 'touch started; cat'
  assert_status 0
  assert_output_is "$(cat h.vcf)"
  [ -e started ]
  printf 'id,value' >h.csv
  chunks --header-lines 1 -i h.csv -- cat
  assert_output_is id,value
  : >empty
  chunks --header-lines 1 -i empty -- cat
  assert_status 0
  assert_output_is ''
}

@test "SAM: around the filters and to each of them" {
  sam_text "$(small_bam)" >in.sam
  mrf-chunks -n 3 -c 700 --sam -i in.sam -- cat | cmp - in.sam
  mrf-chunks -n 3 -c 700 --sam --header-broadcast -i in.sam -- samtools view -h --no-PG - | cmp - in.sam
  mrf-chunks -n 3 -c 700 --sam --header-broadcast -i in.sam -- samtools view -h - | samtools view - |
    cmp - <(samtools view in.sam)
  chunks -c 700 --sam -i in.sam -- samtools view -h -
  assert_status 1
  assert_stderr_has "a filter that needs the header gets it with every chunk by --header-broadcast"
  # shellcheck disable=SC2016 # the filter's
  chunks -c 700 --sam -i in.sam -- bash -c 'kill -KILL $$'
  assert_status 137
  [[ $stderr != *header* ]]
}

@test "SAM: behind the header no line begins with '@'" {
  printf '@HD\tVN:1.6\nr1\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n@r2\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n' >in.sam
  chunks --sam --output-record sam -i in.sam -- cat
  assert_status 3
  assert_stderr_has "'@r2"
}

@test "a reader of --header-to or --side that goes away is named" {
  { seq -f '#%g' 500000 && echo 1; } >in.txt
  mkfifo fifo
  true <fifo 3>&- &
  run_apart timeout -k 5 300 mrf-chunks --header-prefix '#' --header-to fifo -i in.txt -- cat
  assert_status 1
  assert_stderr_is "mrf-chunks: cannot write 'fifo': Broken pipe"
  true <fifo 3>&- &
  # shellcheck disable=SC2016 # the filter's
  run_apart timeout -k 5 300 mrf-chunks --header-prefix '#' --side fifo -i in.txt -- bash -c 'head -c 2000000 /dev/zero >"$MRF_SIDE"'
  assert_status 1
  assert_stderr_is "mrf-chunks: cannot write 'fifo': Broken pipe"
}
