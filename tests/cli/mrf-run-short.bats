#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-run's short form over lines; the other kinds of input are in mrf-run-forms.bats.

load common

@test "the short form over lines: rows, seq with a filter that drops, any" {
  seq 10000 >in.txt
  run_apart mrf-run -n 4 -c 7 --order rows -i in.txt -o rows.txt -- sed 's/^/x/'
  assert_status 0
  cmp rows.txt <(sed 's/^/x/' in.txt)
  run_apart mrf-run -n 4 -c 7 --order seq -i in.txt -o seq.txt -- grep -v 3
  assert_status 0
  cmp seq.txt <(awk '{ n = NR - 1; if ((n "\t" $0) !~ /3/) print }' in.txt)
  run_apart mrf-run -n 4 -c 7 --order any -i in.txt -o - -- grep 3
  assert_status 0
  cmp <(sort <<<"$output") <(grep 3 in.txt | sort)
  assert_files in.txt rows.txt seq.txt
  assert_nothing_left
}

@test "a filter of several lines" {
  seq 10 >in.txt
  run_apart mrf-run -n 2 --order any -c 5 -i in.txt -- awk '{
    print "x" $1  # it is
  }'
  assert_status 0
  cmp <(sort <<<"$output") <(seq 10 | sed s/^/x/ | sort)
}

@test "a dropping filter under --order rows is noticed" {
  seq 10000 >in.txt
  run_apart mrf-run -n 4 -c 7 --order rows -i in.txt -o rows.txt -- grep -v 3
  assert_status 3
  assert_files in.txt
}

@test "standard input and output, and process substitution" {
  run_apart bash -c 'seq 1000 | mrf-run -n 3 --order rows -i - -o - -- cat'
  assert_status 0
  assert_output_is "$(seq 1000)"
  run_apart bash -c 'mrf-run -n 3 --order rows -i <(seq 1000) -- cat'
  assert_status 0
  assert_output_is "$(seq 1000)"
}

@test "options that make no sense are refused" {
  seq 10 >in.txt
  while read -r option value object; do
    run_apart mrf-run "$option" "$value" -i in.txt -o out.txt -- cat
    assert_status 2
    assert_stderr_has "mrf-run: cannot use $object: not "
  done <<'E'
-n 0 option '-n'
-n -1 option '-n'
-c 0 option '-c'
-l 10 option '-l'
--order sorted order 'sorted'
--record what record form 'what'
E
  run_apart mrf-run --order chunk --header-broadcast -i in.txt -o out.txt -- cat
  assert_status 2
  run_apart mrf-run --order rows -i in.txt -o in.txt -- cat
  assert_status 2
  assert_stderr_has "cannot write 'in.txt': it is the input"
  run_apart mrf-run --report ./in.txt -i in.txt -o out.txt -- cat
  assert_status 2
  assert_stderr_has "cannot write './in.txt': it is the input"
  for option in '-o in.txt' '--report ./in.txt -o out.txt' '--side in.txt -o out.txt' '--key column:1 --missing ./in.txt -o out.txt'; do
    # shellcheck disable=SC2086
    run_apart mrf-run $option -- cat <in.txt
    assert_status 2
    assert_stderr_has "in.txt': it is the input"
  done
  assert_files in.txt
}

@test "as a user without privileges, with many FIFOs" {
  seq 20000 >in.txt
  run_apart as_user mrf-run -n 64 -c 10 --order rows -i in.txt -o out.txt -- cat
  assert_status 0
  cmp in.txt out.txt
}
