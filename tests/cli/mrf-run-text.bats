#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The words of mrf-workflow(5), what is refused, and what mrf-run(1) prints and reports.

load common
load run

@test "words: spaces, quotes, braces, dollars and other alphabets" {
  printf '#!/bin/sh\nprintf "[%%s]" "$@"\n' >show && chmod +x show
  workflow -D v='$x {a} "q" '\''' <<'E'
a: ./show $v "$v" 'a b' {c} $ "é ü" '' \$v a#b # comment
E
  assert_status 0
  assert_output_is '[$x {a} "q" '\''][$x {a} "q" '\''][a b][{c}][$][é ü][][$v][a#b]'
}

@test "a carriage return and a NUL: kept in quotes, dropped at the end of a line, refused" {
  printf 'a: printf "[%%s]" b\\ \r\n' >w.mrf
  run_apart mrf-run w.mrf
  assert_status 0
  assert_output_is '[b ]'
  echo 1 >one.txt
  mrf-run -i one.txt -- bash -c $'printf "x\r\ny"' >said
  cmp said <(printf 'x\r\ny\n')
  printf 'a: echo x\0y\n' >w.mrf
  run_apart mrf-run w.mrf
  assert_status 2
  assert_stderr_is "mrf-run: w.mrf:1: there is a NUL byte in it"
}

@test "save: behind the first = is a result, also behind a variable or a quote" {
  echo data >in.txt
  workflow <<<$'v = f\na: dd status=none if=in.txt o$v=save:saved\nb: dd status=none if=in.txt \'of\'=save:"other one"'
  assert_status 0
  assert_files w.mrf in.txt saved 'other one'
}

@test "a workflow that is wrong is refused with its line before anything starts" {
  workflow <<<$'a: touch started\nb: cat in:nothing'
  assert_status 2
  assert_stderr_is "mrf-run: w.mrf:2: FIFO 'nothing' has no writer; another job has to name out:nothing"
  assert_files w.mrf
}

@test "an unreadable workflow, and none at all" {
  run_apart mrf-run missing.mrf
  assert_status 1
  assert_stderr_is "mrf-run: cannot open 'missing.mrf': No such file or directory"
  run_apart mrf-run .
  assert_status 1
  assert_stderr_is "mrf-run: cannot open '.': Is a directory"
  run_apart mrf-run
  assert_status 2
  run_apart mrf-run - </dev/null
  assert_status 2
  assert_stderr_is "mrf-run: standard input:1: there is no job in it: write 'NAME: COMMAND' for each"
}

@test "the report tells who failed, what every job did and what went through the FIFOs" {
  seq 10000 >in.txt
  run_apart mrf-run --report report.json -n 2 --order rows -i in.txt -o out.txt -- cat
  assert_status 0
  jq -e '.status == 0 and .failed == null and .results == ["out.txt"]' report.json
  jq -e '[.jobs[] | select(.name == "work") | .records_in] == [5000, 5000]' report.json
  jq -e '[.fifos[] | select(.name == "done[1]") | .records] == [5000]' report.json
  jq -e '.jobs | all(has("command") and has("wall_s") and has("user_s") and has("max_rss_bytes"))' report.json
  jq -e '.jobs | all(.status == 0)' report.json
  workflow --report report.json <<<"a: bash -c 'echo one >&2; echo two >&2; exit 4'"
  assert_status 4
  jq -e '.status == 4 and .failed == "a" and .results == [] and .jobs[0].stderr == ["one", "two"]' report.json
}

@test "no message and no report shows the password or the signature of a URL" {
  secret='http://u:PASSW@127.0.0.1:1/x?X-Amz-Signature=SIGN'
  shown='http://127.0.0.1:1/x?X-Amz-Signature=...'
  echo >in.fq && echo 'a: true' >w.mrf
  # STATUS TEXT OPTION...
  shows() {
    run_apart mrf-run "${@:3}"
    assert_status "$1"
    assert_stderr_has "$2"
    [[ $stderr != *PASSW* && $stderr != *SIGN* ]]
  }
  shows 2 "cannot read '$shown': two inputs" -i in.fq -i "$secret" -- cat
  shows 1 "cannot open '$shown': it is a URL" "$secret"
  shows 1 "'$shown': there is no directory" -i in.fq -o "$secret" -- cat
  shows 1 "'http://h/x?sig=...': there is no directory 'http://h'" -i in.fq -o "http://u:PASSW @h/x?sig='SIGN'" -- cat
  shows 2 "cannot use option '-D a b=$shown': not NAME=VALUE" -D "a b=$secret" w.mrf
  shows 2 "cannot use argument '$shown': one too many" -i in.fq "$secret" -- cat
  echo "a: '$secret'" >w.mrf
  run_apart bash -c 'mrf-run w.mrf; echo "$?"'
  assert_output_is 127
  assert_stderr "mrf-run: cannot execute '$shown': No such file or directory"
  echo "a: cat < '$secret'" >w.mrf
  shows 1 "cannot open '$shown': No such file" w.mrf
  echo "a: bash -c 'echo \"\$1\" >&2' 'get \"$secret\"' $secret" >w.mrf
  run_apart mrf-run --report report.json w.mrf
  assert_status 0
  run ! grep -E 'PASSW|SIGN' report.json
  jq -e --arg shown "$shown" '.jobs[0] | .command[3:] == ["get \"\($shown)\"", $shown] and .stderr == [$shown]' report.json
}

@test "-v shows the table, and the job's name before its messages" {
  workflow -v <<<"a: bash -c 'echo message >&2'"
  assert_status 0
  assert_stderr "a: message"
  assert_stderr_has "RECORDS IN"
}

@test "--print shows a workflow that does the same, --dry-run starts nothing, --keep-dir keeps the FIFOs" {
  seq 100 >in.txt
  run_apart mrf-run -n 2 --order rows -i in.txt -o out.txt --print -- sed "s/\$/ 'x'/"
  assert_status 0
  printf '%s\n' "$output" >short.mrf
  run_apart mrf-run --dry-run short.mrf
  assert_status 0
  assert_files in.txt short.mrf
  run_apart mrf-run --keep-dir short.mrf
  assert_status 0
  cmp out.txt <(sed "s/\$/ 'x'/" in.txt)
  [ "$(find "$TMPDIR" -type p -path '*/in/*' | wc -l)" = 5 ]
}
