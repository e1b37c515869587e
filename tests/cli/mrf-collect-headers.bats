#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Header lines in front of the inputs of mrf-collect.

load common

columns=$'0\tchr1\t1\t60\t4M\t*\t0\t0\tACGT\tIIII'
record() { printf '%s\t%s\n' "$1" "$columns"; }

@test "--same-header: one header when all agree, whichever input shows it first" {
  header=$'@HD\tVN:1.6\n@CO\tx\n@CO no tab\n'
  for n in 1 2 3; do (printf '%s' "$header" && record r$n) >in.$n; done
  : >nothing
  printf '%s' "${header%$'\n'}" >header-only
  for order in rows any concat; do
    run_apart mrf-collect --sam --same-header -c 1 --ragged nothing in.1 in.2 in.3 header-only
    [[ $order == rows ]] || run_apart mrf-collect --sam --same-header --order $order nothing in.1 in.2 in.3 header-only
    assert_status 0
    [[ $output == "${header%$'\n'}"$'\n'* ]]
    cmp <((printf '%s' "$header" && record r1 && record r2 && record r3) | sort) <(sort <<<"$output")
  done
  mkfifo late
  (wait_until test -s out && cat in.1 >late) 3>&- &
  mrf-collect --sam --same-header --order any late in.2 >out
  cmp <(sort out) <((printf '%s' "$header" && record r1 && record r2) | sort)
}

@test "--header, from a file and from a pipe, and --same-header, in every order and every round" {
  printf '#h\n' >header
  printf '#h\n0\ta\n' >one
  printf '#h\n1\tb\n' >two
  for order in rows seq any concat; do
    [[ $order != seq ]] || expected=$'#h\na\nb'
    [[ $order == seq ]] || expected=$'#h\n0\ta\n1\tb'
    [ "$(timeout 300 mrf-collect --order $order -c 1 --header-prefix '#' one two)" = "$expected" ]
    [ "$(timeout 300 mrf-collect --order $order -c 1 --header header --header-prefix '#' one two)" = "$expected" ]
    [ "$(timeout 300 mrf-collect --order $order -c 1 --header <(cat header) --header-prefix '#' one two)" = "$expected" ]
    [ "$(timeout 300 mrf-collect --order $order -c 1 --header header --header-prefix '#' --reopen 2 one two)" = \
      "$expected"$'\n'"${expected#*$'\n'}" ]
  done
}

@test "--same-header: another header, a longer one, a shorter one, none" {
  (printf '@HD\tVN:1.6\n@CO\t1\n' && record r1) >one
  (printf '@HD\tVN:1.6\n@CO\t2\n' && record r2) >other
  (printf '@HD\tVN:1.6\n@CO\t1\n@CO\t2\n' && record r2) >longer
  (printf '@HD\tVN:1.6\n' && record r2) >shorter
  record r2 >none
  while IFS='|' read -r name line shown; do
    for order in rows any concat; do
      run_apart mrf-collect --sam --same-header --order $order -o out one "$name"
      assert_status 3
      assert_stderr_is "mrf-collect: cannot collect '$name': its header is not that of 'one': they differ in line $line: $shown"
    done
    run_apart mrf-collect --sam --order concat -o out one "$name"
    assert_status 0
    cmp out <(printf '@HD\tVN:1.6\n@CO\t1\n' && record r1 && record r2)
    rm out
  done <<'END'
other|2|'@CO\t2' where that has '@CO\t1'
longer|3|'@CO\t2' where that has nothing
shorter|2|nothing where that has '@CO\t1'
none|1|nothing where that has '@HD\tVN:1.6'
END
}

@test "--same-header with BAM compares the texts too" {
  (printf '@SQ\tSN:chr1\tLN:9\n' && record r) | samtools view --no-PG -b -o 1.bam -
  (printf '@SQ\tSN:chr1\tLN:9\n@CO\tx\n' && record r) | samtools view --no-PG -b -o 2.bam -
  run_apart mrf-collect --record bam --same-header --order concat -o out 1.bam 2.bam
  assert_status 3
  assert_stderr_has "mrf-collect: cannot collect '2.bam': its header is not that of '1.bam': they differ in line 2: '@CO"
  # What samtools adds has another length in each.
  for n in 1 22; do (printf '@SQ\tSN:chr1\tLN:9\n' && record r) | samtools view -b -U x.$n.bam -o $n.bam -; done
  run_apart mrf-collect --record bam --same-header --order concat -o out 1.bam 22.bam
  assert_status 3
  assert_stderr_has "its header is not that of '1.bam': they differ in line 2: '@PG"
  assert_stderr_has "; samtools leaves the @PG line of its command out with --no-PG"
  run_apart mrf-collect --record bam --same-header --order concat -o out <(cat 1.bam) 1.bam
  assert_status 0
  [[ $(samtools view -c out) == 2 ]]
}

@test "--header-prefix and --header-lines: once, and the same in all" {
  printf '#h\n%s\n' 1 2 '#3' >a
  printf '#h\n%s\n' 4 5 >b
  for option in --header-prefix=# --header-lines=1; do
    run_apart mrf-collect $option --order concat a b
    assert_status 0
    assert_output_is $'#h\n1\n#h\n2\n#h\n#3'$'\n4\n#h\n5'
  done
  printf '#h\n1\n2\n#3\n' >a
  printf '#h\n4\n' >b
  printf '#other\n5\n' >c
  for option in --header-prefix=# --header-lines=1; do
    run_apart mrf-collect $option --order concat a b
    assert_status 0
    assert_output_is $'#h\n1\n2\n#3\n4'
    run_apart mrf-collect $option --order concat -o out a b c
    assert_status 3
    assert_stderr_is "mrf-collect: cannot collect 'c': its header is not that of 'a': they differ in line 1: '#other' where that has '#h'"
  done
  printf 'own\n' >header
  run_apart mrf-collect --header-prefix=# --header header --order concat a b c
  assert_status 0
  assert_output_is $'own\n1\n2\n#3\n4\n5'
}

@test "numbers in tags of lines that are no SAM, behind a header that is named" {
  (printf '@HD\tVN:1.6\n' && printf '@CO\tx%s\tmi:i:%s\n' 1 0 3 2) >a
  (printf '@HD\tVN:1.6\n' && printf '@CO\tx%s\tmi:i:%s\n' 2 1) >b
  run_apart mrf-collect --sam --no-header --header-lines 1 --order seq a b
  assert_status 0
  assert_output_is $'@HD\tVN:1.6\n@CO\tx1\n@CO\tx2\n@CO\tx3'
}

@test "with --sam, a read whose name begins with '@' is bad data wherever it stands" {
  record @CO >strange
  record r >r
  run_apart mrf-collect --sam -o out strange
  assert_status 3
  assert_stderr_has "@CO"
  cat r strange >behind
  run_apart mrf-collect --sam --order any -o out r behind
  assert_status 3
  assert_stderr_has "cannot read 'behind': record 2"
  run_apart mrf-collect --sam --no-header strange
  assert_status 0
  assert_output_is "$(cat strange)"
}

@test "options of headers that do not go together" {
  record r >r
  for options in '--same-header' '--sam --same-header --header r' '--sam --header-prefix #' \
    '--record bam --header-lines 1' '--header-lines 1 --header-prefix #' '--same-header --sam --no-header'; do
    # shellcheck disable=SC2086
    run_apart mrf-collect $options -o out r
    assert_status 2
  done
  assert_files r
}

@test "SAM that fails is not taken for a whole one by the next program" {
  printf '@SQ\tSN:chr1\tLN:9\n' >header
  (cat header && record r1) >one
  (cat header && record r2 && record @strange) >two
  run_apart bash -c 'mrf-collect --sam --order concat one two | mrf-bamwrite -o out.bam; echo "${PIPESTATUS[*]}"'
  assert_output_is '3 3'
  [ ! -e out.bam ]
}
