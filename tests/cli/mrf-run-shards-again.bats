#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The same command given again, also at the same time; what belongs to others; what a shard says of itself.

load common
load run

# FILE TEXT: an executable.
script() {
  printf '#!/bin/bash\n%s\n' "$2" >"$1"
  chmod +x "$1"
}
# A filter that waits in its first start, until there is a file go.
waiting_filter() {
  script filter 'if mkdir started 2>/dev/null; then until [[ -e go ]]; do sleep 0.01; done; fi
exec cat'
}

@test "one process at a time runs the shards of a directory, or joins them; the message to the other one names it" {
  seq 100000 >in.txt
  waiting_filter
  start_in_background --shards 3 --shard-dir d -i in.txt -o out.txt -- ./filter
  wait_until test -d started
  local host
  host=$(uname -n | tr -c 'a-zA-Z0-9_\n-' _)
  local who="cannot use '$PWD/d': mrf-run with process id $run on host '$host' runs or joins its shards"
  for words in '--shards 3' --shard-join; do
    set -- -i in.txt -o out.txt -- ./filter
    [[ $words != --shard-join ]] || set --
    # shellcheck disable=SC2086
    run_apart mrf-run $words --shard-dir d "$@"
    assert_status 1
    assert_stderr_has "$who; when that has ended, the same command continues where it stopped"
    [[ ! -e out.txt ]]
  done
  mrf-run --shard-run 2 --shard-dir d
  touch go
  wait "$run"
  cmp in.txt out.txt
  assert_files filter go in.txt out.txt started stderr.txt
}

@test "many processes with one command: each ends with the output, or says that another one works on it" {
  seq 20000 >in.txt
  for _ in 1 2 3; do
    local all=()
    for number in 1 2 3 4; do
      mrf-run --shards 3 --shard-dir d -i in.txt -o out.txt -- cat 2>"stderr.$number" &
      all+=($!)
    done
    local right=0
    for number in 1 2 3 4; do
      if wait "${all[number - 1]}"; then
        right=$((right + 1))
      else
        grep -q 'runs or joins its shards\|its plan is gone' "stderr.$number" || { cat "stderr.$number" && false; }
      fi
    done
    ((right > 0)) || { cat stderr.* && false; }
    cmp in.txt out.txt
    [[ ! -e d ]] || { find d && cat stderr.* && false; }
    rm out.txt
  done
}

@test "a run that was killed keeps nobody away" {
  seq 100000 >in.txt
  waiting_filter
  start_in_background --shards 3 --shard-dir d -i in.txt -o out.txt -- ./filter
  wait_until test -d started
  kill -KILL "$run"
  wait "$run" && return 1
  mrf-run --shards 3 --shard-dir d -i in.txt -o out.txt -- ./filter
  cmp in.txt out.txt
  touch go
  wait_until assert_nothing_left
  [[ ! -e d ]]
}

@test "a plan that goes while its shards run: that is said, and nothing is made" {
  seq 1000 >in.txt
  waiting_filter
  start_in_background --shards 2 --shard-dir d -i in.txt -o out.txt -- ./filter
  wait_until test -d started
  rm -r d
  touch go
  local status=0
  wait "$run" || status=$?
  [[ $status == 1 ]]
  grep -qF "cannot use '$PWD/d': its plan is gone, or another one is there: another run has joined" stderr.txt
  [[ ! -e out.txt && ! -e d/plan.json ]]
}

@test "a plan.json, a Snakefile and a batch script of others stay as they are" {
  seq 1000 >in.txt
  mkdir d e
  echo '{"schema": "of somebody"}' >d/plan.json
  cp d/plan.json before.json
  run_apart mrf-run --shards 2 --shard-dir d -i in.txt -o out.txt -- cat
  assert_status 2
  assert_stderr_has "cannot use '$PWD/d': its plan.json is not a plan of shards, or is damaged; name another directory"
  cmp before.json d/plan.json
  assert_files before.json d d/plan.json e in.txt
  mrf-run --shards 2 --shard-dir e --shard-plan -i in.txt -o out.txt -- cat
  mkdir e/snakemake e/logs
  for name in snakemake/Snakefile logs/sbatch.sh; do
    echo 'rule mine:' >e/$name
    engine=snakemake
    [[ $name != logs/* ]] || engine=slurm
    [[ $engine == snakemake ]] || slurm_that_answers
    run_apart mrf-run --shards 2 --shard-dir e --engine $engine -i in.txt -o out.txt -- cat
    assert_status 2
    assert_stderr_has "cannot write '$PWD/e/$name': it is there, and not of mrf-run"
    [[ $(<e/$name) == 'rule mine:' ]]
  done
  mrf-run --shards 2 --shard-dir e -i in.txt -o out.txt -- cat
  cmp in.txt out.txt
  [[ $(cat e/snakemake/Snakefile e/logs/sbatch.sh) == $'rule mine:\nrule mine:' ]]
}
# Enough of Slurm for the first question.
slurm_that_answers() {
  mkdir -p bin
  script bin/scontrol 'echo "MaxArraySize            = 1001"'
  PATH=$PWD/bin:$PATH
}

@test "a Slurm that does not answer: that is said while it is waited for" {
  seq 1000 >in.txt
  mkdir bin
  script bin/scontrol 'until [[ -e go ]]; do sleep 0.05; done; exit 1'
  PATH=$PWD/bin:$PATH
  start_in_background --shards 2 --engine slurm -i in.txt -o out.txt -- cat
  wait_until grep -q 'mrf-run: waits for Slurm, whose controller has not answered' stderr.txt
  touch go
  wait "$run" && return 1 || status=$?
  [[ $status == 5 ]]
  [[ $(<stderr.txt) != *'shards are done'* ]]
}

@test "a plan that is made anew is another one" {
  seq 1000 >in.txt
  for name in one two; do
    mrf-run --shards 2 --shard-dir d --shard-plan -i in.txt -o out.txt -- cat
    mrf-run --shard-run 0 --shard-dir d
    mv d/receipts/0.json $name.receipt
    jq -r .id d/plan.json >$name
    rm -r d
  done
  grep -qE '^[0-9a-f]{32}$' one
  [[ $(<one) != "$(<two)" && $(jq .plan one.receipt) != "$(jq .plan two.receipt)" ]]
}

@test "a word is told apart by where it stands, not by how it is spelled" {
  { echo '-v of the header' && echo '-v and more' && seq 1000; } >in.txt
  mrf-run --header-prefix -v -i in.txt -o one.txt -- grep -v 7
  mrf-run --shards 3 --header-prefix -v -i in.txt -o out.txt -- grep -v 7
  cmp one.txt out.txt
  mrf-run --shards 3 --shard-plan --header-prefix --shard-join -i in.txt -o out.txt -- cat
  [[ $(jq -r '.arguments | join(" ")' out.txt.shards/plan.json) == \
    '--header-prefix --shard-join -i in.txt -o out.txt -- cat' ]]
  mrf-run --shard-run 1 --cpus 1 --shard-dir out.txt.shards
  rm -r out.txt.shards
  { echo '--cpus=9' && seq 1000; } >in.txt
  mrf-run --shards 2 --shard-plan --header-prefix --cpus -i in.txt -o out.txt -- cat
  mrf-run --shard-run 0 --cpus 1 --shard-dir out.txt.shards
  mrf-run --shard-run 1 --shard-dir out.txt.shards
  mrf-run --shard-join --shard-dir out.txt.shards
  cmp in.txt out.txt
}

@test "what the shards say is shown, and kept in a log each until the join has succeeded" {
  seq 3000 >in.txt
  # shellcheck disable=SC2016
  script filter 'read -r n
echo "begins with $n" >&2
[[ $n == 1 || -e mended ]] || exit 9
echo "$n"; exec cat'
  run_apart mrf-run --shards 2 --shard-dir d --keep-dir -i in.txt -o out.txt -- ./filter
  assert_status 9
  assert_stderr_has 'begins with 1'
  assert_stderr_has "cannot finish 'shard 1'"
  grep -qx '.*begins with 1' d/logs/0.log
  grep -q "cannot finish 'shard 1'" d/logs/1.log
  local first
  first=$(sed -n 's/^.*begins with //p' d/logs/1.log)
  ((first > 1))
  assert_stderr_has "records and lines of 'shard 1' are counted from its first one, which is record $first of 'in.txt'"
  [[ $stderr != *'has changed'* ]]
  touch mended
  echo '# mended' >>filter
  run_apart mrf-run --shards 2 --shard-dir d --keep-dir -i in.txt -o out.txt -- ./filter
  assert_status 0
  assert_stderr_has "'./filter' has changed since shard 0 was made; what is done stays; to run all shards again, remove the directory '$PWD/d'"
  cmp in.txt out.txt
  [[ $(grep -c 'begins with' d/logs/1.log) == 2 ]]
  rm -r d
  mrf-run --shards 2 --shard-dir d -i in.txt -o out.txt -- ./filter
  [[ ! -e d ]]
}

@test "a malformed record of a later shard is counted within the shard, and that is said" {
  seq 20000 | awk '{ print "@r" $1 "\nACGT\n+\n" ($1 == 18000 ? "II" : "IIII") }' >in.fastq
  run_apart mrf-run --shards 2 -i in.fastq -o out.fastq -- cat
  assert_status 3
  assert_stderr_has "cannot read 'shard 1 of in.fastq': record "
  assert_stderr_has "records and lines of 'shard 1' are counted from its first one, which is record "
  local number first
  number=$(sed -n "s/.*'shard 1 of in.fastq': record \([0-9]*\).*/\1/p" <<<"$stderr" | head -n 1)
  first=$(sed -n "s/.*which is record \([0-9]*\) of 'in.fastq'.*/\1/p" <<<"$stderr" | head -n 1)
  [[ $((first + number - 1)) == 18000 ]]
}

@test "--write-index belongs to the join: without it the parts that are there are joined" {
  input=$(small_bam 2000)
  script unsorted 'echo >>starts; samtools sort -n -u -'
  run_apart mrf-run --shards 3 --record bam --write-index -i "$input" -o out.bam -- ./unsorted
  assert_status 3
  assert_stderr_has 'the parts stay: without --write-index they are joined without an index'
  before=$(wc -l <starts)
  [[ ! -e out.bam ]]
  mrf-run --shards 3 --record bam -i "$input" -o out.bam -- ./unsorted
  [[ $(wc -l <starts) == "$before" && -e out.bam && ! -e out.bam.bai && ! -e out.bam.shards ]]
  rm out.bam

  steps() {
    mrf-run --shards 2 --shard-plan "$@" -i "$input" -o out.bam -- cat
    mrf-run --shard-run 0 --shard-dir out.bam.shards
    mrf-run --shard-run 1 --shard-dir out.bam.shards
  }
  steps --write-index
  mrf-run --shard-join --shard-dir out.bam.shards
  [[ -e out.bam.bai ]]
  rm out.bam*
  steps --write-index
  mrf-run --shard-join --write-index=false --shard-dir out.bam.shards
  [[ -e out.bam && ! -e out.bam.bai ]]
  rm out.bam*
  steps
  mrf-run --shard-join --write-index --shard-dir out.bam.shards
  cp out.bam copy.bam
  samtools index -b copy.bam
  cmp out.bam.bai copy.bam.bai
  run_apart mrf-run --shard-run 0 --write-index --shard-dir out.bam.shards
  assert_status 2
}

# Arrays of BAM records in optional fields, as in mrf-run-shards-faults.bats.
@test "a BAM with an index is cut where it says, though false records are in front of that" {
  python3 - <<'END' | samtools view --no-PG -b -o in.bam
import struct
body = struct.pack("<iiBBHHHIiii", 0, 9, 5, 30, 4681, 1, 0, 40, -1, -1, 0) + b"fake\0" + struct.pack("<I", 40 << 4)
body += b"\x12" * 20 + b"\x1e" * 40
array = ",".join(map(str, (struct.pack("<I", len(body)) + body) * 3000))
print("@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:r0\tLN:100000000")
for at in range(40):
    for other in range(40):
        position = at * 1000000 + other * 20000 + 1
        more = f"\tXB:B:C,{array}" if other == 20 else ""
        print(f"r{at}/{other}\t0\tr0\t{position}\t30\t40M\t*\t0\t0\t{'ACGT' * 10}\t{'?' * 40}{more}")
END
  local misled=() tried=(3 5 8)
  [[ -z ${MRF_TEST_FULL-} ]] || mapfile -t tried < <(seq 2 20)
  for shards in "${tried[@]}"; do
    run_apart mrf-run --shards "$shards" -i in.bam -o out.bam -- cat
    ((status == 0)) || misled+=("$shards")
    rm -rf out.bam out.bam.shards
  done
  echo "without an index: ${misled[*]}"
  ((${#misled[@]} > 0))
  for kind in -b -c; do
    samtools index $kind in.bam
    for shards in "${misled[@]}"; do
      mrf-run --shards "$shards" -i in.bam -o out.bam -- cat
      cmp <(samtools view out.bam) <(samtools view in.bam)
      rm out.bam
    done
    rm in.bam.*
  done
}

@test "an index that is damaged, of another file, or older: no other result" {
  input=$(small_bam 20000)
  cp "$input" in.bam
  samtools sort -n -o names.bam in.bam
  mkfifo fifo
  samtools index -b in.bam right.bai
  samtools index -c in.bam right.csi
  samtools sort --no-PG -l 0 -o other.bam in.bam
  samtools index -b other.bam other.bai
  head -c 100 right.bai >cut.bai
  cp right.bai flipped.bai
  printf '\xff\xff\xff' | dd of=flipped.bai bs=1 seek=90 conv=notrunc status=none
  for index in right other cut flipped; do
    for target in in.bam in.bam.bai; do [[ $target != *.bai ]] || cp $index.bai in.bam.bai; done
    touch -d yesterday in.bam.bai
    mrf-run --shards 7 -i in.bam -o out.bam -- cat
    cmp <(samtools view out.bam) <(samtools view in.bam)
    rm in.bam.bai
  done
  for index in right.csi fifo; do
    ln -f $index in.bam.csi 2>/dev/null || mkfifo in.bam.csi
    mrf-run --shards 7 -i in.bam -o out.bam -- cat
    cmp <(samtools view out.bam) <(samtools view in.bam)
    rm in.bam.csi
  done
}

@test "plan and receipts, and their names, are on disk when they are published" {
  seq 1000 >in.txt
  strace -f -qq -y -o trace -e trace=fsync mrf-run --shards 2 --shard-dir d --shard-plan -i in.txt -o out.txt -- cat
  grep -q "fsync([0-9]*<$PWD/d>) *= 0" trace
  strace -f -qq -y -o trace -e trace=fsync mrf-run --shard-run 1 --shard-dir d
  grep -q "fsync([0-9]*<$PWD/d/receipts>) *= 0" trace
  # The directory of the FIFOs is removed with what is in it.
  [[ $(grep -c '/mrf-run\.[0-9a-f]*/' trace) == 0 ]]
  run_apart strace -f -qq -o /dev/null -P "$PWD/d/receipts" -e trace=fsync -e inject=fsync:error=EIO \
    mrf-run --shard-run 0 --shard-dir d
  assert_status 1
  [[ ! -e d/receipts/0.json ]]
}

@test "a file system without locks: shards run and are joined nevertheless; another failure is said" {
  command -v strace >/dev/null || skip "strace is not installed"
  seq 1000 >in.txt
  mkdir d
  for error in ENOLCK ENOSYS EOPNOTSUPP; do
    strace -f -qq -o trace -P "$PWD/d/mrf-run.lock" -e trace=fcntl -e "inject=fcntl:error=$error" \
      mrf-run --shards 2 --shard-dir d -i in.txt -o out.txt -- cat
    grep -q F_SETLK trace
    cmp in.txt out.txt
    rm out.txt
    mkdir d
  done
  run_apart strace -f -qq -o trace -P "$PWD/d/mrf-run.lock" -e trace=fcntl -e inject=fcntl:error=EIO \
    mrf-run --shards 2 --shard-dir d -i in.txt -o out.txt -- cat
  assert_status 1
  assert_stderr_has "cannot lock '$PWD/d/mrf-run.lock': Input/output error"
  [[ ! -e out.txt ]]
}
