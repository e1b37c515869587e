#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a filter leaves beside its output: return values (MRF_RESULT) and side tables (MRF_SIDE).

load common
load run

short() { run_apart timeout -k 5 300 mrf-run -n 3 "$@"; }

values() { jq -c '[.jobs[] | select(.name == "work") | .result]' report; }

@test "pass_through returns its count, in Python, awk and bash" {
  seq 1000 >in.txt
  for filter in py awk sh; do
    for order in seq rows any; do
      short --report report --order $order -c 10 -i in.txt -o out.txt -- "$ROOT/tests/examples/pass_through.$filter"
      assert_status 0
      [ "$(values)" = '[{"records":340},{"records":330},{"records":330}]' ]
      cmp <(sort in.txt) <(sort out.txt)
    done
    short -v --report report -c 300 -i in.txt -o out.txt -- "$ROOT/tests/examples/pass_through.$filter"
    assert_status 0
    cmp in.txt out.txt
    [ "$(values)" = '[[{"records":300},{"records":300},{"records":300},{"records":100}]]' ]
    assert_stderr_has '[{"records":300},{"records":300},{"records":300},{"records":100}]'
  done
}

@test "with a side table the counts and the row for MultiQC are those of the output" {
  seq 100 >in.txt
  for order in chunk any; do
    short --report report --order $order --side side -i in.txt -o out.txt -- \
      bash -c 'cat; seq 7 >"$MRF_SIDE"'
    assert_status 0
    mrf-report -f multiqc report | jq -e '.data | .out.records_out == 100 and .out.records_in == 100'
    run_apart timeout -k 5 300 mrf-run -n 3 --report to_pipe --order $order --side side -i in.txt -- \
      bash -c 'cat; seq 7 >"$MRF_SIDE"'
    mrf-report -f multiqc to_pipe | jq -e '.data | .["short form"].records_out == 100 and .["short form"].records_in == 100'
    jq -e '.results[0] == "out.txt" and all(.jobs[] | select(.name == "work").records_out; . != 7)' report
  done
}

@test "a return value is JSON or else a text, and any job of a workflow may have one" {
  workflow --report report <<'END'
a: sh -c 'echo plain text > "$MRF_RESULT"'
b: sh -c 'echo "{\"a\": [1, null]}" > "$MRF_RESULT"'
c: true
d: sh -c 'printf "[1,2" > "$MRF_RESULT"'
e: sh -c '{ yes [ | head -n 20000; yes ] | head -n 20000; } | tr -d "\n" > "$MRF_RESULT"'
END
  assert_status 0
  [ "$(jq -c '[.jobs[0:4][].result]' report)" = '["plain text",{"a":[1,null]},null,"[1,2"]' ]
  [ "$(jq '.jobs[4].result | length' report)" = 40000 ]
  assert_nothing_left
}

@test "a return value that would lose something as JSON in the report is a text" {
  workflow --report report <<'END'
a: sh -c 'echo 123456789012345678901234567890 > "$MRF_RESULT"'
b: sh -c 'echo "{\"n\": [-98765432109876543210]}" > "$MRF_RESULT"'
c: sh -c 'echo "{\"a\": 1, \"b\": {\"a\": 2}, \"a\": 3}" > "$MRF_RESULT"'
d: sh -c 'echo "[18446744073709551615, -9223372036854775808, 0.25, 1e3, {\"a\": {\"a\": 1}}]" > "$MRF_RESULT"'
END
  assert_status 0
  [ "$(jq -c '[.jobs[0:3][].result]' report)" = \
    '["123456789012345678901234567890","{\"n\": [-98765432109876543210]}","{\"a\": 1, \"b\": {\"a\": 2}, \"a\": 3}"]' ]
  grep -q '18446744073709551615' report
  grep -q -e '-9223372036854775808' report
  [ "$(jq -c '.jobs[3].result[2:] | map((numbers + 0) // . | tostring)' report)" = '["0.25","1000","{\"a\":{\"a\":1}}"]' ]
  seq 4 >in.txt
  short -c 2 --report report -i in.txt -o out.txt -- sh -c 'cat; echo 12345678901234567890123 >"$MRF_RESULT"'
  [ "$(values)" = '[["12345678901234567890123","12345678901234567890123"]]' ]
}

@test "a filter may open its side table again to append to it, in every order" {
  seq 30 >in.txt
  for order in chunk seq rows any; do
    # shellcheck disable=SC2016
    short --order $order -c 10 --side side.txt -i in.txt -o out.txt -- \
      bash -c 'echo begin >>"$MRF_SIDE"; cat; echo end >>"$MRF_SIDE"'
    assert_status 0
    cmp side.txt <(for _ in 1 2 3; do printf 'begin\nend\n'; done)
  done
}

@test "a side table has what a process writes that a filter left behind, in every order" {
  seq 100 >in.txt
  # The process opens its side table when its parent has ended and was waited for, and may have nothing else open.
  # shellcheck disable=SC2016 # $$ is the filter
  late='cat; { while [ -e /proc/$$ ]; do sleep 0.01; done; sleep 0.1; echo late >"$MRF_SIDE"; }'
  for order in chunk seq rows any; do
    for redirected in '' '>/dev/null 2>&1'; do
      run_apart timeout -k 5 300 mrf-run -n 2 --order $order -c 50 -i in.txt --side side.txt -o out.txt -- \
        bash -c "$late $redirected &"
      assert_status 0
      sort -n out.txt | cmp - in.txt
      [ "$(cat side.txt)" = $'late\nlate' ]
    done
  done
  # One that does not know the path is ended with the run.
  for order in chunk any; do
    # shellcheck disable=SC2016
    run_apart timeout -k 5 300 mrf-run -n 2 --order $order -c 50 -i in.txt --side side.txt -o out.txt -- \
      bash -c 'env -u MRF_SIDE tail -f /dev/null >/dev/null 2>&1 & cat; until grep -q "^tail" /proc/$!/comm; do sleep 0.01; done'
    assert_status 0
    assert_nothing_left
  done
}

@test "a return value that is too large, a directory, a FIFO or a link is left out with a message" {
  seq 10 >in.txt
  for order in any chunk; do
    for make in 'head -c 104857600 /dev/zero >"$MRF_RESULT"' 'rm -f "$MRF_RESULT"; mkdir "$MRF_RESULT"' \
      'rm -f "$MRF_RESULT"; mkfifo "$MRF_RESULT"' 'ln -sf /etc/passwd "$MRF_RESULT"'; do
      short --order $order --report report -i in.txt -o out.txt -- bash -c "cat; $make"
      assert_status 0
      cmp in.txt out.txt
      [[ $order == chunk ]] || [ "$(values)" = '[null,null,null]' ]
      [[ $order == any ]] || [ "$(values)" = '[null]' ]
      assert_stderr_has "cannot read 'return value of "
      assert_nothing_left
    done
  done
}

@test "a side table has each worker's part, or each chunk's, in order, with the result or not at all" {
  seq 1000 >in.txt
  filter='cat; printf "%s first\n" "${MRF_CHUNK-$MRF_WORKER}" >"$MRF_SIDE"; printf "%s last" "${MRF_CHUNK-$MRF_WORKER}" >>"$MRF_SIDE"'
  for order in seq rows any; do
    short --order $order --side side.tsv -i in.txt -o out.txt -- bash -c "$filter"
    assert_status 0
    [ "$(cat side.tsv)" = "$(for at in 0 1 2; do printf '%s first\n%s last\n' "$at" "$at"; done)" ]
  done
  # The first chunk's filter ends after the second one's.
  late='if ((MRF_CHUNK == 0)); then until [[ -e late ]]; do sleep 0.01; done; fi; ((MRF_CHUNK != 1)) || echo >late'
  short -c 100 --side side.tsv.gz -i in.txt -o out.txt -- bash -c "$late; $filter"
  assert_status 0
  cmp in.txt out.txt
  [ "$(zcat side.tsv.gz)" = "$(for at in {0..9}; do printf '%s first\n%s last\n' "$at" "$at"; done)" ]
  rm -f side.tsv* out.txt
  for order in chunk seq any; do
    short --order $order -c 100 --side side.tsv -i in.txt -o out.txt -- bash -c "$filter; exit \$((MRF_WORKER == 1 ? 6 : 0))"
    assert_status 6
    [ ! -e side.tsv ]
    [ ! -e out.txt ]
    assert_nothing_left
  done
  short --order any --side side.tsv -i in.txt -o out.txt --combine sort -m -- bash -c "sort; echo \$MRF_WORKER >\$MRF_SIDE"
  assert_status 0
  [ "$(cat side.tsv)" = $'0\n1\n2' ]
}

@test "a filter that is started again leaves its side table and its return value once" {
  seq 500 >in.txt
  mkdir tried
  short -c 100 --retries 2 --report report --side side.tsv -i in.txt -o out.txt -- bash -c \
    'cat; echo "$MRF_CHUNK" >>"$MRF_SIDE"; echo "$MRF_CHUNK" >>"$MRF_RESULT"; mkdir "tried/$MRF_CHUNK" || exit 0; kill -KILL $$'
  assert_status 0
  cmp in.txt out.txt
  [ "$(cat side.tsv)" = "$(seq 0 4)" ]
  [ "$(values)" = '[[0,1,2,3,4]]' ]
  short -c 100 --skip-failed --report report --side side.tsv -i in.txt -o out.txt -- bash -c \
    'cat; echo "$MRF_CHUNK" >>"$MRF_SIDE"; echo "$MRF_CHUNK" >>"$MRF_RESULT"; exit $((MRF_CHUNK == 2))'
  assert_status 3
  [ "$(cat side.tsv)" = $'0\n1\n3\n4' ]
  [ "$(values)" = '[[0,1,null,3,4]]' ]
}

@test "mrf-chunks alone: --side in the order of the chunks; nothing is left after a signal" {
  seq 1000 >in.txt
  run_apart mrf-chunks -n 3 -c 100 --side side.tsv -i in.txt -- bash -c 'echo "$MRF_CHUNK" >"$MRF_SIDE"'
  assert_status 0
  [ "$(cat side.tsv)" = "$(seq 0 9)" ]
  assert_nothing_left
  for signal in TERM INT HUP; do
    mkfifo ready
    env --default-signal mrf-chunks -n 3 -c 100 --side side2.tsv -i in.txt -- bash -c 'echo >ready; exec sleep 1000' 3>&- &
    read -r <ready
    kill -$signal $!
    wait $! && false
    rm ready
    wait_until assert_nothing_left 2>/dev/null
    [ ! -e side2.tsv ]
  done
}

@test "mrf-chunks alone: what a filter puts in place of its file is an error, and is not left there" {
  seq 1000 >in.txt
  for make in 'mkdir "$MRF_SIDE"; touch "$MRF_SIDE/file"' 'mkfifo "$MRF_SIDE"'; do
    run_apart timeout -k 5 300 mrf-chunks -n 3 -c 100 --side side.tsv -i in.txt -- bash -c "rm -f \"\$MRF_SIDE\"; $make"
    assert_status 1
    assert_stderr_is "mrf-chunks: cannot read 'side table of chunk 0': MRF_SIDE is no regular file any more"
    [ ! -e side.tsv ]
    wait_until assert_nothing_left 2>/dev/null
    run_apart timeout -k 5 300 mrf-chunks -n 3 -c 100 --side side.tsv -i in.txt -- bash -c "rm -f \"\$MRF_SIDE\"; $make; exit 7"
    assert_status 7
    wait_until assert_nothing_left 2>/dev/null
  done
}

@test "mrf-chunks alone: --side leaves nothing, whichever file it opens when a signal comes" {
  seq 20 >in.txt
  killed=0
  for number in $(some {1..60}); do
    run_apart strace -qq -o /dev/null -e trace=openat -e inject=openat:signal=TERM:when="$number" \
      mrf-chunks -n 2 -c 2 --side side.tsv -i in.txt -- tee /dev/null
    ((status == 0)) || killed=$((killed + 1))
    assert_nothing_left
    rm -f side.tsv
  done
  ((killed > $(sanitized 5 20)))
}

@test "variables in front of a command are its environment, in mrf-run and in the script" {
  cat >w.mrf <<'END'
n = 2
make[n]: NUMBER=[i] TO=out:made[i] LIST='a b' bash -c 'echo "$NUMBER $LIST" >"$TO"'
keep: FROM=in:all COPY=save:copy bash -c 'tee "$COPY" <"$FROM"' > save:kept
join: mrf-collect --order concat in:made[n] > out:all
END
  run_apart timeout -k 5 300 mrf-run w.mrf
  assert_status 0
  [ "$(cat kept)" = $'0 a b\n1 a b' ]
  cmp kept copy
  rm kept copy
  run_apart mrf-run --print-sh w.mrf
  assert_status 0
  echo "$output" >w.sh
  run_apart timeout -k 5 300 bash w.sh
  assert_status 0
  [ "$(cat kept)" = $'0 a b\n1 a b' ]
  cmp kept copy
  workflow <<<'a: A=1'
  assert_status 2
  assert_stderr "mrf-run: w.mrf:1: job 'a' has no command: write it behind the colon"
  workflow <<<$'n = 2\na[n]: A=x[n] true'
  assert_status 2
  assert_stderr "mrf-run: w.mrf:2: a variable of the environment has one value only"
}
