#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016 # the variables are those of the filters
# mrf-run: filters that are started again, chunks that are left out, failures that are kept.

load common

short() { run_apart timeout -k 5 300 mrf-run "$@"; }

@test "the options are in the workflow that --print shows, and the long form does the same" {
  seq 100 >in.txt
  short --print -n 2 -c 30 --retries 2 --retry-status 75,9 --skip-failed --keep-failed 'kept here' -i in.txt -o out.txt -- \
    grep -v '^4'
  assert_status 0
  [[ $output == *" --retries 2 --retry-status 75,9 --skip-failed --keep-failed 'kept here' -i in.txt -- grep "* ]]
  mrf-run --print -n 2 -c 30 --skip-failed --keep-failed 'kept here' -i in.txt -o out.txt -- \
    bash -c '[[ $MRF_CHUNK != 1 ]] || exit 7; cat' >w.mrf
  short w.mrf
  assert_status 3
  cmp out.txt <(seq 100 | sed '31,60d')
  cmp 'kept here/chunk-1/input' <(seq 31 60)
}

@test "--retries: the result is that of the filter, whatever the kinds of input and output" {
  bam=$(small_bam 1000)
  filter='if [[ $MRF_CHUNK == 3 && ! -e tried ]]; then head -n 7; touch tried; kill -KILL $$; fi; cat'
  seq 1000 | sed 's/.*/@r&\nACGT\n+\nIIII/' >in.fq
  gzip -k in.fq
  for input in in.fq in.fq.gz; do
    rm -f tried
    short -n 3 -c 50 --retries 1 -i "$input" -o out.fq.gz -- bash -c "$filter"
    assert_status 0
    [ -e tried ] && zcat out.fq.gz | cmp - in.fq
  done
  for options in '' --header-broadcast '--record bam'; do
    rm -f tried
    # shellcheck disable=SC2086 # options or none
    short -n 3 -c 50 --retries 1 $options -i "$bam" -o out.bam -- bash -c "$filter"
    assert_status 0
    [ -e tried ] && assert_same_sam "$bam" out.bam
  done
  rm -f tried
  short -n 3 -c 50 --retries 1 -i in.fq -i in.fq.gz -o 1.fq -o 2.fq.gz -- bash -c "$filter"
  assert_status 0
  [ -e tried ] && cmp 1.fq in.fq && zcat 2.fq.gz | cmp - in.fq
}

@test "--retries: a filter that always fails gives its status and no result" {
  seq 100 >in.txt
  echo before >out.txt
  short -n 2 -c 30 --retries 2 --keep-failed kept -i in.txt -o out.txt -- bash -c '[[ $MRF_CHUNK != 1 ]] || kill -SEGV $$; cat'
  assert_status 139
  assert_stderr_has "cannot filter 'chunk 1': 'bash' ended with signal 11 (Segmentation fault)"
  [ "$(cat out.txt)" = before ]
  cmp kept/chunk-1/input <(seq 31 60)
  run kept/chunk-1/again.sh
  [ "$status" = 139 ]
}

@test "--skip-failed: the results are published without these records, the report lists them, the status is 3" {
  bam=$(small_bam 1000)
  short -n 2 -c 100 --skip-failed --report r.json -i "$bam" -o out.bam -- bash -c '[[ $MRF_CHUNK != 2 ]] || exit 7; cat'
  assert_status 3
  assert_stderr_has "1 of 10 chunks are left out of the output, with 100 of 1000 records"
  samtools quickcheck -u out.bam
  cmp <(samtools view out.bam) <(samtools view "$bam" | sed '201,300d')
  jq -e '.status == 3 and .failed == null and .results == ["out.bam"] and
    ([.jobs[].tools[] | .skipped? // empty] == [[{chunk: 2, first_record: 201, records: 100, reason: "exit status 7"}]])' r.json
  short -n 2 -c 100 --skip-failed --report r.json -i "$bam" -o out.bam -- cat
  assert_status 0
  assert_same_sam "$bam" out.bam
  jq -e '.status == 0' r.json
  seq 1000 >in.txt
  short -n 2 -c 100 --skip-failed -i in.txt -- bash -c '[[ $MRF_CHUNK != 2 ]] || exit 7; cat'
  assert_status 3
  assert_output_is "$(seq 1000 | sed '201,300d')"
}

@test "--skip-failed: what fails besides is a failure" {
  seq 1000 >in.txt
  # The input is malformed behind the chunk that was left out.
  { seq 400 | sed 's/.*/@r&\nACGT\n+\nIIII/'; echo '@cut'; } >in.fq
  short -n 2 -c 100 --skip-failed -i in.fq -o out.fq -- bash -c '[[ $MRF_CHUNK != 2 ]] || exit 7; cat'
  assert_status 3
  assert_stderr_has "left out"
  [ ! -e out.fq ]
  # A job of the user's own that ends with 3, beside mrf-chunks.
  cat >w.mrf <<'END'
work: bash -c 'mrf-chunks -c 100 --skip-failed -i in.txt -- false >/dev/null; exit 3' > save:out.txt
END
  short w.mrf
  assert_status 3
  [ ! -e out.txt ]
  # mrf-chunks left chunks out, and what it wrote was not taken.
  short -n 2 -c 100 --skip-failed -i in.txt -o out.bam --output-record sam -- bash -c '[[ $MRF_CHUNK != 2 ]] || exit 7; cat'
  assert_status 3
  [ ! -e out.bam ]
}

@test "no room for the statistics: what lacks records is not published" {
  seq 1000 >in.txt
  cat >full <<'END'
[[ $MRF_CHUNK != 9 ]] || { head -c 1G /dev/zero >"$TMPDIR/fill"; exit 7; }
cat
END
  with_small_disk 400K bash -c 'TMPDIR=$PWD/disk timeout 300 mrf-run -n 1 -c 100 --pipe-size 4K --skip-failed -i in.txt -o out.txt -- bash full
    echo $? >status' 2>stderr.txt
  [ "$(cat status)" = 3 ]
  grep -Fx "mrf-run: cannot finish 'work': exit status 3" stderr.txt
  [ ! -e out.txt ]
}

@test "live workers refuse what only chunks can do" {
  seq 10 >in.txt
  for option in '--retries 1' --skip-failed; do
    for order in seq rows any; do
      # shellcheck disable=SC2086
      short --order "$order" $option -i in.txt -o out.txt -- cat
      assert_status 2
      assert_stderr_has "cannot use option '${option%% *}': it goes with --order chunk"
    done
  done
  for bad in '--retries x' '--retry-status 1' '--retries 1 --retry-status x'; do
    # shellcheck disable=SC2086
    short $bad -i in.txt -o out.txt -- cat
    assert_status 2
  done
  [ ! -e out.txt ]
}
