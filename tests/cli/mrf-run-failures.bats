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
  for bad in '--retries x' '--retry-status 1' '--retries 1 --retry-status x' '--retries 1 --retry-status 75,0'; do
    # shellcheck disable=SC2086
    short $bad -i in.txt -o out.txt -- cat
    assert_status 2
  done
  [ ! -e out.txt ]
}

# `again DIRECTORY` runs again.sh there, with $again as its status and again.out and again.err.
again() {
  again=0
  "$1/again.sh" >again.out 2>again.err || again=$?
}

# Says what it could not do with a record, whatever number stands in front of it or behind it.
write_failing_filter() {
  cat >fail.py <<'END'
import sys
for line in sys.stdin:
    if "r700" in line or "bad" in line:
        print("cannot take", line.rstrip(), file=sys.stderr)
        sys.exit(9)
    sys.stdout.write(line)
END
}

@test "--keep-failed, live workers: lines in every order, with the records in front of the failure" {
  write_failing_filter
  { seq 70000; echo bad; seq 70000; } >in.txt
  for order in '--order seq' '--order rows' '--order any' '--key column:1'; do
    rm -rf 'kept here'
    # shellcheck disable=SC2086
    short -n 3 $order --keep-failed 'kept here' -i in.txt -o out.txt -- /usr/bin/python3 fail.py
    assert_status 9
    kept=('kept here'/work-?)
    assert_stderr_has "cannot finish 'work[${kept##*-}]': exit status 9; '${kept[0]}/again.sh' runs it again"
    again "${kept[0]}"
    [ "$again" = 9 ]
    cmp again.err "${kept[0]}/stderr"
    grep -q bad "${kept[0]}/stderr"
    # Whole records of the worker, without a gap.
    if [[ $order == '--order rows' ]]; then
      cmp "${kept[0]}/input" <(awk -v worker="${kept##*-}" 'int((NR - 1) / 1000) % 3 == worker' in.txt | head -n "$(wc -l <"${kept[0]}/input")")
    fi
    [ ! -e out.txt ]
  done
}

@test "--keep-failed, live workers: no more is kept than the share of --buffer, and the failure is in it" {
  write_failing_filter
  { seq 3000000; echo bad; seq 1000; } >in.txt
  # Small pieces are copied, large ones are ranges of the file.
  for records in 1000 10000; do
    rm -rf kept
    short -n 2 --order any -c $records --buffer 4M --keep-failed kept -i in.txt -o out.txt -- /usr/bin/python3 fail.py
    assert_status 9
    size=$(stat -c %s kept/work-?/input)
    ((size <= 2097152 && size > 1900000))
    assert_stderr_has "/again.sh' runs it again on the last $size of "
    assert_stderr_has " bytes of its records; a larger --buffer keeps more"
    again kept/work-?
    [ "$again" = 9 ]
    cmp again.err kept/work-?/stderr
    # Whole lines, each once and in the order of the file.
    awk 'NR == FNR { kept[n++] = $0; next } $0 == kept[at + 0] { ++at } END { exit at < n }' kept/work-?/input in.txt
  done
}

@test "--keep-failed, live workers: what waits in front of a worker takes nothing of what it was given" {
  # The filter fails when far more than is kept was read for it.
  cat >fail.py <<'END'
import os, sys, time
for line in sys.stdin:
    if "bad" in line:
        while not os.path.exists("all-read"):
            time.sleep(0.01)
        print("cannot take", line.rstrip(), file=sys.stderr)
        sys.exit(9)
    sys.stdout.write(line)
END
  mkfifo in.txt
  for options in '--order any --buffer 2M' '--order seq --buffer 2M' '--order rows --buffer 2M'; do
    rm -rf kept all-read
    { seq 3000 && echo bad && seq 1000000 && touch all-read; } >in.txt &
    # shellcheck disable=SC2086
    short -n 1 $options --keep-failed kept -i in.txt -o out.txt -- /usr/bin/python3 fail.py
    wait $!
    assert_status 9
    again kept/work-0
    [ "$again" = 9 ]
    cmp again.err kept/work-0/stderr
  done
}

@test "--keep-failed, live workers: of a filter that fails before it is given a record nothing is kept, and that is said" {
  mkfifo in.txt
  exec {open}<>in.txt
  for order in seq rows any; do
    short -n 2 --order $order --keep-failed kept -i in.txt -o out.txt -- bash -c 'exit 7'
    assert_status 7
    assert_stderr_has ": exit status 7; no record that it was given is kept"
    [ -z "$(ls kept)" ]
  done
  exec {open}<&-
}

@test "--keep-failed, live workers: FASTQ, SAM with its header, BAM, in the orders that they have" {
  bam=$(small_bam 1000)
  write_failing_filter
  seq 1000 | sed 's/.*/@r&\nACGT\n+\nIIII/' >in.fq
  cat >fail-bam.py <<'END'
import pysam, sys
with pysam.AlignmentFile("-", "rb") as source, pysam.AlignmentFile("-", "wb0", template=source) as target:
    for number, record in enumerate(source):
        if record.query_name == sys.argv[1]:
            print("cannot take", record.query_name, "of", source.nreferences, file=sys.stderr)
            sys.exit(9)
        target.write(record)
END
  name=$(samtools view "$bam" | sed -n 700p | cut -f 1)
  sed -i "s/\"bad\" in line/line.startswith(\"$name\")/" fail.py
  for order in seq rows any; do
    rm -rf kept
    short -n 3 -c 50 --order "$order" --keep-failed kept -i in.fq -o out.fq -- /usr/bin/python3 fail.py
    assert_status 9
    again kept/work-?
    [ "$again" = 9 ]
    cmp again.err kept/work-?/stderr
    (($(wc -l <kept/work-?/input) % 4 == 0))
    rm -rf kept
    short -n 3 -c 50 --order "$order" --header-broadcast --keep-failed kept -i "$bam" -o out.bam -- /usr/bin/python3 fail.py
    assert_status 9
    again kept/work-?
    [ "$again" = 9 ]
    cmp again.err kept/work-?/stderr
    cmp <(samtools view --no-PG -H kept/work-?/input) <(samtools view --no-PG -H "$bam")
    rm -rf kept
    short -n 3 -c 50 --order "$order" --record bam --keep-failed kept -i "$bam" -o out.bam -- /usr/bin/python3 fail-bam.py "$name"
    assert_status 9
    samtools quickcheck -u kept/work-?/input
    again kept/work-?
    [ "$again" = 9 ]
    cmp again.err kept/work-?/stderr
  done
}

@test "--keep-failed, live workers: the environment, the words, files of save:, and records that were left unread" {
  seq 1000 >in.txt
  export ODD=$'two\nlines'
  filter='cat; printf "%s\n" "$MRF_WORKER of $MRF_WORKERS" "$ODD" "$2" >&2; echo side >"$1"; exit 4'
  short -n 2 -c 50 --order any --keep-failed kept -i in.txt -o out.txt -- \
    bash -c "$filter" name 'save:side.[i].txt' "it's"
  assert_status 4
  again kept/work-?
  [ "$again" = 4 ]
  cmp again.err kept/work-?/stderr
  [ "$(cat kept/work-?/side.?.txt)" = side ]
  # Nothing of the run that is over.
  (($(cat kept/work-?/environment | grep -c MRF_STATS_PREFIX) == 0))
  [ ! -e side.0.txt ] && [ ! -e side.1.txt ]
  seq 500000 >in.txt
  short -n 2 --order any --keep-failed unread -i in.txt -o out.txt -- head -n 3
  assert_status 1
  assert_stderr_has "before it had read everything; 'unread/work-"
  again unread/work-?
  [ "$again" = 0 ]
  [ "$(wc -l <again.out)" = 3 ]
}

@test "--keep-failed, live workers: all of their standard error, and the last 64 KiB at least of a large one" {
  seq 10 >in.txt
  short -n 1 --order any --keep-failed kept -i in.txt -o out.txt -- bash -c 'cat; seq 2000 >&2; exit 4'
  assert_status 4
  cmp kept/work-0/stderr <(seq 2000)
  short -n 1 --order any --keep-failed large -i in.txt -o out.txt -- bash -c 'cat; seq 100000 >&2; exit 4'
  assert_status 4
  size=$(stat -c %s large/work-0/stderr)
  ((size >= 65536))
  cmp large/work-0/stderr <(seq 100000 | tail -c "$size")
}

@test "--keep-failed in the long form, and what cannot be kept" {
  seq 1000 >in.txt
  mrf-run --print -n 2 -c 100 --order rows --keep-failed kept -i in.txt -o out.txt -- bash -c 'cat; exit 6' >w.mrf
  grep -F ' --keep-last 4194304 ' w.mrf
  mrf-run --print -n 2 --buffer 1G --order rows --keep-failed kept -i in.txt -o out.txt -- cat | grep -F ' --keep-last 25165824 '
  short --keep-failed kept w.mrf
  assert_status 6
  [ -x kept/work-0/again.sh ] || [ -x kept/work-1/again.sh ]
  with_small_disk 1M bash -c 'timeout 300 mrf-run --keep-failed disk/kept w.mrf 2>stderr.txt
    echo $? >status; rm -rf disk/kept; head -c 10M /dev/zero >disk/fill
    timeout 300 mrf-run --keep-failed disk w.mrf 2>full.txt; echo $? >>status; find disk -mindepth 1 >left.txt'
  [ "$(cat status)" = $'6\n6' ]
  grep -F "No space left on device" full.txt
  [ "$(cat left.txt)" = disk/fill ]
  # No room beside the FIFOs, at once or later: nothing is kept, and the result is there.
  mrf-run --print -n 2 --order rows --keep-failed kept -i in.txt -o out.txt -- cat >good.mrf
  with_small_disk 200K bash -c 'TMPDIR=$PWD/disk timeout 300 mrf-run --keep-failed kept good.mrf 2>stderr.txt; echo $? >status'
  [ "$(cat status)" = 0 ]
  grep -F "cannot keep the last records of 'out:part[" stderr.txt
  cmp in.txt out.txt
  seq 2000000 >in.txt
  with_small_disk 4M bash -c 'TMPDIR=$PWD/disk timeout 300 mrf-run --keep-failed kept good.mrf 2>stderr.txt; echo $? >status'
  [ "$(cat status)" = 0 ]
  grep -F "cannot keep the last records of 'out:part[" stderr.txt
  cmp in.txt out.txt
  touch file
  short --keep-failed file w.mrf
  assert_status 1
  assert_stderr_is "mrf-run: cannot create 'file': File exists"
}
