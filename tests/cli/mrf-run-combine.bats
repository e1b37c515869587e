#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --combine: the outputs of the workers as the files of one command.

load common
load bam

short() { run_apart timeout -k 5 300 mrf-run -n 4 "$@"; }

words() {
  awk 'BEGIN { srand(7); for (i = 0; i < 20000; ++i) print "w" int(rand() * 300) "\t" int(rand() * 1000) }' >words.tsv
}

@test "sort -m over copies of sort is sort" {
  words
  for header in "" "name	value"; do
    { [[ -z $header ]] || echo "$header"; cat words.tsv; } >in.tsv
    options=()
    [[ -z $header ]] || options=(--header-lines 1)
    for result in out.tsv out.tsv.gz; do
      short -c 100 "${options[@]}" -i in.tsv -o $result --combine sort -m -k1,1 -k2,2n -- sort -k1,1 -k2,2n
      assert_status 0
      cmp <({ [[ -z $header ]] || echo "$header"; sort -k1,1 -k2,2n words.tsv; }) <(zcat -f <$result)
    done
  done
  short -c 100 -i words.tsv --combine sort -m -- sort
  assert_status 0
  [ "$output" = "$(sort words.tsv)" ]
}

@test "counts of equal lines, sums by key, the largest, a histogram: as the serial pipe has them" {
  words
  cut -f 1 words.tsv >words
  short -i words -o counts --combine awk '{ n[$2] += $1 } END { for (word in n) print n[word], word }' -- \
    bash -o pipefail -c 'sort | uniq -c'
  assert_status 0
  cmp <(sort -k2 counts) <(sort words | uniq -c | awk '{ print $1, $2 }' | sort -k2)
  sum='{ sum[$1] += $2 } END { for (key in sum) print key, sum[key] }'
  # shellcheck disable=SC2016
  short -i words.tsv -o sums --combine bash -o pipefail -c 'sort -m -k1,1 "$@" | awk "
    NR > 1 && \$1 != key { print key, sum; sum = 0 } { key = \$1; sum += \$2 } END { if (NR > 0) print key, sum }"' \
    combine -- bash -o pipefail -c 'awk "$0" | sort -k1,1' "$sum"
  assert_status 0
  cmp sums <(awk "$sum" words.tsv | sort -k1,1)
  # shellcheck disable=SC2016
  short -i words.tsv -o top --combine bash -o pipefail -c 'sort -m -k2,2rn -k1,1 "$@" | awk "NR <= 10"' combine -- \
    bash -o pipefail -c 'sort -k2,2rn -k1,1 | awk "NR <= 10"'
  assert_status 0
  cmp top <(sort -k2,2rn -k1,1 words.tsv | awk 'NR <= 10')
  short -i words.tsv -o histogram --combine awk '{ n[$1] += $2 } END { for (size in n) print size, n[size] | "sort -n" }' -- \
    awk '{ ++n[length($0)] } END { for (size in n) print size, n[size] }'
  assert_status 0
  cmp histogram <(awk '{ ++n[length($0)] } END { for (size in n) print size, n[size] }' words.tsv | sort -n)
}

@test "a command that reads its files one after the other holds nobody up, whatever --buffer and TMPDIR have" {
  seq 1000000 >in.txt
  for buffer in 64K 256M; do
    short --pipe-size 4K --buffer $buffer -c 10 -i in.txt -o out.txt --combine cat -- cat
    assert_status 0
    cmp out.txt <(for copy in 0 1 2 3; do awk -v copy=$copy 'int((NR - 1) / 10) % 4 == copy' in.txt; done)
    short --pipe-size 4K --buffer $buffer -c 10 -i in.txt -o out.txt --combine bash -c 'for ((at = $#; at > 0; --at)); do cat "${!at}"; done' _ -- cat
    assert_status 0
    cmp out.txt <(for copy in 3 2 1 0; do awk -v copy=$copy 'int((NR - 1) / 10) % 4 == copy' in.txt; done)
  done
}

@test "a command that fails, or leaves something unread, publishes nothing" {
  seq 200000 >in.txt
  echo before >out.txt
  for command in 'exit 7' 'cat "$@"; exit 7' 'cat "$1"; kill -KILL $$'; do
    short -i in.txt -o out.txt --combine bash -c "$command" _ -- cat
    [[ $command == *KILL* ]] || assert_status 7
    [[ $command != *KILL* ]] || assert_status 137
    assert_stderr_has "cannot finish 'combine': 'bash' ended with "
    assert_stderr_has "'bash' of --combine reads the outputs from FIFOs, and cannot seek in them"
    [ "$(cat out.txt)" = before ]
  done
  short -i in.txt -o out.txt --combine samtools cat -- cat
  assert_status 1
  assert_stderr_has "cannot finish 'combine': 'samtools cat' ended with exit status 1"
  assert_stderr_has "'samtools cat' of --combine reads the outputs from FIFOs"
  # The last one leaves out its first file, which bash takes as its name.
  for command in 'head -n 1 "$1"' 'exit 0' 'cat "$1" "$2" "$3"' 'cat "$@"'; do
    short -i in.txt -o out.txt --combine bash -c "$command" -- cat
    assert_status 1
    assert_stderr_has "cannot finish 'combine': 'bash' ended with status 0 before it had read everything"
    [ "$(cat out.txt)" = before ]
  done
  short -i in.txt -o out.txt --combine ./no-such-command -- cat
  assert_status 127
  short -i in.txt -o out.txt --combine cat -- bash -c 'cat; exit $((MRF_WORKER == 2 ? 9 : 0))'
  assert_status 9
  assert_stderr_has "cannot finish 'work[2]'"
  [ "$(cat out.txt)" = before ]
  assert_nothing_left
}

@test "a command that opens a file twice publishes nothing, whatever it reads of it" {
  seq 200000 >in.txt
  seq 20 >few.txt
  echo before >out.txt
  twice=('head -n 1 "$1"; tail -qn +2 "$@"' 'cat "$@"; cat "$2"' 'paste "$1" "$1"; cat "${@:2}"' ': <"$1"; cat "$@"'
    'exec 3<"$1"; exec 4<"$1"; cat "$@"')
  for input in in.txt few.txt; do
    for command in "${twice[@]}"; do
      short -c 1 -i $input -o out.txt --combine bash -c "$command" _ -- cat
      assert_status 1
      assert_stderr_has "cannot continue 'held["
      assert_stderr_has "'combine' opened it a second time, and it can be read only once: copy it to a file first"
      [ "$(cat out.txt)" = before ]
    done
    # One open file of several processes.
    for command in 'exec 3<"$1"; read -r line <&3; echo "$line"; cat <&3; cat "${@:2}"' 'cat "$1" >copy; cat copy "${@:2}"'; do
      short -c 1 -i $input -o out.txt --combine bash -c "$command" _ -- cat
      assert_status 0
      cmp <(sort out.txt) <(sort $input)
      echo before >out.txt
    done
  done
  assert_nothing_left
}

@test "what stands behind --combine is its command's; options of mrf-run among it are refused" {
  words
  for swallowed in "-i words.tsv -o out" "-o out" "--input words.tsv" --output=out -oout; do
    # shellcheck disable=SC2086
    run_apart mrf-run -n 2 --combine sort -m $swallowed -- sort <words.tsv
    assert_status 2
    assert_stderr_has "cannot use option '--combine': '${swallowed%% *}' is one of its words, which go as far as --"
    [ ! -e out ]
  done
  short -i words.tsv -o out --combine bash -c 'sort -m -o merged "$@"; cat merged' combine -- sort
  assert_status 0
  cmp <(sort words.tsv) out
  short -i words.tsv -o out --combine 'sort -m' -- sort
  assert_stderr_has "for one write --combine bash -o pipefail -c 'sort -m \"\$@\"' combine"
  short -i words.tsv -o out --combine 'sort -m | uniq' -- sort
  assert_stderr_has "for one write --combine bash -o pipefail -c 'sort -m | uniq' combine, in which \"\$@\" stands for"
}

@test "BAM: sorted by name and merged; SAM lines without a header get that of the input" {
  bam=$(small_bam)
  short --record bam -i "$bam" -o out.bam --combine samtools merge -n -c -p -u -o - -- samtools sort -n -u -
  assert_status 0
  cmp <(samtools view out.bam | cut -f 1) <(samtools sort -n -u "$bam" 2>/dev/null | samtools view - | cut -f 1)
  # The merge puts RG behind the other tags.
  cmp <(samtools view out.bam | cut -f 1-11 | sort) <(samtools view "$bam" | cut -f 1-11 | sort)
  short -i "$bam" -o out.bam --combine sort -m -- sort
  assert_status 0
  cmp <(samtools view out.bam) <(samtools view "$bam" | sort)
  cmp <(samtools view --no-PG -H out.bam) <(samtools view --no-PG -H "$bam")
  short --header-broadcast -i "$bam" -o out.bam --combine samtools merge -n -c -p -u -o - -- samtools sort -n -
  assert_status 0
  cmp <(samtools view out.bam | cut -f 1-11 | sort) <(samtools view "$bam" | cut -f 1-11 | sort)
}

@test "all records of a key are with one worker" {
  words
  # shellcheck disable=SC2016
  short --key column:1 -i words.tsv -o sums --combine sort -m -- \
    bash -o pipefail -c 'awk "{ sum[\$1] += \$2 } END { for (key in sum) print key, sum[key] }" | sort'
  assert_status 0
  cmp sums <(awk '{ sum[$1] += $2 } END { for (key in sum) print key, sum[key] }' words.tsv | sort)
}

@test "--print shows plain words, which do the same" {
  words
  short -c 100 --print -i words.tsv -o out.tsv --combine sort -m -- sort
  assert_status 0
  echo "$output" >w.mrf
  grep -q '^hold\[n\]:  mrf-collect --record fixed:1 --order concat --spool ' w.mrf
  grep -q '^combine:  sort -m in:held\[n\] > save:out.tsv$' w.mrf
  run_apart timeout -k 5 300 mrf-run w.mrf
  assert_status 0
  cmp out.tsv <(sort words.tsv)
}

@test "results of each worker: save: and [i], all or none" {
  words
  for order in any seq rows; do
    rm -f side.* out.tsv
    short --order $order -i words.tsv -o out.tsv -- tee 'save:side.[i].tsv'
    assert_status 0
    [ "$(cat side.[0-3].tsv | wc -l)" = 20000 ]
    rm -f side.* out.tsv
    short --order $order -i words.tsv -o out.tsv -- bash -c 'tee "$1"; exit $((MRF_WORKER == 3 ? 5 : 0))' _ 'save:side.[i].tsv'
    assert_status 5
    [ "$(echo side.*)" = 'side.*' ]
    [ ! -e out.tsv ]
  done
  short -i words.tsv -o out.tsv --combine sort -o save:sorted.tsv -m -- sort
  assert_status 0
  cmp sorted.tsv <(sort words.tsv)
  [ ! -s out.tsv ]
  short --order any -i words.tsv -o out.tsv -- dd of=save:copy.[i] status=none
  assert_status 0
  [ "$(cat copy.[0-3] | wc -l)" = 20000 ]
}

@test "what cannot be combined or saved is refused with the reason" {
  words
  for order in chunk seq rows; do
    short --order $order -i words.tsv -o out --combine cat -- cat
    assert_status 2
    assert_stderr_has "cannot use order '$order': --combine gets"
  done
  short -i words.tsv -o out --combine -- cat
  assert_status 2
  short -i words.tsv -o out --combine cat
  assert_status 2
  assert_stderr_has "cannot use option '--combine'"
  short -i words.tsv -o out -- tee save:side.tsv
  assert_status 2
  assert_stderr_has "cannot use word 'save:side.tsv': the filter of every chunk"
  short --order any -i words.tsv -o out -- tee save:side.tsv
  assert_status 2
  assert_stderr_has "cannot use word 'save:side.tsv': every worker would write that file"
  short --order any -i words.tsv -o out -- tee save:words.tsv
  assert_status 2
  assert_stderr_has "it is the input"
}

@test "--combine=COMMAND and --combine COMMAND are the same, with words behind them" {
  seq 600 >in.txt
  mrf-run -n 2 -c 100 -i in.txt -o out.txt --combine=sort -rn -- cat
  cmp out.txt <(seq 600 -1 1)
  mrf-run -n 2 -c 100 -i in.txt -o out.txt --combine sort -rn -- cat
  cmp out.txt <(seq 600 -1 1)
  mrf-run -n 2 -c 100 -i in.txt -o out.txt --combine=sort -- cat
  cmp out.txt <(seq 600 | sort)
}
