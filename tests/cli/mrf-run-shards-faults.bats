#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Inputs, plans, disks and filters that are not as they should be, beside those of mrf-run-shards.bats: status 0
# only with the result of one machine, and a mended fault costs only the shards that lack.

load common
load run

content_of() { bgzip -dc "$1" | sha256sum; }
# FILE TEXT: an executable.
script() {
  printf '#!/bin/bash\n%s\n' "$2" >"$1"
  chmod +x "$1"
}
# Either the content of $1 and status 0, or status 3 without a result.
right_or_refused() {
  if [[ $status == 0 ]]; then
    [[ $(content_of out.bam) == "$(content_of "$1")" ]] || show_result "other records"
  else
    assert_status 3
    assert_stderr_has 'the cut at the end of shard'
    [[ ! -e out.bam ]]
  fi
  rm -rf out.bam out.bam.shards
}

@test "a filter that fails in shard 7 of 40, then is corrected: each shard has run once, and this one twice" {
  seq 400000 >in.txt
  # shellcheck disable=SC2016
  script filter 'echo >>runs
[[ ! -e broken ]] || exec awk '\''$1 == 85000 { exit 9 } { print }'\''
exec cat'
  touch broken
  run_apart mrf-run --shards 40 --shard-dir d -c 1000000 -i in.txt -o out.txt -- ./filter
  assert_status 9
  [[ ! -e out.txt ]]
  run_apart mrf-run --shard-status --shard-dir d
  [[ $output == $'7 of 40 '*$'\nwithout: 7 8 '* ]]
  cp d/receipts/3.json receipt
  echo '{}' >d/receipts/3.json
  run_apart mrf-run --shard-status --shard-dir d
  [[ $output == $'6 of 40 '*$'\nunusable: 3' ]]
  mv receipt d/receipts/3.json
  rm broken
  mrf-run --shards 40 --shard-dir d -c 1000000 -i in.txt -o out.txt -- ./filter
  cmp out.txt in.txt
  [[ $(wc -l <runs) == 41 ]]
  assert_files filter in.txt out.txt runs
}

@test "an input that changes while a shard reads it" {
  seq 200000 >in.txt
  # shellcheck disable=SC2016
  script filter '[[ ! -e change ]] || { rm change && echo more >>in.txt; }
exec cat'
  touch change
  run_apart mrf-run --shards 4 -i in.txt -o out.txt -- ./filter
  assert_status 3
  assert_stderr_has 'changed'
  [[ ! -e out.txt ]]
  run_apart mrf-run --shards 4 -i in.txt -o out.txt -- ./filter
  assert_status 2
  assert_stderr_has "the input 'in.txt' has changed since its shards were planned"
  rm -r out.txt.shards
  mrf-run --shards 4 -i in.txt -o out.txt -- ./filter
  cmp out.txt in.txt
  cp "$(small_bam 20000)" in.bam
  # shellcheck disable=SC2016
  script touching '[[ ! -e change ]] || { rm change && touch -d 2001-02-03 in.bam; }
exec cat'
  touch change
  run_apart mrf-run --shards 4 -i in.bam -o out.bam -- ./touching
  assert_status 3
  assert_stderr_has "cannot read 'in.bam': it was changed while it was read"
  [[ ! -e out.bam && -z $(find out.bam.shards/receipts -type f) ]]
}

@test "runs that plan one directory at the same time: one plan, the others are refused" {
  seq 100000 >in.txt
  local shards all=() status statuses=''
  for shards in 2 3 4 5; do
    mrf-run --shards $shards --shard-dir d --shard-plan -i in.txt -o out.txt -- cat 2>"stderr.$shards" &
    all+=($!)
  done
  for shards in 2 3 4 5; do
    wait "${all[shards - 2]}" && status=0 || status=$?
    statuses+=" $status"
    if ((status == 0)); then
      [[ $(jq .shards d/plan.json) == "$shards" ]]
    else
      grep -qF "it holds a plan for --shards $(jq .shards d/plan.json), not $shards" "stderr.$shards"
    fi
  done
  [[ $(tr ' ' '\n' <<<"$statuses" | sort | tr -d '\n') == 0222 ]]
  assert_files d d/attempts d/parts d/plan.json d/receipts in.txt stderr.2 stderr.3 stderr.4 stderr.5
}

@test "a full disk at the join: status 1 without a result, and with room only the join is left" {
  seq 200000 >in.txt
  # shellcheck disable=SC2016
  run_apart with_small_disk 1M bash -c '
    echo before >disk/out.txt
    mrf-run --shards 3 --shard-dir d -i in.txt -o disk/out.txt -- cat; status=$?
    ls disk; cat disk/out.txt
    exit $status'
  assert_status 1
  assert_stderr_has 'No space left on device'
  assert_output_is $'out.txt\nbefore'
  before=$(sha256sum d/receipts/*)
  run_apart with_small_disk 8M bash -c 'mrf-run --shard-join --shard-dir d && cmp in.txt disk/out.txt'
  assert_status 0
  [[ -n $before && ! -e d ]]
}

@test "an output or a working directory that cannot be looked at is named" {
  seq 10 >in.txt
  ln -s loop loop
  run_apart mrf-run --shards 2 -i in.txt -o loop/out.txt -- cat
  assert_status 1
  assert_stderr_is "mrf-run: cannot write 'loop/out.txt': Too many levels of symbolic links"
  local input=$PWD/in.txt text="mrf-run: cannot find 'working directory': No such file or directory"
  mkdir gone && cd gone && rmdir ../gone
  for words in "--shards 2 -i $input -o out.txt -- cat" "--shards 2 --shard-dir ${input%/*}/d -i $input -o $input.out -- cat" \
    "--shard-run 0 --shard-dir d"; do
    # shellcheck disable=SC2086
    run -1 mrf-run $words
    [[ $output == "$text" ]]
  done
}

@test "mrf-run is killed: the next run goes on" {
  seq 100000 >in.txt
  script filter '[[ ! -e wait ]] || { touch waits && exec sleep 1000; }
exec cat'
  mrf-run --shards 3 --shard-dir d --shard-plan -i in.txt -o out.txt -- ./filter
  mrf-run --shard-run 0 --shard-dir d
  touch wait
  start_in_background --shards 3 --shard-dir d -i in.txt -o out.txt -- ./filter
  wait_until test -e waits
  kill -KILL "$run"
  wait "$run" && return 1
  wait_until assert_nothing_left
  rm wait waits
  [[ ! -e out.txt ]]
  mrf-run --shards 3 --shard-dir d -i in.txt -o out.txt -- ./filter
  cmp in.txt out.txt
  assert_files filter in.txt out.txt stderr.txt
}

@test "the process of a shard is killed: that is said, nothing is left, and the same command goes on" {
  seq 1000 >in.txt
  script filter '[[ ! -e wait ]] || { touch waits && exec sleep 1000; }
exec cat'
  touch wait
  start_in_background --shards 2 --shard-dir d -i in.txt -o out.txt -- ./filter
  wait_until test -e waits
  kill -KILL "$(pgrep -o -f -- "--shard-run 0 --shard-dir $PWD/d\$")"
  local status=0
  wait "$run" || status=$?
  [[ $status == 137 ]]
  grep -qF "cannot finish 'shard 0': signal 9 (Killed) has ended it; the same command runs it again" stderr.txt
  assert_nothing_left
  [[ ! -e out.txt && -z $(ls -A d/parts) ]]
  rm wait waits
  mrf-run --shards 2 --shard-dir d -i in.txt -o out.txt -- ./filter
  cmp in.txt out.txt
  assert_files filter in.txt out.txt stderr.txt
}

# Arrays of BAM records in optional fields, with and without a byte behind them, large enough for a whole row.
@test "a BAM that holds false records: the records of one machine, or status 3" {
  for records in 20 3000; do
    for behind in '' $'\tXA:A:x'; do
      python3 - "$records" "$behind" <<'END' | samtools view --no-PG -b -o in.bam
import struct, sys
body = struct.pack("<iiBBHHHIiii", 0, 9, 5, 30, 4681, 1, 0, 40, -1, -1, 0) + b"fake\0" + struct.pack("<I", 40 << 4)
body += b"\x12" * 20 + b"\x1e" * 40
array = ",".join(map(str, (struct.pack("<I", len(body)) + body) * int(sys.argv[1])))
print("@HD\tVN:1.6\n@SQ\tSN:r0\tLN:1000")
for at in range(12):
    print(f"r{at}\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\tIIII\tXB:B:C,{array}{sys.argv[2]}")
    for other in range(40):
        print(f"r{at}/{other}\t0\tr0\t10\t30\t40M\t*\t0\t0\t{'ACGT' * 10}\t{'?' * 40}")
END
      for shards in 1 2 3 4 5 7 11 16; do
        run_apart mrf-run --shards $shards -i in.bam -o out.bam -- cat
        right_or_refused in.bam
      done
    done
  done
}

@test "blocks that begin anywhere, end-of-file blocks in the midst, a large header, one record in each block" {
  input=$(small_bam 5000)
  bgzip -dc "$input" | bgzip -c >any.bam
  { head -c -28 any.bam && bgzip -c </dev/null && bgzip -c </dev/null && bgzip -c </dev/null; } >ends.bam
  { samtools view -H "$input" && yes $'@CO\tsome words' | head -n 30000 && samtools view "$input"; } |
    samtools view --no-PG -b -o header.bam
  for name in any ends header; do
    for shards in 2 9; do
      mrf-run --shards $shards -i $name.bam -o out.bam -- cat
      [[ $(content_of out.bam) == "$(content_of $name.bam)" ]]
    done
  done
  { for number in 1 2 3 4; do seq $((number * 50000)) | bgzip -c; done; } >in.txt.gz
  mrf-run --shards 5 -i in.txt.gz -o out.txt -- cat
  cmp out.txt <(bgzip -dc in.txt.gz)
}

@test "names, directories and words that hold what is special in a workflow, a shell or JSON" {
  # shellcheck disable=SC2016
  local name=$'a b\'c"d$e\\f[i] in:x {},é'
  mkdir "$name" && cd "$name"
  seq 1000 >"$name.txt"
  # shellcheck disable=SC2016
  run_apart mrf-run --shards 3 -i "$name.txt" -o "out $name.txt" -- awk -v 'x=$n in:y ${z} [n] \\ ' '{ print x, $1 }'
  assert_status 0
  cmp "out $name.txt" <(awk -v 'x=$n in:y ${z} [n] \\ ' '{ print x, $1 }' "$name.txt")
  assert_files "$name.txt" "out $name.txt"
  local other=$'-a\nb %a\\'
  cp "$(small_bam)" "./$other.bam"
  mrf-run --shards 2 --shard-dir="-d$other" --keep-dir -i "$other.bam" -o "-o$other.bam" -- cat
  [[ $(content_of "./-o$other.bam") == "$(content_of "./$other.bam")" ]]
  for print in sbatch snakefile; do
    run_apart mrf-run --shards 2 --shard-dir "-e$other" --print-$print -i "$other.bam" -o "-p$other.bam" -- cat
    assert_status 2
    assert_output_is ''
    assert_stderr_has 'name another'
  done
}

@test "mrf-run that is not in PATH" {
  seq 1000 >in.txt
  PATH=${PATH#"$BIN:"} run_apart "$BIN/mrf-run" --shards 3 -i in.txt -o out.txt -- cat
  assert_status 0
  cmp in.txt out.txt
}

@test "a step takes the command from the plan, and no other option or filter" {
  seq 1000 >in.txt
  mrf-run --shards 3 --shard-dir d --shard-plan --kill-after 3 --pipe-size 64K --stall-timeout 60 -i in.txt -o out.txt -- cat
  while IFS='|' read -r words text; do
    # shellcheck disable=SC2086
    run_apart mrf-run --shard-dir d $words
    assert_status 2
    assert_stderr_has "cannot use '$text': a step of a plan takes"
    [[ ! -e d/receipts/1.json && ! -e out.txt ]]
  done <<'E'
--shard-run 1 -F 16|-F
--shard-run 1 --header-lines 1|--header-lines
--shard-run 1 -q 20|-q
--shard-run 1 -i other.txt|-i
--shard-run=1 --order=any|--order=any
--shard-run 1 --progress --order any|--order
--shard-run 1 tac|tac
--shard-run 1 -- tac|--
--shard-join -o other.txt|-o
--shard-status -n 3|-n
E
  mrf-run --shard-run=1 --shard-dir=d --cpus 1 -v --progress none --kill-after 1 --pipe-size=128K --stall-timeout 30
  mrf-run --shard-run 0 --shard-dir d --cpus=1 --quiet --stats stats.json
  mrf-run --shard-run 2 --shard-dir d
  mrf-run --shard-join --shard-dir d --verbose
  cmp in.txt out.txt
}

@test "each byte of the input is read once, and at most 512 KiB besides for each shard" {
  command -v strace >/dev/null || skip "strace is not installed"
  cp "$(small_bam 100000)" in.bam
  bytes_read() {
    rm -f calls.*
    strace -ff -y -qq -e trace=read,pread64,readv,preadv,preadv2 -o calls "$@" # a file for each thread
    cat calls.* | awk '/in\.bam>/ { bytes += $NF } END { printf "%d\n", bytes }'
  }
  local size shard total
  size=$(stat -c %s in.bam)
  ((size > 6 << 20))
  total=$(bytes_read mrf-run --shards 4 --shard-dir d --shard-plan -i in.bam -o out.bam -- cat)
  ((total <= 4 * (256 << 10)))
  for shard in 0 1 2 3; do
    total=$((total + $(bytes_read mrf-run --shard-run $shard --shard-dir d)))
  done
  ((total >= size && total <= size + 4 * (512 << 10))) || { echo "$total of $size" && false; }
  total=$(bytes_read mrf-run --shard-join --shard-dir d)
  ((total <= 64 << 10)) # what its kind is
  [[ $(content_of out.bam) == "$(content_of in.bam)" ]]
}

@test "pysam and picard read the joined BAM, and samtools makes its index" {
  input=$(small_bam 20000)
  mrf-run --shards 7 -i "$input" -o out.bam -- cat
  samtools quickcheck out.bam
  samtools index out.bam
  samtools index -o in.bai "$input"
  for region in chr1 chr2:1000-900000 chrX; do
    cmp <(samtools view --no-PG out.bam $region) <(samtools view --no-PG -X "$input" in.bai $region)
  done
  python3 -c 'import pysam' 2>/dev/null || PATH=/usr/bin:$PATH
  if python3 -c 'import pysam' 2>/dev/null; then
    python3 - out.bam "$input" <<'END'
import sys, pysam
files = [[record.to_string() for record in pysam.AlignmentFile(path, "rb")] for path in sys.argv[1:]]
assert files[0] == files[1] and len(files[0]) == 20000
END
  fi
  command -v PicardCommandLine >/dev/null || skip "picard-tools is not installed"
  PicardCommandLine ViewSam -I out.bam --ALIGNMENT_STATUS All --PF_STATUS All --QUIET true --VERBOSITY ERROR --VALIDATION_STRINGENCY SILENT >picard.sam
  cmp <(awk -F '\t' '!/^@/ && NF > 10' picard.sam | cut -f 1-11) \
    <(samtools view "$input" | cut -f 1-11)
}

@test "--stats is of the command or of one step, never of the records that a shard reads" {
  seq 1000 >in.txt
  for file in - /dev/stdout stats.json; do
    run_apart mrf-run --shards 3 --stats "$file" -i in.txt -o out.txt -- cat
    assert_status 0
    cmp in.txt out.txt
    [[ $file == stats.json ]] || printf '%s\n' "$output" >stats.json
    jq -se 'length == 1 and .[0].tool == "mrf-run" and .[0].status == 0' stats.json
    rm stats.json out.txt
  done
  mrf-run --shards 3 --shard-dir d --shard-plan --stats=- -i in.txt -o out.txt -- cat >stats.json
  for words in '--shard-read 0 --shard-dir d' '-i in.txt -- cat' '-i in.txt -o - -- cat'; do
    for file in - /dev/stdout; do
      # shellcheck disable=SC2086
      run_apart mrf-run --stats "$file" $words
      assert_status 2
      assert_stderr_has "cannot use option '--stats': standard output takes the data; give it a file"
      assert_output_is ''
    done
  done
  mrf-run --shard-read 0 --shard-dir d --stats stats.json >shard.txt
  cmp shard.txt <(head -n "$(jq .records_out stats.json)" in.txt)
  # Another file of --stats does not make it another command.
  mrf-run --shards 3 --shard-dir d --stats other.json -i in.txt -o out.txt -- cat
  cmp in.txt out.txt
}

@test "--add-pg: the line is that of the command, whatever words a step has of its own" {
  input=$(small_bam 20000)
  mrf-run --shards 3 --add-pg -i "$input" -o whole.bam -- cat
  mrf-run --shards 3 --shard-dir d --shard-plan --add-pg -i "$input" -o out.bam -- cat
  mrf-run --shard-run 0 --shard-dir d
  mrf-run --shard-run 1 --shard-dir d --cpus 1 --stats stats.json --pipe-size 64K
  mrf-run --shard-run 2 --shard-dir d --kill-after 3 --stall-timeout=60
  mrf-run --shard-join --shard-dir d --kill-after 2
  cmp <(samtools view -h --no-PG out.bam) <(samtools view -h --no-PG whole.bam | sed 's/whole\.bam/out.bam/')
}

@test "SAM whose last line has no newline is cut off, as on one machine; --permissive takes it" {
  samtools view -h --no-PG -o in.sam "$(small_bam 2000)"
  head -c -1 in.sam >cut.sam
  bgzip -c cut.sam >cut.sam.gz
  for input in cut.sam cut.sam.gz; do
    run_apart mrf-run -i $input -o one.bam -- cat
    assert_status 3
    for shards in 1 3; do
      rm -f out.bam
      run_apart mrf-run --shards $shards -i $input -o out.bam -- cat
      assert_status 3
      assert_stderr_has 'no newline, as if it were cut off'
      [[ ! -e out.bam ]]
      rm -r out.bam.shards
      mrf-run --shards $shards --permissive -i $input -o out.bam -- cat 2>stderr.txt
      mrf-run --permissive -i $input -o one.bam -- cat 2>stderr.txt
      [[ $(content_of out.bam) == "$(content_of one.bam)" ]]
    done
  done
}

@test "a file system without hard links: a plan is published by a rename, or it is said why not" {
  seq 1000 >in.txt
  command=(mrf-run --shards 3 --shard-dir d --shard-plan -i in.txt -o out.txt -- cat)
  without_links() { run_apart strace -f -qq -o /dev/null -e 'trace=/^(link|renameat2)' -e inject=/^link:error=EPERM "$@"; }
  without_links -e inject=renameat2:error=EINVAL "${command[@]}"
  assert_status 1
  assert_stderr_is "mrf-run: cannot write '$PWD/d/plan.json': its file system has no hard links, and cannot rename \
without replacing a file; name a place on another one"
  [[ -z $(find d -type f) ]]
  without_links -e inject=renameat2:error=EEXIST "${command[@]}"
  [[ $status != 0 && -z $(find d -type f) ]]
  without_links "${command[@]}"
  assert_status 0
  [[ $(find d -type f) == d/plan.json ]]
  mrf-run --shards 3 --shard-dir d -i in.txt -o out.txt -- cat
  cmp in.txt out.txt
}

@test "all shards have receipts: neither --detach nor --print-sbatch has a job left" {
  seq 1000 >in.txt
  words=(--shards 3 --shard-dir d -i in.txt -o out.txt)
  mrf-run --shard-plan "${words[@]}" -- cat
  for shard in 0 1 2; do mrf-run --shard-run "$shard" --shard-dir d; done
  run_apart mrf-run --detach --engine slurm "${words[@]}" -- cat
  assert_status 0
  assert_stderr_is 'mrf-run: all shards have a receipt; the same command without --detach joins their parts'
  run_apart mrf-run --print-sbatch "${words[@]}" -- cat
  assert_status 2
  assert_output_is ''
  assert_stderr_has "cannot use option '--print-sbatch': all shards have a receipt, and no job is left"
  [[ ! -e d/logs && ! -e out.txt ]]
  mrf-run "${words[@]}" -- cat
  cmp in.txt out.txt
}

@test "what NFS calls stale is opened anew some times; then it is an error that names it" {
  command -v strace >/dev/null || skip "strace is not installed"
  seq 1000 >in.txt
  mrf-run --shards 2 --shard-dir d --shard-plan --keep-dir -i in.txt -o out.txt -- cat
  # CALL PATH TIMES WORD...: mrf-run WORD..., whose CALLs of PATH fail as often.
  stale() {
    run_apart strace -f -qq -o trace -P "$PWD/$2" -P "$2" -e "trace=$1" -e "inject=$1:error=ESTALE:when=1..$3" \
      mrf-run "${@:4}" --shard-dir d
    grep -q 'ESTALE.*(INJECTED)' trace
  }
  parts=()
  for shard in 0 1; do
    stale openat d/plan.json 2 --shard-run "$shard"
    assert_status 0
    parts+=("d/parts/$(jq -r .part "d/receipts/$shard.json")")
  done
  while read -r call path word; do
    stale "$call" "$path" 2 "$word"
    assert_status 0
    [[ $word == --shard-status ]] || { cmp in.txt out.txt && rm out.txt; }
    stale "$call" "$path" 1000 "$word"
    assert_status 1
    assert_stderr_has "$path': Stale file handle"
    [[ ! -e out.txt ]]
  done <<END
openat d/plan.json --shard-status
read d/plan.json --shard-status
getdents64 d/receipts --shard-status
openat d/receipts/1.json --shard-join
read d/receipts/1.json --shard-join
openat ${parts[1]} --shard-join
read ${parts[0]} --shard-join
newfstatat in.txt --shard-join
END
}
