#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The shards of mrf-run(1) under Snakemake. The real one starts slowly, so each of its runs is to show much; what
# mrf-run makes of its end is shown with programs that take its place.

load common
load run

setup() {
  common_setup
  export HOME=$PWD/home XDG_CACHE_HOME=$PWD/home/cache
  mkdir home
  seq 20000 >in.txt
}

# A test that fails leaves mrf-run, the scheduler and its jobs.
teardown() {
  local file
  for file in "$MRF_TEST"/pid.*; do
    [[ ! -s $file ]] || kill -KILL -- "-$(<"$file")" 2>/dev/null || true
  done
  for file in ${scheduler:-} ${run:-}; do kill -KILL "$file" 2>/dev/null || true; done
  common_teardown
}

# FILE TEXT: an executable.
script() {
  printf '#!/bin/bash\n%s\n' "$2" >"$1"
  chmod +x "$1"
}

# A filter that fails in the shard with the record 10000 while the file broken is there, and counts its starts.
breaking_filter() {
  # shellcheck disable=SC2016
  script filter 'echo >>"$MRF_TEST/work/starts"
[[ -e $MRF_TEST/work/broken ]] || exec cat
exec awk '\''$1 == 10000 { print "no 10000" >"/dev/stderr"; exit 9 } { print }'\'
  touch broken
}

# A filter that says so and waits while the file slow is there.
slow_filter() {
  script filter '[[ ! -e slow ]] || { : >started && exec sleep 1000; }
exec cat'
  touch slow
}

# TEXT: a snakemake that takes the place of the real one. $shards are those whose receipts are missing.
false_snakemake() {
  mkdir -p false
  # shellcheck disable=SC2016
  script false/snakemake 'directory=$(dirname "$PWD")
echo "$PWD $*" >>"$MRF_TEST/snakemakes"
shards=$(mrf-run --shard-status --shard-dir "$directory" | sed -n "s/^without: //p")
run() { mrf-run --shard-run "$1" --shard-dir "$directory"; }
'"$1"
  PATH=$PWD/false:$PATH
}

@test "--print-snakefile: what is missing runs, the join when all is there, then nothing" {
  breaking_filter
  mkdir "it's \"1\" ü \$HOME"
  cd "it's \"1\" ü \$HOME"
  run_apart mrf-run --shards 5 --print-snakefile -i ../in.txt -o out.txt -- ../filter
  assert_status 0
  assert_stderr_is ''
  printf '%s\n' "$output" >Snakefile
  [[ -e out.txt.shards/plan.json && ! -e ../starts ]]
  run_apart snakemake --cores 2 --keep-going --keep-incomplete --ignore-incomplete --rerun-triggers mtime
  [[ $status != 0 && ! -e out.txt ]]
  [[ $(mrf-run --shard-status --shard-dir out.txt.shards) == '4 of 5 shards have a receipt'* ]]
  grep -q 'no 10000' out.txt.shards/logs/2.log
  rm ../broken
  : >../starts
  run_apart snakemake --cores 2 --keep-going --keep-incomplete --ignore-incomplete --rerun-triggers mtime
  assert_status 0
  cmp out.txt ../in.txt
  [[ $(wc -l <../starts) == 1 && ! -e out.txt.shards ]]
  made=$(stat -c '%i %y' out.txt)
  run_apart snakemake --cores 2
  assert_status 0
  [[ $(stat -c '%i %y' out.txt) == "$made" && $(wc -l <../starts) == 1 ]]
  assert_nothing_left
}

@test "names that Snakemake takes for patterns are refused, and nothing is made" {
  for way in --print-snakefile '--engine snakemake'; do
    # shellcheck disable=SC2086
    run_apart mrf-run --shards 2 $way -i in.txt -o 'out{a}.txt' -- cat
    assert_status 2
    assert_output_is ''
    assert_stderr_has 'braces'
    [[ ! -e 'out{a}.txt.shards' ]]
  done
  run_apart mrf-run --print-snakefile -i in.txt -o out.txt -- cat
  assert_status 2
  assert_stderr_has '--shards'
}

@test "--engine snakemake: a shard fails, its log is shown; the same command runs it and joins" {
  breaking_filter
  mkdir "it's \"1\" ü \$HOME"
  cd "it's \"1\" ü \$HOME"
  run_apart mrf-run --shards 5 --engine snakemake -i ../in.txt -o out.txt -- ../filter
  assert_status 9
  assert_output_is ''
  assert_stderr_has '1 of 5 shards have no receipt: 2'
  assert_stderr_has 'no 10000'
  [[ ! -e out.txt ]]
  rm ../broken
  : >../starts
  run_apart mrf-run --shards 5 --engine snakemake -i ../in.txt -o out.txt -- ../filter
  assert_status 0
  assert_stderr_is ''
  cmp out.txt ../in.txt
  [[ $(wc -l <../starts) == 1 ]]
  assert_nothing_left
  [[ $(find . -mindepth 1) == ./out.txt ]]
}

@test "whatever snakemake says, only receipts count" {
  false_snakemake 'exit 0'
  run_apart mrf-run --shards 5 --engine snakemake -i in.txt -o out.txt -- cat
  assert_status 1
  assert_stderr_has '5 of 5 shards have no receipt'
  [[ ! -e out.txt ]]
  # shellcheck disable=SC2016
  false_snakemake 'set -- $shards; run "$1"; exit 0'
  run_apart mrf-run --shards 5 --engine snakemake -i in.txt -o out.txt -- cat
  assert_status 1
  assert_stderr_has '4 of 5 shards have no receipt: 1 2 3 4'
  # shellcheck disable=SC2016
  false_snakemake 'for shard in $shards; do run "$shard"; done; echo wrong >&2; exit 7'
  run_apart mrf-run --shards 5 --engine snakemake -i in.txt -o out.txt -- cat
  assert_status 0
  cmp out.txt in.txt
  false_snakemake 'echo "no such profile" >&2; exit 7'
  run_apart mrf-run --shards 5 --engine snakemake -i in.txt -o out2.txt -- cat
  assert_status 1
  assert_stderr_has 'no such profile'
  [[ ! -e out2.txt ]]
}

@test "bad data: the status is that of the shard, and the last line says what to do" {
  # shellcheck disable=SC2016
  false_snakemake 'for shard in $shards; do run "$shard" 2>/dev/null; done; exit 1'
  script filter 'case $(head -n 1) in 1) cat >/dev/null && exit 9 ;; 7483) cat >/dev/null && exit 3 ;; *) cat ;; esac'
  command=(mrf-run --shards 3 --engine snakemake --order any -n 1 -i in.txt -o out.txt)
  run_apart "${command[@]}" -- ./filter
  assert_status 9
  assert_stderr_has '2 of 3 shards have no receipt: 0 1; with a mended filter the same command runs only these; another'
  false_snakemake 'exit 1'
  run_apart "${command[@]}" -- ./filter
  assert_status 1 # of an earlier command
  assert_stderr_has '2 of 3 shards have no receipt: 0 1; the same command runs only these'
  # What a shard finds behind its filter, which ended with 0, and in front of it.
  # shellcheck disable=SC2016
  false_snakemake 'for shard in $shards; do run "$shard" 2>/dev/null; done; exit 1'
  cp "$(small_bam 2000)" in.bam
  run_apart mrf-run --shards 2 --engine snakemake -i in.bam -o out.bam -- bash -c 'cat && touch in.bam'
  assert_status 3
  assert_stderr_has '2 of 2 shards have no receipt: 0 1; with a mended filter the same command runs only these; another'
  [[ $(jq -s -c 'map(.status)' out.bam.shards/attempts/*.json) == '[3,3]' ]]
}

@test "a filter that is only where the shards run: a warning, and the command of --combine is needed here" {
  # shellcheck disable=SC2016
  false_snakemake 'printf "#!/bin/sh\nexec cat\n" >../../node-filter
chmod +x ../../node-filter
for shard in $shards; do run "$shard"; done'
  run_apart mrf-run --shards 2 --engine snakemake -i in.txt -o out.txt -- ./node-filter
  assert_status 0
  assert_stderr "mrf-run: cannot execute './node-filter': No such file or directory; the machines that run the shards need it"
  cmp out.txt in.txt
  rm node-filter
  run_apart bash -c 'mrf-run --shards 2 --engine snakemake -i in.txt -o out2.txt --combine ./none -- ./node-filter; echo $?'
  assert_output_is 127
  [[ $stderr == *"'./none': No such file"* && ! -e out2.txt.shards ]]
}

@test "an empty directory of receipts, which Snakemake removes when it ends, is made again" {
  mrf-run --shards 2 --shard-plan -i in.txt -o out.txt -- cat
  rmdir out.txt.shards/receipts
  mrf-run --shards 2 -i in.txt -o out.txt -- cat
  cmp out.txt in.txt
}

@test "--retries N: exactly what is missing, up to N times again" {
  # shellcheck disable=SC2016
  false_snakemake 'set -- $shards; run "$1"'
  run_apart mrf-run --shards 4 --retries 2 --engine snakemake -i in.txt -o out.txt -- cat
  assert_status 1
  assert_stderr_has '1 of 4 shards have no receipt: 3'
  [[ $(wc -l <"$MRF_TEST/snakemakes") == 3 ]]
  run_apart mrf-run --shards 4 --retries 2 --engine snakemake -i in.txt -o out.txt -- cat
  assert_status 0
  cmp out.txt in.txt
  [[ $(wc -l <"$MRF_TEST/snakemakes") == 4 ]]
}

@test "--engine-args: words as in sh, behind what is given anyway; --cores unless they say how many" {
  # shellcheck disable=SC2016
  false_snakemake 'for shard in $shards; do run "$shard"; done'
  while IFS='|' read -r given has has_not; do
    : >"$MRF_TEST/snakemakes"
    mrf-run --shards 2 --engine snakemake --engine-args "$given" -i in.txt -o out.txt -- cat
    words=$(<"$MRF_TEST/snakemakes")
    [[ $words == *"$has" ]] || { echo "$given: $words" && false; }
    [[ -z $has_not || $words != *"$has_not"* ]] || { echo "$given: $words" && false; }
  done <<'END'
--cluster "sbatch -c {threads}" -j 3|--cluster sbatch -c {threads} -j 3|--cores
-j3|-j3|--cores
--jobs=3|--jobs=3|--cores
--profile slurm|--profile slurm|--cores
--latency-wait 7|--latency-wait 7|
END
  run_apart mrf-run --shards 2 --engine snakemake --engine-args "it's" -i in.txt -o out.txt -- cat
  assert_status 2
  run_apart mrf-run --shards 2 --engine-args -j2 -i in.txt -o out.txt -- cat
  assert_status 2
  mkdir few && ln -s "$(command -v env)" few
  # shellcheck disable=SC2016
  run_apart bash -c 'PATH=$PWD/few "$BIN/mrf-run" --shards 2 --engine snakemake -i in.txt -o out.txt -- env; echo $?'
  assert_output_is 127
  assert_stderr "mrf-run: cannot execute 'snakemake': no such command in PATH"
}

# A scheduler, whose jobs are no descendants of mrf-run: `submit JOBSCRIPT` and `cancel ID...`.
start_scheduler() {
  # shellcheck disable=SC2016
  script submit 'echo "$*" >>"$MRF_TEST/submitted"
cp "${@: -1}" "$MRF_TEST/job.$$" && echo $$ >"$MRF_TEST/jobs"
echo $$'
  # shellcheck disable=SC2016
  script cancel 'echo "$*" >>"$MRF_TEST/cancelled"
for job; do
  until [[ -s $MRF_TEST/pid.$job ]]; do sleep 0.02; done
  kill -- "-$(<"$MRF_TEST/pid.$job")"
done'
  mkfifo "$MRF_TEST/jobs"
  run_jobs >/dev/null 2>&1 3>&- &
  scheduler=$!
}
run_jobs() {
  local job
  exec 8<>"$MRF_TEST/jobs"
  while read -r job <&8 && [[ $job != end ]]; do
    env --default-signal setsid bash "$MRF_TEST/job.$job" </dev/null 8>&- &
    echo $! >"$MRF_TEST/pid.$job"
  done
  wait
}
stop_scheduler() {
  echo end >"$MRF_TEST/jobs"
  wait "$scheduler"
}

@test "--cluster: jobs of their own, with the threads of a shard; INT cancels them" {
  start_scheduler
  slow_filter
  export CI=true # Snakemake looks at its jobs once a second then, not every ten
  cluster="--cluster '$PWD/submit -c {threads}' --cluster-cancel '$PWD/cancel' -j 2 --latency-wait 60"
  start_in_background --shards 2 --engine snakemake --engine-args "$cluster" --cpus 3 -i in.txt -o out.txt -- ./filter
  wait_until test -e started
  kill -INT "$run"
  wait "$run" || status=$?
  [[ $status == 130 && -s $MRF_TEST/cancelled && ! -e out.txt ]]
  rm slow
  run_apart mrf-run --shards 2 --engine snakemake --engine-args "$cluster" --cpus 3 -i in.txt -o out.txt -- ./filter
  assert_status 0
  cmp out.txt in.txt
  (($(grep -c '^-c 3 ' "$MRF_TEST/submitted") >= 3))
  stop_scheduler
  assert_nothing_left
}

# Slurm as Snakemake sees it; the first job is lost, and nobody knows of it.
forgetful_slurm() {
  mkdir slurm
  # shellcheck disable=SC2016
  script slurm/sbatch 'echo x >>"$MRF_TEST/jobs"
id=$(wc -l <"$MRF_TEST/jobs")
last=${*: -1}
if ((id > 1)); then
  (env --default-signal setsid \
    bash -c "${last#--wrap=}" && echo COMPLETED >"$MRF_TEST/state.$id") >/dev/null 2>&1 3>&- &
fi
echo "Submitted batch job $id"'
  # shellcheck disable=SC2016
  script slurm/sacct '[[ "$*" == *"-j "* ]] || exit 0
id=${*: -1}
state=UNKNOWN
((id == 1)) || state=$(cat "$MRF_TEST/state.$id" 2>/dev/null || echo RUNNING)
echo "$id|$state"'
  script slurm/sinfo 'echo "low*"'
  # shellcheck disable=SC2016
  script slurm/srun 'shift 2
exec "$@"'
  PATH=$PWD/slurm:$PATH
  export USER=somebody
}

@test "--slurm: a job that is lost, which Snakemake takes for done, is run again" {
  forgetful_slurm
  run_apart mrf-run --shards 2 --retries 1 --engine snakemake \
    --engine-args "--slurm -j 1 --max-status-checks-per-second 1 --latency-wait 0" -i in.txt -o out.txt -- cat
  assert_status 0
  cmp out.txt in.txt
  assert_stderr_has '1 of 2 shards have no receipt'
  [[ $(wc -l <"$MRF_TEST/jobs") == 3 ]]
  assert_nothing_left
}

@test "INT and TERM end snakemake and its shards; then the same command goes on" {
  slow_filter
  for number in INT TERM; do
    rm -f started # a shard of the run before may have made it again
    start_in_background -v --shards 3 --engine snakemake -i in.txt -o out.txt -- ./filter
    wait_until test -e started
    kill -"$number" "$run"
    wait "$run" || status=$?
    [[ $status == $((128 + $(kill -l $number))) ]]
    grep -q 'Terminating processes on user request' stderr.txt
    assert_nothing_left
    [[ ! -e out.txt ]]
  done
  rm slow
  mrf-run --shards 3 --engine snakemake -i in.txt -o out.txt -- ./filter
  cmp out.txt in.txt
}
