#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A BAM through several copies of a filter and back, and what can go wrong with that.

load common

setup() {
  common_setup
  use_records 5000
  printf '#!/bin/sh\nexec cat\n' >filter.py
  chmod +x filter.py
}

use_records() {
  records=$1
  ln -sf "$(small_bam "$records")" in.bam
}

# How many of the records each of N workers gets, C at a time, as JSON.
shares() {
  jq -nc --argjson n "$1" --argjson c "$2" --argjson all "$records" '
    [range($n) as $i | [range(0; $all; $c) | select((. / $c | floor) % $n == $i) | [$all - ., $c] | min] | add // 0]'
}

assert_reconstructed() {
  local workers=$1 chunk=$2
  assert_status 0
  assert_same_sam in.bam out.bam
  [[ $(jq -c '[.jobs[] | select(.name == "work") | .records_in]' report) == "$(shares "$workers" "$chunk")" ]]
  [[ $(jq -c '[.jobs[] | select(.name == "work") | .records_out]' report) == "$(shares "$workers" "$chunk")" ]]
  rm out.bam report
  assert_files in.bam filter.py job.mrf
  assert_nothing_left
}

# Under the sanitizers with 16 workers for 64.
grid() {
  local workers chunk
  for workers in 4 $(sanitized 16 64); do
    for chunk in 1 1000; do
      "$@" "$workers" "$chunk" || {
        echo "with $workers workers and chunks of $chunk" >&2
        return 1
      }
    done
  done
}

by_workflow() {
  run_apart mrf-run --report report -D in=in.bam -D out=out.bam -D "n=$1" -D "c=$2" job.mrf
  assert_reconstructed "$@"
}

@test "the workflow of the manual, word for word" {
  cp "$ROOT/tests/examples/reconstruct.mrf" job.mrf
  run_apart mrf-run --report report -D in=in.bam -D out=out.bam job.mrf
  assert_stderr_is ''
  assert_reconstructed 4 1000
}

@test "a workflow with the header on a FIFO of its own: 4 and 64 workers, chunks of 1 and 1000" {
  sed 's/--sam/--sam -c $c/; s/mrf-collect/mrf-collect -c $c/' "$ROOT/tests/examples/reconstruct.mrf" >job.mrf
  grid by_workflow
}

@test "a workflow with the header broadcast: 4 and 64 workers, chunks of 1 and 1000" {
  cat >job.mrf <<'END'
read:     mrf-bamread $in > out:sam
split:    mrf-distribute --sam --header-broadcast -c $c -i in:sam out:part[n]
work[n]:  ./filter.py < in:part[i] > out:done[i]
join:     mrf-collect --sam -c $c in:done[n] > out:all
write:    mrf-bamwrite -o save:$out in:all
END
  grid by_workflow
}

# Each chunk is a process.
by_short_form() {
  use_records $(($2 == 1 ? 500 : 5000))
  run_apart mrf-run --report report -n "$1" -c "$2" -i in.bam -o out.bam "${options[@]}" -- ./filter.py
  : >job.mrf
  assert_reconstructed "$@"
}

@test "the short form: 4 and 64 workers, chunks of 1 and 1000" {
  options=() && grid by_short_form
}
@test "the short form, the header broadcast" {
  options=(--header-broadcast) && grid by_short_form
}
@test "the short form, a record for each" {
  options=(--order rows) && grid by_short_form
}

@test "a filter that drops records leaves the others in order" {
  run_apart mrf-run -n 4 -c 10 -i in.bam -o out.bam -- awk '/\tCB:Z:[AC]/'
  assert_status 0
  cmp <(sam_text in.bam | awk '/^@/ || /\tCB:Z:[AC]/') <(sam_text out.bam)
}

@test "a filter that doubles records keeps the doubles together" {
  run_apart mrf-run -n 3 -c 7 -i in.bam -o out.bam -- sed p
  assert_status 0
  cmp <(sam_text in.bam | sed '/^@/!p') <(sam_text out.bam)
}

@test "a filter that keeps nothing leaves the header" {
  run_apart mrf-run -n 4 -i in.bam -o out.bam -- sed d
  assert_status 0
  cmp <(samtools view --no-PG -H in.bam) <(sam_text out.bam)
}

@test "any order: the same records" {
  run_apart mrf-run -n 4 -c 10 --order any -i in.bam -o out.bam -- cat
  assert_status 0
  cmp <(sam_text in.bam | as_unsorted | sort) <(sam_text out.bam | sort)
}

@test "SAM and CRAM, in and out" {
  samtools view --no-PG -h -o in.sam in.bam
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram in.bam
  for input in in.sam in.cram; do
    run_apart mrf-run -n 2 -i "$input" -o out.bam -- cat
    assert_status 0
    assert_same_sam "$input" out.bam
  done
  run_apart mrf-run -n 2 -i in.bam -o out.sam -- cat
  assert_status 0
  cmp <(sam_text in.bam) out.sam
}

@test "the files of the test suites of htslib and samtools that samtools itself brings back" {
  mapfile -t files < <(find /usr/share/htslib-test/test /usr/share/samtools/test -name '*.bam' -size -2000k | sort)
  ((${#files[@]} >= 10))
  tried=0
  for file in $(some "${files[@]}"); do
    samtools quickcheck -u "$file" 2>/dev/null && sam_text "$file" >expected 2>/dev/null &&
      samtools view -b -o /dev/null expected 2>/dev/null || continue
    run_apart mrf-run -n 3 -c 1 -i "$file" -o out.bam -- cat
    [[ $status == 0 ]] || show_result "$file"
    cmp expected <(sam_text out.bam) || { echo "$file" >&2 && false; }
    tried=$((tried + 1))
  done
  ((tried >= $(sanitized 3 10)))
}

@test "paths with spaces and quotes" {
  mkdir "a directory" "it's" && cp in.bam "a directory/in put.bam"
  run_apart mrf-run -n 2 -i "a directory/in put.bam" -o "it's/out \$put.bam" -- sh -c 'cat "$0"' -
  assert_status 0
  assert_same_sam in.bam "it's/out \$put.bam"
}

# Fails with STATUS and, if given, this LINE on stderr; and an earlier result stays, and nothing else.
assert_failed() {
  assert_status "$1"
  [[ -z ${2-} ]] || assert_stderr "$2"
  [[ ! -e out.bam || $(<out.bam) == "an earlier result" ]]
  [[ -z $(find . -name '.mrf-run*') ]]
  assert_nothing_left
}

@test "a worker that fails: its status, at once, and an earlier result stays" {
  printf '#!/bin/sh\nhead -n 10\n[ "$1" != 2 ] || exit 7\nexec sleep 1000\n' >filter.py
  sed 's/filter.py/filter.py [i]/' "$ROOT/tests/examples/reconstruct.mrf" >job.mrf
  for earlier in false true; do
    if $earlier; then echo "an earlier result" >out.bam; fi
    run_apart timeout -k 5 300 mrf-run --kill-after 1000 -D in=in.bam -D out=out.bam job.mrf
    assert_failed 7 "mrf-run: cannot finish 'work[2]': exit status 7"
  done
}

@test "a worker that fails at its very end" {
  run_apart mrf-run -n 4 -i in.bam -o out.bam -- sh -c 'cat; exit 3'
  assert_failed 3
  assert_files in.bam filter.py
}

@test "a worker that dies of a signal is 128+N" {
  for signal in KILL TERM SEGV; do
    run_apart mrf-run -n 4 -i in.bam -o out.bam -- sh -c "head -n 5; kill -$signal \$\$"
    number=$(kill -l $signal)
    assert_failed $((128 + number))
    assert_stderr_has "signal $number"
  done
}

@test "a filter that does not exist is 127" {
  run -127 --separate-stderr mrf-run -n 4 -i in.bam -o out.bam -- ./no-such-filter
  assert_failed 127 "mrf-chunks: cannot execute './no-such-filter': No such file or directory"
}

@test "a filter that is not executable is 126" {
  run_apart mrf-run -n 4 -i in.bam -o out.bam -- ./in.bam
  assert_failed 126 "mrf-chunks: cannot execute './in.bam': Permission denied"
}

# INPUT STATUS MESSAGE
refused_input() {
  echo "an earlier result" >out.bam
  run_apart mrf-run -n 4 -i "$1" -o out.bam -- cat
  assert_failed "$2" "$3"
  assert_stderr "mrf-run: cannot finish 'read': exit status $2"
}

@test "no such input" { refused_input no.bam 1 "mrf-bamread: cannot open 'no.bam': No such file or directory"; }
@test "a directory as input" {
  mkdir directory.bam
  refused_input directory.bam 1 "mrf-bamread: cannot open 'directory.bam': Is a directory"
}
@test "an empty input" {
  : >empty.bam
  refused_input empty.bam 3 "mrf-bamread: cannot read 'empty.bam': the input is empty"
}
@test "a text file as BAM" {
  echo "dear reader" >text.bam
  refused_input text.bam 3 "mrf-bamread: cannot read 'text.bam': this is neither BAM nor CRAM nor SAM"
}
@test "a truncated input" {
  head -c 200000 in.bam >cut.bam
  refused_input cut.bam 3 "mrf-bamread: cannot read 'cut.bam': truncated: the last BGZF block is not whole"
}
@test "an input without its end-of-file block" {
  head -c -28 in.bam >cut.bam
  refused_input cut.bam 3
  assert_stderr_has "cannot read 'cut.bam': truncated"
}
@test "an unreadable input" {
  cp in.bam secret.bam
  run_apart as_user sh -c 'chmod 0 secret.bam; exec mrf-run -n 2 -i secret.bam -o out.bam -- cat'
  assert_failed 1 "mrf-bamread: cannot open 'secret.bam': Permission denied"
}

@test "an output in a directory that is not there" {
  run_apart mrf-run -n 4 -i in.bam -o no/out.bam -- cat
  assert_failed 1
  assert_stderr_has "cannot write 'no/out.bam': there is no directory 'no'"
}
@test "an output in a directory that is not to be written" {
  mkdir locked && chmod 555 locked
  run_apart as_user sh -c 'chmod 555 locked; exec mrf-run -n 2 -i in.bam -o locked/out.bam -- cat'
  assert_failed 1
  assert_stderr_has "'locked/out.bam': Permission denied"
}
@test "a directory as output" {
  mkdir directory.bam
  run_apart mrf-run -n 4 -i in.bam -o directory.bam -- cat
  assert_failed 1 "mrf-run: cannot open 'directory.bam': Is a directory"
}
@test "a full disk" {
  run_apart with_small_disk 128K sh -c 'mrf-run -n 4 -i in.bam -o disk/out.bam -- cat; echo $?; ls -A disk'
  assert_output_is 1
  assert_stderr_has "No space left on device"
  assert_nothing_left
}
