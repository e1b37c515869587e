#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# scripts/bench, with comparisons of the test's own.

# bats file_tags=unsanitized

load common

setup() {
  common_setup
  export XDG_CACHE_HOME=$PWD/cache
  mkdir -p p/scripts p/tests/data
  cp -r "$ROOT/scripts/bench.d" p/scripts/
  rm p/scripts/bench.d/*.toml
  cp "$ROOT/tests/data/make-bam" p/tests/data/
}

# With a clock that only stands at what the commands say that they take: spend SECONDS.
bench() {
  export CLOCK=$PWD/clock
  : >"$CLOCK"
  printf '#!/bin/sh\necho "$1" >>"$CLOCK"\n' >spend && chmod +x spend
  PATH=$PWD:$PATH run_apart timeout 300 /usr/bin/python3 -c '
import os, runpy, sys, time
def monotonic():
    with open(os.environ["CLOCK"]) as spent:
        return float(sum(map(int, spent)))
time.monotonic = monotonic
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")' p/scripts/bench.d/run.py "$@"
}

# NAME OURS THEIRS [LINE...]
comparison() {
  printf "[[compare]]\nname = '%s'\nwork = '%s of {object}'\nagainst = 'it'\nours = '%s'\ntheirs = '%s'\n" \
    "$1" "$1" "$2" "$3"
  printf '%s\n' "same = 'cat out'" "${@:4}"
}

@test "bench: the table, the same as JSON, and a chart" {
  {
    comparison quicker 'spend 1; cat "$DATA/in" >out' 'spend 3; cat "$DATA/in" >out' 'target = 1.0' 'data = ["in"]'
    comparison slower 'spend 3; echo 1 >out' 'spend 1; echo 1 >out' 'target = 1.0'
    echo "[data.'in']"
    echo "make = 'echo \"\$RECORDS \$OBJECT\" >in'"
  } >p/scripts/bench.d/own.toml
  bench --quick --json table.json --svg chart.svg
  assert_status 0
  grep -qE '^quicker +quicker of 128 MiB +[0-9.]+ +[0-9.]+ +0\.[0-9]+ +1\.00 ' <<<"$output"
  [[ $output == *"2 comparisons, 1 missed a target: slower"* ]]
  [ "$(cat cache/mrf-tools/bench-200000-*/in)" = "200000 134217728" ]
  jq -e '.pairs == 2 and ([.comparisons[] | select(.same_result) | .name] == ["quicker", "slower"])
    and .comparisons[0].missed == [] and .comparisons[1].missed == ["slow"]
    and (.comparisons[0] | .ours_s[1] < .theirs_s[1] and .peak_mib > 0.1)' table.json
  grep -q '>quicker of 128 MiB<' chart.svg
  [[ $(grep -o '>[0-9.]* s<' chart.svg | xargs) == '>1.00 s< >3.00 s< >3.00 s< >1.00 s<' ]]
  bench --pairs 1 --list slower quicker
  [[ $(cut -d ' ' -f 1 <<<"$output" | xargs) == 'slower quicker' ]]
  bench --pairs 1 --assert slower
  assert_status 1
  bench --pairs 1 --assert quicker
  assert_status 0
}

@test "bench: what differs, fails or is missing is named, and the status is 1" {
  {
    comparison differs 'spend 1; echo 1 >out' 'spend 1; echo 2 >out' 'target = 9.0'
    comparison fails 'exit 3' 'spend 1; echo 1 >out' 'target = 9.0'
    comparison unlike 'spend 1; echo 1 >out' 'spend 1; echo 1 >out' 'target = 9.0' 'proof = ["echo 1", "echo 2"]'
    comparison lacks 'spend 1; echo 1 >out' 'spend 1; echo 1 >out' 'target = 9.0' 'peers = ["no-such-peer", "cat"]'
  } >p/scripts/bench.d/own.toml
  bench --pairs 1 differs
  assert_status 1
  [[ $output == *"RESULTS DIFFER"* ]]
  bench --pairs 1 unlike
  assert_status 1
  [[ $output == *"RESULTS DIFFER"* ]]
  bench --pairs 1 fails
  assert_status 1
  [[ $output == *"FAILED: status 3: exit 3"* ]]
  bench --pairs 1 --json table.json lacks
  assert_status 1
  [ "$(jq -c .not_run table.json)" = '{"lacks":"cannot run: no no-such-peer"}' ]
  [[ $output == *"lacks "*"cannot run: no no-such-peer"$'\n'* ]]
  bench --pairs 1 none
  assert_status 1
  assert_stderr_is "bench: cannot find such a comparison; try 'scripts/bench --list'"
}

@test "bench --before: the same command with the programs of another folder" {
  mkdir before
  printf '#!/bin/sh\nspend 3\necho 1\n' >before/filter
  mkdir -p p/build/bin
  printf '#!/bin/sh\nspend 1\necho 1\n' >p/build/bin/filter
  printf '#!/bin/sh\nspend 3\nhead -c 50000000 /dev/zero | sort -z >/dev/null\necho 2\n' >p/build/bin/other
  printf '#!/bin/sh\nspend 1\necho 1\n' >before/other
  chmod +x before/* p/build/bin/*
  {
    comparison quicker 'filter >out' 'exit 3' 'target = 9.0'
    comparison larger 'other >out' 'exit 3' 'target = 9.0'
  } >p/scripts/bench.d/own.toml
  bench --pairs 1 --before before quicker --json table.json
  assert_status 0
  [[ $output == *"1 comparisons, 0 missed a target"* ]]
  jq -e '.comparisons[0] | .ratio < 1 and .target == 1.03 and .missed == [] and .peak_before_mib > 0.1' table.json
  bench --pairs 1 --before before larger --json table.json
  assert_status 1
  jq -e '.comparisons[0] | .missed == ["slower", "more memory"] and (.same_result | not)' table.json
}

# A project with a small BAM, and the place of the table in its README.
pays_project() {
  {
    echo "[data.'big.bam']"
    echo "make = '\"\$MAKE_BAM\" --records 300 -o big.bam'"
    echo "[data.'big.sam']"
    echo "make = 'samtools view -h --no-PG -o big.sam \"\$DATA/big.bam\"'"
  } >p/scripts/bench.d/own.toml
  printf '%s\n' above '<!-- begin of the table of scripts/bench pays -->' old \
    '<!-- end of the table of scripts/bench pays -->' below >p/README.md
}

pays() { run_apart timeout 300 /usr/bin/python3 p/scripts/bench.d/pays.py --pairs 1 "$@"; }

@test "bench pays: the table of all filters, which --write puts into README.md" {
  pays_project
  pays --write --json table.json
  assert_status 0
  assert_stderr_has "making big.bam"
  [ "$(sed '1,3d; /^$/d; /^|/d; $d' p/README.md)" = '<!-- end of the table of scripts/bench pays -->' ]
  [ "$(sed -n '1p; $p' p/README.md)" = $'above\nbelow' ]
  [ "$(sed '1,2d' p/README.md | head -n -2)" = "$output" ]
  [ "$(grep -c '^| [`P]' p/README.md)" = 6 ]
  [ "$(grep -c '^| pysam, ' p/README.md)" = 2 ]
  [ "$(grep '^|' p/README.md | tr -dc '|\n' | sort -u)" = '|||||||||||||' ]
  jq -e '[.rows[] | [.filter, .level]] == [["cat", 1], ["cat", 6], ["mapped", 1], ["mapped", 6], ["length", 1],
    ["length", 6], ["errors", 1], ["errors", 6]] and all(.rows[]; .wrong == {} and (.seconds | length) == 8
    and all(.seconds[]; length == 1 and .[0] > 0))' table.json
}

@test "bench pays: what differs or fails is named, the status is 1 and README.md stays" {
  pays_project
  mkdir -p p/build/bin
  printf '#!/bin/sh\n[ "$2" != 4 ] && cp "$DATA/big.bam" out.bam\n' >p/build/bin/mrf-run && chmod +x p/build/bin/mrf-run
  cp p/README.md before
  pays mapped
  assert_status 1
  [ "$(grep -c '^| Python, .*| differs | differs | failed |' <<<"$output")" = 2 ]
  assert_stderr_has 'bench: the result differs from that of the pipe: mrf-run -n 2 -l 1'
  assert_stderr_has 'bench: status 1: mrf-run -n 4 -l 1'
  pays --write
  assert_status 1
  cmp p/README.md before
}

@test "bench pays: what cannot be asked for is refused before anything runs" {
  local there
  pays_project
  there=$(find p | sort)
  pays spam
  assert_status 2
  assert_stderr_has "cannot find the filter 'spam'; the filters are cat, mapped, length, errors"
  pays --write cat
  assert_status 2
  assert_stderr_has 'cannot write a part of the table'
  pays --pairs 0 cat
  assert_status 2
  echo 'no place for the table' >p/README.md
  pays --write
  assert_status 1
  assert_stderr_has 'the lines around the table are missing'
  [ "$(find p | sort)" = "$there" ]
}
