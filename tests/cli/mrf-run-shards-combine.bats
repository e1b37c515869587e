#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --combine with --shards: a part is the whole output of one worker, and the join runs the command.

load common
load bam

words() {
  awk 'BEGIN { srand(7); for (i = 0; i < 20000; ++i) print "w" int(rand() * 300) "\t" int(rand() * 1000) }' >words.tsv
}

# What the parts of directory d are, in the order of the shards.
parts() { jq -r '"d/parts/" + .part' d/receipts/{0,1,2}.json; }

sums='{ sum[$1] += $2 } END { for (key in sum) print key, sum[key] }'

@test "sorted parts are merged, with the header of the text in front: as on one machine" {
  words
  { echo "name	value" && cat words.tsv; } >in.tsv
  for result in out.tsv out.tsv.gz; do
    mrf-run -n 3 --header-lines 1 -i in.tsv -o one.tsv --combine sort -m -k1,1 -k2,2n -- sort -k1,1 -k2,2n
    for shards in 1 5; do
      run_apart mrf-run --shards $shards --header-lines 1 -i in.tsv -o $result --combine sort -m -k1,1 -k2,2n -- \
        sort -k1,1 -k2,2n
      assert_status 0
      assert_stderr_is ''
      cmp one.tsv <(zcat -f <$result)
      [[ ! -e $result.shards ]]
    done
  done
  bgzip -k in.tsv
  mrf-run --shards 3 --header-prefix name -i in.tsv.gz -o out.tsv --combine sort -m -k1,1 -k2,2n -- sort -k1,1 -k2,2n
  cmp one.tsv out.tsv
  assert_nothing_left
}

@test "every worker has the header that is broadcast, and the command gets it from each" {
  words
  { echo "name	value" && cat words.tsv; } >in.tsv
  options=(--header-lines 1 --header-broadcast -i in.tsv)
  count='/^name/ { ++headers } { ++n } END { print headers, n }'
  mrf-run --shards 4 "${options[@]}" -o out.txt --combine awk "$count" -- cat
  [[ $(cat out.txt) == '4 20004' ]]
}

@test "sums by key: of each shard, and of all" {
  words
  awk "$sums" words.tsv | sort >serial
  # shellcheck disable=SC2016
  filter=(bash -o pipefail -c 'awk "$0" | sort' "$sums")
  merge=(bash -o pipefail -c "cat \"\$@\" | awk '$sums' | sort" combine)
  for options in '' '--key column:1'; do
    # shellcheck disable=SC2086
    mrf-run --shards 4 $options -i words.tsv -o out.txt --combine "${merge[@]}" -- "${filter[@]}"
    cmp serial out.txt
  done
  # A key is in several shards, and what does not merge them has it several times.
  mrf-run --shards 4 --key column:1 -i words.tsv -o out.txt --combine sort -m -- "${filter[@]}"
  (($(cut -d ' ' -f 1 out.txt | sort | uniq -d | wc -l) > 100))
  # Records without the key are found as on one machine.
  echo alone >>words.tsv
  run_apart mrf-run --shards 4 --key column:2 -i words.tsv -o other.txt --combine sort -m -- cat
  assert_status 3
  [[ ! -e other.txt ]]
}

@test "BAM: sorted and merged, with an index; SAM lines get the header of the input" {
  bam=$(small_bam)
  mrf-run -n 1 -i "$bam" -o one.bam --combine sort -m -k1,1 -k2,2n -- sort -k1,1 -k2,2n
  for result in out.bam out.sam; do
    mrf-run --shards 3 -i "$bam" -o $result --combine sort -m -k1,1 -k2,2n -- sort -k1,1 -k2,2n
    cmp <(samtools view -h --no-PG one.bam) <(samtools view -h --no-PG $result)
  done
  mrf-run --shards 3 --write-index --record bam --report r.json -i "$bam" -o out.bam \
    --combine samtools merge -c -p -u -o - -- samtools sort -u -
  samtools quickcheck out.bam
  cmp <(samtools view out.bam | cut -f 1-11 | sort) <(samtools view "$bam" | cut -f 1-11 | sort)
  mrf-run --shards 3 --record bam -i "$bam" -o out.cram --combine samtools merge -c -p -u -o - -- samtools sort -u -
  cmp <(samtools view out.cram | cut -f 1-11) <(samtools view out.bam | cut -f 1-11)
  samtools index -o ours.bai out.bam
  cmp ours.bai out.bam.bai
  [[ $(jq -c '[.status, .results, (.shards | length)]' r.json) == '[0,["out.bam"],3]' ]]
}

@test "pairs: the command writes mates one after the other, which go to a file each" {
  for mate in 1 2; do
    seq 30000 | awk -v mate=$mate '{ print "@r" $1 "/" mate "\nACGT\n+\nIIII" }' >$mate.fastq
  done
  mrf-run --shards 3 -i 1.fastq -i 2.fastq -o out1.fastq -o out2.fastq.gz --combine cat -- cat
  cmp 1.fastq out1.fastq
  cmp 2.fastq <(zcat out2.fastq.gz)
}

@test "a command that fails or leaves something unread publishes nothing; the next join runs it alone" {
  seq 200000 >in.txt
  echo before >out.txt
  printf '#!/bin/bash\n. ./what.sh\n' >combine
  chmod +x combine
  command=(mrf-run --shards 3 --report r.json --shard-dir d -i in.txt -o out.txt --combine ./combine --
    tee -a "$PWD/seen")
  echo 'exit 7' >what.sh
  run_apart "${command[@]}"
  assert_status 7
  assert_stderr_has "cannot finish 'combine'"
  parts >first
  while IFS='|' read -r what status text; do
    echo "$what" >what.sh
    run_apart mrf-run --shard-join --shard-dir d
    assert_status "$status"
    assert_stderr_has "$text"
    [[ $(cat out.txt) == before && ! -e r.json ]]
    cmp first <(parts)
  done <<'E2'
cat "$@"; exit 9|9|cannot finish 'combine'
cat "$1"; kill -KILL $$|137|cannot finish 'combine'
cat "$1" "$2"|1|'./combine' ended with status 0 before it had read everything
head -n 1 "$1"|1|'./combine' ended with status 0 before it had read everything
exit 0|1|'./combine' ended with status 0 before it had read everything
cat "$@" "$1"|1|opened it a second time
E2
  echo 'cat "$@"' >what.sh
  run_apart "${command[@]}"
  assert_status 0
  cmp in.txt out.txt
  # No shard was run again.
  [[ $(wc -l <seen) == 200000 && ! -e d ]]
  [[ $(jq -c '[.status, .results]' r.json) == '[0,["out.txt"]]' ]]
  assert_nothing_left
}

@test "a shard that fails, then is corrected: only it runs again" {
  seq 30000 >in.txt
  # shellcheck disable=SC2016
  filter=(bash -c 'read -r first || exit; echo "$first" >>starts
    [[ $first == 1 || -e good ]] || exit 9; echo "$first"; cat')
  command=(mrf-run --shards 2 -i in.txt -o out.txt --combine cat -- "${filter[@]}")
  run_apart "${command[@]}"
  assert_status 9
  [[ ! -e out.txt ]]
  touch good
  run_apart "${command[@]}"
  assert_status 0
  cmp in.txt out.txt
  [[ $(grep -c '^1$' starts) == 1 && $(wc -l <starts) == 3 ]]
}

@test "a part that is damaged, cut or gone: status 3 before the command starts" {
  seq 60000 >in.txt
  mrf-run --shards 3 --shard-dir d --shard-plan -i in.txt -o out.txt \
    --combine bash -c 'touch started; cat "$@"' combine -- cat
  for shard in 0 1 2; do mrf-run --shard-run $shard --shard-dir d; done
  cp -r d good
  part=$(parts | tail -n 1)
  while IFS='|' read -r damage text; do
    rm -r d && cp -r good d
    bash -c "$damage" _ "$part"
    run_apart mrf-run --shard-join --shard-dir d
    assert_status 3
    assert_stderr_has "$text"
    assert_stderr_has "receipts/2.json' shard 2 is run again"
    [[ ! -e started && ! -e out.txt ]]
  done <<'E2'
printf x 1<>"$1"|its digest is not that of its receipt
truncate -s -1 "$1"|bytes and
rm "$1"|the part is not there
E2
  rm d/receipts/2.json
  mrf-run --shard-run 2 --shard-dir d
  mrf-run --shard-join --shard-dir d
  cmp in.txt out.txt
}

@test "parts and receipts that are swapped, stale or doubled, and false cuts: nothing is combined" {
  seq 60000 >in.txt
  plan() {
    mrf-run --shards 3 --shard-dir "$1" --shard-plan -i in.txt -o out.txt \
      --combine bash -c 'touch started; cat "$@"' combine -- cat
  }
  run_all() { for shard in 0 1 2; do mrf-run --shard-run $shard --shard-dir "$1"; done; }
  plan old
  run_all old
  plan good
  run_all good
  edit() { jq "$2" "$1" >changed.json && mv changed.json "$1"; }
  swap() { mv "$1" x && mv "$2" "$1" && mv x "$2"; }
  part_of() { jq -r .part "d/receipts/$1.json"; }
  while IFS='|' read -r damage text; do
    rm -rf d
    cp -r good d
    eval "$damage"
    run_apart mrf-run --shard-join --shard-dir d
    [[ $status == 3 ]] || { echo "$damage" && show_result "status 3"; }
    assert_stderr_has "$text"
    [[ ! -e started && ! -e out.txt ]]
  done <<'E2'
swap "d/parts/$(part_of 0)" "d/parts/$(part_of 1)"|shard 0 is run again
swap d/receipts/0.json d/receipts/1.json|the receipt of shard 0 is that of 1
cp old/receipts/1.json d/receipts/; cp old/parts/* d/parts/|the receipt of shard 1 is of another plan
cp old/plan.json d/plan.json|the receipt of shard 0 is of another plan
edit d/receipts/2.json ".part = \"$(part_of 1)\""|the receipt of shard 2 names a part of another shard
edit d/receipts/1.json '.landed += 1'|the cut at the end of shard 1 is wrong
edit d/receipts/1.json '.start -= 2'|shard 1 begins at
echo >d/receipts/1.json|it is not a receipt of a shard
printf y 1<>"d/parts/$(part_of 1)"|its digest is not that of its receipt
E2
  # A false cut is found by the shard in front of it.
  rm -rf d
  plan d
  edit d/plan.json '.cuts[1] += 1'
  run_apart mrf-run --shard-run 0 --shard-dir d
  assert_status 3
  assert_stderr_has 'the cut at the end of shard 0 is wrong'
  rm -rf d
  cp -r good d
  mrf-run --shard-join --shard-dir d
  cmp in.txt out.txt
}

@test "the words of the command are its own, and what does not go with it is refused" {
  seq 1000 >in.txt
  # shellcheck disable=SC2016
  mrf-run --shards 2 -i in.txt -o out.txt --combine bash -c 'echo "${@:1:5}"; cat "${@:6}" >/dev/null' combine \
    -v --quiet --report x --cpus=2 -- cat
  [[ $(cat out.txt) == '-v --quiet --report x --cpus=2' ]]
  while IFS='|' read -r words text; do
    # shellcheck disable=SC2086
    run_apart mrf-run --shards 2 -i in.txt -o no.txt $words -- cat
    assert_status 2
    assert_stderr_has "$text"
  done <<'E2'
--key column:1|--combine whose COMMAND makes one result
-n 3 --combine cat|cannot use option '-n'
--key column:1 --missing lacking.txt --combine cat|cannot use option '--missing'
--order seq --combine cat|cannot use order 'seq'
E2
  mrf-run --shards 2 -n 1 -i in.txt -o out.txt --combine cat -- cat
  cmp in.txt out.txt
}
