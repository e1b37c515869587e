#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The shards of mrf-run(1), without an engine or with --engine local.

load common
load run

# Six shards of 20,000 records, planned in d.
plan_six() {
  ln -sf "$(small_bam 20000)" in.bam
  mrf-run --shards 6 --shard-dir d --shard-plan -i in.bam -o out.bam "$@" -- "${filter[@]}"
}
filter=(cat)
run_shards() {
  local shard
  for shard in "$@"; do mrf-run --shard-run "$shard" --shard-dir d || return; done
}
shards_of() { jq '.cuts | length - 1' "$1/plan.json"; }
set_in() { jq "$2" "$1" >changed.json && mv changed.json "$1"; }
content_of() { bgzip -dc "$1" | sha256sum; }
end_of_file_blocks() {
  LC_ALL=C grep -obUaP '\x1f\x8b\x08\x04\x00{5}\xff\x06\x00BC\x02\x00\x1b\x00\x03\x00{9}' "$1" | wc -l
}
part_of() { jq -r .part "d/receipts/$1.json"; }
same_sam() { cmp <(samtools view -h --no-PG "$1") <(samtools view -h --no-PG "$2"); }

refuses_to_join() {
  run_apart mrf-run --shard-join --shard-dir d
  assert_status 3
  assert_stderr_has "$1"
  [[ ! -e out.bam ]]
}

# FILE TEXT: an executable.
script() {
  printf '#!/bin/bash\n%s\n' "$2" >"$1"
  chmod +x "$1"
}

@test "BAM: the content is that of one run, for any number of shards, and samtools reads it" {
  input=$(small_bam 20000)
  mrf-run -i "$input" -o one.bam -- cat
  local numbers=(1 2 7 64)
  [[ -z ${MRF_TEST_FULL-} ]] || mapfile -t numbers < <(seq 64)
  for shards in "${numbers[@]}"; do
    run_apart mrf-run --shards "$shards" -i "$input" -o out.bam -- cat
    assert_status 0
    assert_stderr_is ''
    [[ $(content_of out.bam) == "$(content_of one.bam)" ]]
    samtools quickcheck out.bam
    [[ $(end_of_file_blocks out.bam) == 1 ]]
    [[ ! -e out.bam.shards ]]
  done
  samtools index out.bam
  assert_nothing_left
}

@test "each order, selection and header of a BAM" {
  input=$(small_bam 20000)
  for options in '--order seq' '--order rows' '--record bam' '--header-broadcast' '-F 0x400 -q 20' '--subsample 0.3'; do
    # shellcheck disable=SC2086
    mrf-run $options -i "$input" -o one.bam -- cat
    # shellcheck disable=SC2086
    mrf-run --shards 5 $options -i "$input" -o out.bam -- cat
    [[ $(content_of out.bam) == "$(content_of one.bam)" ]] || { echo "$options" && false; }
  done
  mrf-run --order any --shards 5 -i "$input" -o any.sam -- cat
  cmp <(sort any.sam) <(samtools view -h --no-PG "$input" | as_unsorted | sort)
  mrf-run --shards 5 -i "$input" -o out.sam -- cat
  cmp out.sam <(samtools view -h --no-PG "$input")
  mrf-run --shards 5 -i "$input" -o names.txt -- cut -f 1
  cmp names.txt <(samtools view "$input" | cut -f 1)
  mrf-run --shards 5 --add-pg -i "$input" -o pg.bam -- cat
  [[ $(samtools view -H --no-PG pg.bam | grep -c 'CL:mrf-run --add-pg -i') == 1 ]]
}

@test "lines, FASTQ, FASTA and SAM, plain and in BGZF" {
  seq 200000 >in.txt
  { echo name && cat in.txt; } >in.csv
  awk '{ print "@r" $1 "\nACGT\n+\nII@I" }' in.txt >in.fastq
  awk '{ print ">r" $1 "\nACGT\nAC" }' in.txt >in.fasta
  samtools view -h --no-PG "$(small_bam 20000)" >in.sam
  for input in in.txt in.fastq in.fasta in.sam; do
    bgzip -k "$input"
    for from in "$input" "$input.gz"; do
      run_apart mrf-run --shards 7 -i "$from" -o "out.${input#in.}" -- cat
      assert_status 0
      cmp "out.${input#in.}" "$input"
    done
    mrf-run --shards 7 -i "$input" -o "out.${input#in.}.gz" -- cat
    cmp <(bgzip -dc "out.${input#in.}.gz") "$input"
  done
  mrf-run --header-lines 1 --shards 7 -i in.csv -o out.csv -- grep -v 7
  cmp out.csv <(grep -v 7 in.csv)
  tr '\n' '\0' <in.txt >in.nul
  bgzip -k in.nul
  for input in in.nul in.nul.gz; do
    mrf-run --record nul --shards 7 -i $input -o out.nul -- cat
    cmp out.nul in.nul
  done
}

@test "--ok-status: a grep that finds nothing in one shard has not failed" {
  seq 3000 >in.txt
  run_apart mrf-run --shards 3 -i in.txt -o out.txt -- grep '^1...$'
  assert_status 1
  assert_stderr_has '--ok-status 0,1 takes that for success'
  [[ ! -e out.txt ]]
  rm -r out.txt.shards
  mrf-run --shards 3 --ok-status 0,1 -i in.txt -o out.txt -- grep '^1...$'
  cmp out.txt <(seq 1000 1999)
}

@test "no records, fewer records than shards, one shard" {
  small=$(small_bam 20000)
  samtools view -H "$small" | samtools view --no-PG -b -o none.bam
  samtools view -h "$small" | awk '!/^@/ && ++n > 3 { exit } { print }' | samtools view --no-PG -b -o three.bam
  for input in none.bam three.bam; do
    for shards in 1 50; do
      mrf-run --shards "$shards" -i "$input" -o out.bam -- cat
      same_sam out.bam "$input"
    done
  done
  : >none.txt
  mrf-run --shards 4 -i none.txt -o out.txt -- cat
  [[ -e out.txt && ! -s out.txt ]]
}

@test "step by step: plan, runs in any order and from anywhere, status, join" {
  plan_six
  [[ $(shards_of d) == 6 ]]
  run_shards 5 1
  run_apart mrf-run --shard-status --shard-dir d
  assert_output_is $'2 of 6 shards have a receipt\nwithout: 0 2 3 4'
  run_apart mrf-run --shard-join --shard-dir d
  assert_status 1
  assert_stderr_has '4 of 6 shards have no receipt, the first is 0'
  [[ ! -e out.bam ]]
  mkdir elsewhere
  (cd elsewhere && for shard in 4 3 2 0; do mrf-run --shard-run $shard --shard-dir ../d; done)
  mrf-run --shard-join --shard-dir d
  same_sam out.bam in.bam
  assert_files in.bam out.bam elsewhere
}

@test "a filter that fails in one shard and is corrected: only what is missing runs again" {
  seq 200000 >in.txt
  # shellcheck disable=SC2016
  script filter '[[ -e broken ]] || exec cat
exec awk '\''$1 == 100000 { exit 9 } { print }'\'
  touch broken
  run_apart mrf-run --shards 8 --keep-dir -i in.txt -o out.txt -- ./filter
  assert_status 9
  assert_stderr_has "cannot finish 'shard "
  [[ ! -e out.txt ]]
  before=$(cd out.txt.shards/receipts && sha256sum ./*.json)
  rm broken
  mrf-run --shards 8 --keep-dir -i in.txt -o out.txt -- ./filter
  cmp out.txt in.txt
  (cd out.txt.shards/receipts && sha256sum --quiet -c <<<"$before")
}

@test "another command, another number, another input: refused with status 2" {
  plan_six
  cp --remove-destination "$(readlink in.bam)" in.bam
  while IFS='|' read -r words text; do
    # shellcheck disable=SC2086
    run_apart mrf-run --shard-dir d --shard-plan $words
    assert_status 2
    assert_stderr_has "cannot use '$PWD/d': $text; remove the directory '$PWD/d' to plan again, or name another one"
  done <<'E'
--shards 6 -i in.bam -o out.bam -- tac|it holds the shards of another command, planned with -- cat; this is with -- tac
--shards 7 -i in.bam -o out.bam -- cat|it holds a plan for --shards 6, not 7
--shards 6 -i in.bam -o out.bam -- cat|the input 'in.bam' has changed since its shards were planned
E
  run_apart mrf-run --shard-run 0 --shard-dir d
  assert_status 3
  assert_stderr_has "it has changed since its shards were planned"
  mkdir other && touch other/file
  run_apart mrf-run --shard-dir other --shards 2 -i in.bam -o out.bam -- cat
  assert_status 2
  assert_stderr_has 'it holds files and no plan of shards'
}

@test "a truncated input is status 3 when it is planned" {
  head -c -28 "$(small_bam 20000)" >cut.bam
  run_apart mrf-run --shards 3 -i cut.bam -o out.bam -- cat
  assert_status 3
  assert_stderr "mrf-run: cannot read 'cut.bam': it is truncated: it does not end with the end-of-file block of BGZF"
  assert_files cut.bam
}

@test "a damaged block is status 3 in its shard, and the others keep their parts" {
  cp "$(small_bam 20000)" in.bam
  size=$(stat -c %s in.bam)
  printf damage | dd of=in.bam bs=1 seek=$((size * 3 / 5)) conv=notrunc status=none
  run_apart mrf-run --shards 5 -i in.bam -o out.bam -- cat
  assert_status 3
  assert_stderr_has 'with a mended filter the same command runs only these; another input needs another plan: remove the directory first'
  [[ $stderr != *'the same command runs it again' ]]
  [[ ! -e out.bam && -e out.bam.shards/receipts/0.json ]]
}

@test "a false cut is found by the shard in front of it, and by the join" {
  plan_six
  cp d/plan.json good.json
  while read -r shard change; do
    set_in d/plan.json "$change"
    run_apart mrf-run --shard-run "$shard" --shard-dir d
    assert_status 3
    [[ $shard != 1 ]] ||
      assert_stderr_has "; run it without --shards, or remove the directory '$PWD/d' and plan another number of shards"
    [[ ! -e d/receipts/$shard.json ]]
    cp good.json d/plan.json
  done <<'E'
1 .cuts[2] += 1
1 .cuts[2] -= 1
1 .cuts[2] += 65536
2 .cuts[2] += 1
2 .cuts[2] += 65536
5 .cuts[6] -= 65536
E
  run_shards 0 1 2 3 4 5
  set_in d/receipts/1.json '.landed += 1'
  refuses_to_join 'the cut at the end of shard 1 is wrong'
}

@test "parts that are deleted, swapped, cut, damaged: status 3, and the shard is named" {
  plan_six
  run_shards 0 1 2 3 4 5
  cp -r d good
  part=d/parts/$(part_of 2)
  rm "$part"
  refuses_to_join 'the part is not there; without '
  cp "d/parts/$(part_of 3)" "$part"
  refuses_to_join "receipts/2.json' shard 2 is run again"
  for bytes in 1 28; do
    rm -r d && cp -r good d
    truncate -s -$bytes "$part"
    refuses_to_join 'it does not end with the end-of-file block'
  done
  rm -r d && cp -r good d
  printf xy | dd of="$part" bs=1 seek=40 conv=notrunc status=none # in the header's block
  refuses_to_join 'it is damaged'
  rm -r d && cp -r good d
  printf xy | dd of="$part" bs=1 seek=$(($(stat -c %s "$part") / 2)) conv=notrunc status=none
  refuses_to_join 'its digest is not that of its receipt'
  # The time in the header of a block, which no check of BGZF covers.
  rm -r d && cp -r good d
  printf x | dd of="$part" bs=1 seek=4 conv=notrunc status=none
  refuses_to_join 'its digest is not that of its receipt'
  rm d/receipts/2.json
  run_shards 2
  mrf-run --shard-join --shard-dir d
  same_sam out.bam in.bam
}

@test "parts whose headers differ are not joined" {
  script filter '[[ ! -e other ]] || exec sed "s/^@CO\tgenerated/@CO\tother/"
exec cat'
  filter=(./filter)
  plan_six --header-broadcast
  run_shards 0 1 2 3 4
  touch other
  run_shards 5
  refuses_to_join 'its header is not that of shard 0'
}

@test "filters that write different headers: status 3, whatever the output holds" {
  input=$(small_bam 20000)
  # A header that says what the first record of the shard is.
  # shellcheck disable=SC2016
  script filter 'exec awk '\''/^@/ { h = h $0 "\n"; next } !n++ { printf "%s@CO\t%s\n", h, $1 } { print }'\'
  script same 'exec awk '\''/^@/ { h = h $0 "\n"; next } !n++ { printf "%s@CO\tsame\n", h } { print }'\'
  for words in out.sam out.sam.gz out.bam 'out.sam --no-header' 'out.sam.gz --no-header'; do
    read -r file option <<<"$words"
    # One chunk, so that only shards can differ.
    command=(--header-broadcast -n 1 -c 1000000 -i "$input" ${option:+"$option"})
    run_apart mrf-run --shards 3 "${command[@]}" -o "$file" -- ./filter
    assert_status 3
    assert_stderr_has 'its header is not that of shard 0'
    [[ ! -e $file ]]
    mrf-run --shards 3 --shard-dir d "${command[@]}" -o "$file" -- ./same
    mrf-run "${command[@]}" -o "one-$file" -- ./same
    cmp <(bgzip -dcf <"$file") <(bgzip -dcf <"one-$file")
    [[ $option || $file != out.sam ]] || grep -q $'^@CO\tsame$' "$file"
    rm -r "$file" "$file.shards" "one-$file"
  done
}

@test "receipts that are stale, swapped, doubled or damaged: status 3" {
  plan_six
  run_shards 0 1 2 3 4 5
  cp -r d good
  mv d/receipts/1.json x && mv d/receipts/2.json d/receipts/1.json && mv x d/receipts/2.json
  refuses_to_join 'the receipt of shard 1 is that of 2'
  rm -r d && cp -r good d
  cp d/receipts/1.json d/receipts/2.json
  refuses_to_join 'the receipt of shard 2 is that of 1'
  rm -r d && cp -r good d
  set_in d/receipts/4.json '.plan = "0123"'
  refuses_to_join 'the receipt of shard 4 is of another plan'
  rm -r d && cp -r good d
  set_in d/receipts/4.json '.part = "../plan.json"'
  refuses_to_join 'it is not a receipt of a shard'
  rm -r d && cp -r good d
  : >d/receipts/0.json
  refuses_to_join 'it is not a receipt of a shard'
}

@test "parts without a receipt are no harm and do not stay" {
  plan_six --keep-dir
  run_shards 0 1 2 3 4 5
  cp "d/parts/$(part_of 1)" d/parts/1-zombie-out.bam
  mrf-run --shard-join --shard-dir d
  same_sam out.bam in.bam
  [[ $(find d/parts -type f | wc -l) == 6 ]]
}

@test "what others put into the directory stays, and only that" {
  seq 100 >in.txt
  mkdir project
  cd project
  shards=(--shards 2 --shard-dir . -i ../in.txt -o ../out.txt)
  mrf-run "${shards[@]}" --shard-plan -- cat
  mkdir logs snakemake
  touch logs/{mine,1.log.gz,1.log,sbatch.sh,.sbatch.sh.0123456789abcdef} snakemake/{mine,Snakefile,slurm-1.out} \
    parts/{mine,0-killed,.0-killed.0123456789abcdef} receipts/{mine,.0.json.0123456789abcdef} attempts/mine mine
  mkdir -p parts/.mrf-run.0123456789abcdef/0-killed snakemake/.snakemake/log
  run_apart mrf-run "${shards[@]}" -- cat
  assert_status 0
  assert_stderr_is "mrf-run: cannot remove '$PWD': it holds other files; the next run needs another --shard-dir"
  cmp ../in.txt ../out.txt
  # What has the name of a file of the run and was not written by it stays, too.
  assert_files logs logs/mine logs/1.log.gz logs/sbatch.sh snakemake snakemake/mine snakemake/Snakefile parts \
    parts/mine receipts receipts/mine attempts attempts/mine mine
  run_apart mrf-run "${shards[@]}" -- cat
  assert_status 2
  assert_stderr_has 'it holds files and no plan of shards'
  # Without them the working directory stays, and empty ones of the run are no reason to refuse it.
  rm -r ./*
  mkdir logs snakemake
  run_apart mrf-run "${shards[@]}" -- cat
  assert_status 0
  assert_stderr_is ''
  assert_files
  [[ $PWD -ef . ]]
}

@test "a log or a part that NFS keeps is reported; the next run is one of its own" {
  seq 100 >in.txt
  for kept in logs parts; do
    mrf-run --shards 2 -i in.txt -o out.txt --shard-plan -- cat
    # NFS names a file so that is removed while it is open.
    mkdir -p out.txt.shards/$kept
    touch out.txt.shards/$kept/.nfs0001
    for run in 1 2; do
      run_apart mrf-run --shards 2 -i in.txt -o out.txt -- cat
      assert_status 0
      assert_stderr_is "mrf-run: cannot remove '$PWD/out.txt.shards': NFS keeps '$kept/.nfs0001' there, a file that a \
process still has open; remove the directory when that has ended"
      [ "$run $(find out.txt.shards -type f)" = "$run out.txt.shards/$kept/.nfs0001" ]
    done
    rm out.txt.shards/$kept/.nfs0001
    run_apart mrf-run --shards 2 -i in.txt -o out.txt -- cat
    assert_status 0
    assert_stderr_is ''
    assert_files in.txt out.txt
    rm out.txt
  done
  # Killed while it removed the directory.
  mrf-run --shards 2 -i in.txt -o out.txt --shard-plan -- cat
  rmdir out.txt.shards/*/
  mrf-run --shards 2 -i in.txt -o out.txt -- cat
  assert_files in.txt out.txt
}

@test "two attempts at one shard: the first receipt counts, a part that differs is status 3" {
  seq 100000 >in.txt
  # The receipt of the first attempt appears while the second one runs.
  # shellcheck disable=SC2016
  script filter '[[ ! -e kept.json ]] || mv kept.json d/receipts/1.json
[[ ! -e other ]] || echo other
exec cat'
  mrf-run --shards 3 --shard-dir d --shard-plan -c 1000000 -i in.txt -o out.txt -- ./filter
  run_shards 1
  cp d/receipts/1.json first.json
  mv d/receipts/1.json kept.json
  run_apart mrf-run --shard-run 1 --shard-dir d
  assert_status 0
  cmp first.json d/receipts/1.json
  mv d/receipts/1.json kept.json
  touch other
  run_apart mrf-run --shard-run 1 --shard-dir d
  assert_status 3
  assert_stderr_has "cannot finish 'shard 1': two attempts at it have different parts"
  cmp first.json d/receipts/1.json
  run_shards 1 # has a receipt, and is not run again
  [[ $(find d/parts -type f) == "d/parts/$(part_of 1)" ]]
}

@test "what shards cannot do is refused with the reason" {
  ln -s "$(small_bam 20000)" in.bam
  seq 10 >in.txt
  gzip -k in.txt
  while IFS='|' read -r words text; do
    # shellcheck disable=SC2086
    run_apart mrf-run $words -- cat
    assert_status 2
    assert_output_is ''
    assert_stderr_has "$text"
  done <<'E'
--shards 2 -i in.bam -o out.bam --key tag:CB|which do not see each other
--shards 2 -i in.bam -o out.bam --side x|cannot use option '--side'
--shards 2 -i in.txt -o out.txt --retries 1 --retry-status 3|cannot use option '--retry-status'
--shards 2 --shard-plan -i in.txt -o out.txt --report x|cannot use option '--report'
--shards 2 -i in.bam -o out.bam --skip-failed|cannot use option '--skip-failed'
--shards 2 -i in.bam -o out.bam --keep-failed x|cannot use option '--keep-failed'
--shards 2 -i in.bam -o out.bam -r chr1|cannot use option '-r'
--shards 2 -i in.bam -o out.cram|parts of CRAM cannot be joined
--shards 2 -i in.bam -o out.txt --header-broadcast|cannot use option '--header-broadcast'
--shards 2 -i in.bam|it needs -o OUTPUT, a file
--shards 2 -i - -o out.txt|needs an input that is a file
--shards 0 -i in.txt -o out.txt|a number from 1 to 100000
--shards 2 -i in.txt.gz -o out.txt|it is gzip and not BGZF
--shards 2 -i in.txt -o out.txt --record lines:2|where records of lines:K and fixed:BYTES begin
--shards 2 -i in.txt -o out.txt --engine other|not an engine: local, slurm and snakemake are
--shards 2 -i in.txt -o out.txt --dry-run|it goes without --print
--shard-dir d -i in.txt -o out.txt|the options of shards need --shards N
E
  run_apart mrf-run --shard-join
  assert_status 2
  run_apart mrf-run --shard-join --shard-dir nowhere
  assert_status 1
  assert_stderr "mrf-run: cannot use '$PWD/nowhere': no shards are there: they have been joined, or were never planned"
  touch no-program
  while IFS='|' read -r code words text; do
    # shellcheck disable=SC2086
    mrf-run --shards 2 -i in.txt -o out.txt $words 2>stderr.txt && return 1 || status=$?
    [[ $status == "$code" ]]
    grep -qF "cannot execute $text" stderr.txt
  done <<'E'
127|-- ./none|'./none': No such file or directory
126|-- ./no-program|'./no-program': Permission denied
127|--combine ./none -- cat|'./none': No such file or directory
E
  rm no-program stderr.txt
  assert_files in.bam in.txt in.txt.gz
}

@test "a full disk in one shard is status 1 without a result, and the others keep their parts" {
  cp "$(small_bam 20000)" in.bam
  size=$(stat -c %s in.bam)
  # shellcheck disable=SC2016
  run_apart with_small_disk $((size * 2 / 3)) bash -c '
    mrf-run --shards 6 --shard-dir disk/d -i in.bam -o out.bam -- cat; status=$?
    cp -r disk/d kept; exit $status'
  assert_status 1
  assert_stderr_has 'No space left on device'
  [[ ! -e out.bam && -e kept/receipts/0.json && ! -e kept/receipts/5.json ]]
}

@test "INT and TERM end a run of shards, and the next one goes on" {
  seq 100000 >in.txt
  script filter '[[ ! -e wait ]] || { touch waits && exec sleep 1000; }
exec cat'
  for signal in INT TERM; do
    touch wait
    start_in_background --shards 3 -i in.txt -o out.txt -- ./filter
    wait_until test -e waits
    kill -s $signal "$run"
    wait "$run" && return 1 || status=$?
    [[ $status == $((128 + $(kill -l $signal))) ]]
    [[ ! -e out.txt ]]
    wait_until assert_nothing_left
    rm wait waits
    mrf-run --shards 3 -i in.txt -o out.txt -- ./filter
    cmp in.txt out.txt && rm out.txt
  done
}

@test "what a client of NFS keeps of a file that is still open is nobody's file" {
  seq 100 >in.txt
  mkdir d
  touch d/.nfs000000000000001200000001
  run_apart mrf-run --shards 2 --shard-dir d -i in.txt -o out.txt -- cat
  assert_status 0
  assert_stderr_is "mrf-run: cannot remove '$PWD/d': NFS keeps '.nfs000000000000001200000001' there, a file that a process \
still has open; remove the directory when that has ended"
  cmp in.txt out.txt
  # The lock is no such file when the directory is removed.
  command -v strace >/dev/null || skip "strace is not installed"
  for words in '' '--combine cat'; do
    rm -rf d
    # shellcheck disable=SC2086
    strace -f -qq -y -o trace -e trace=close,rmdir mrf-run --shards 2 --shard-dir d -i in.txt -o out.txt $words -- cat
    grep -Eo 'rmdir\("[^"]*/d"\) += 0|close\([0-9]+<[^>]*mrf-run\.lock.*' trace | tail -n 1 | grep rmdir
    [[ ! -e d ]]
  done
}
