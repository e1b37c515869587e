#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The shards of mrf-run(1) on a real Slurm: four nodes of two processors each, MaxArraySize 11, no accounting. Every run
# ends with the right bytes, or with a status and no result.

load common
load run

setup_file() {
  ((EUID == 0)) || skip "Slurm's daemons start as root only"
  SLURM_CONF=$("$ROOT/tests/servers/slurm" start "$BATS_FILE_TMPDIR/slurm")
  export SLURM_CONF
}

teardown_file() { [[ -z ${SLURM_CONF:-} ]] || slurm stop; }

setup() {
  common_setup
  seq 40000 >in.txt
  # Reads its shard, tells its first record and where it runs, waits as it is told to, writes.
  # shellcheck disable=SC2016
  script filter 'here=$MRF_TEST/work data=$(mktemp)
cat >"$data"
first=$(head -n 1 "$data")
echo "$first ${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID $SLURMD_NODENAME $SLURM_CPUS_PER_TASK" >>"$here/starts"
while [[ ! -e $here/open-$first && -e $here/gate || -e $here/gate-$SLURMD_NODENAME || -e $here/gate-$first ]]; do
  sleep 0.1
done
[[ ! -e $here/broken-$first ]] || { rm "$data" && echo "broken at $first" >&2 && exit 9; }
[[ ! -e $here/once-$first ]] || { rm "$data" "$here/once-$first" && exit 9; }
cat "$data" && rm "$data"'
}

teardown() {
  [[ -z ${run:-} ]] || kill -KILL "$run" 2>/dev/null || true
  scancel --quiet --user="$UID" || true
  rm -f gate* || true
  common_teardown
}

slurm() { "$ROOT/tests/servers/slurm" "$1" "$BATS_FILE_TMPDIR/slurm" "${@:2}"; }
daemon() { cat "$BATS_FILE_TMPDIR/slurm/$1.pid"; }

# FILE TEXT: an executable.
script() {
  printf '#!/bin/bash\n%s\n' "$2" >"$1"
  chmod +x "$1"
}

# NAME TEXT: a program that takes the place of a command of Slurm; the real one is $real.
false_command() {
  mkdir -p false
  script "false/$1" "real=$(type -P "$1")"$'\n'"$2"
  PATH=$PWD/false:$PATH
}

# OPTION...: in 40 shards of about 1,000 records, or $SHARDS in the background.
shards() { mrf-run --shards 40 --engine slurm -n 1 -c 1000000 -i in.txt -o out.txt "$@" -- ./filter; }
shards_in_background() {
  env --default-signal mrf-run --shards "${SHARDS:-40}" --engine slurm -n 1 -c 1000000 -i in.txt -o out.txt "$@" -- \
    ./filter 2>stderr.txt 3>&- &
  run=$!
}
finishes() { wait "$run"; }

# N...: lines of `starts`, of which a task has one each time that it starts.
started() { [[ -e starts ]] && (($(wc -l <starts) >= $1)); }
starts() { wc -l <starts; }
# Task and node of the first that started.
first_task() { head -n 1 starts | cut -d ' ' -f 2; }
first_node() { head -n 1 starts | cut -d ' ' -f 3; }

# Tasks of this user, by state; without a state those that wait or run.
queue() { squeue --noheader --array --user="$UID" "$@" -o %F_%K; }
nothing_queued() { [[ -z $(queue --states=PENDING,RUNNING,COMPLETING) ]]; }
nothing_waits() { [[ -z $(queue --states=PENDING) ]]; }
# How many arrays were submitted from here.
arrays() { squeue --noheader --states=all --user="$UID" -o '%F %Z' | grep " $PWD\$" | sort -u | wc -l; }
is_queued_again() { [[ -n $(queue --states=PENDING --jobs="$1") ]]; }
# A task that is in the queue again starts after two minutes otherwise.
start_now() {
  local task
  for task in $(queue --states=PENDING); do scontrol update "JobId=$task" StartTime=now 2>/dev/null || true; done
}
# Until every task that has been put back has started.
until_started() {
  start_now
  started "$1"
}

is_right() {
  cmp in.txt out.txt
  [[ ! -e out.txt.shards ]]
}

@test "40 shards where an array has 11 tasks at most: the bytes of one run, and nothing is left" {
  SBATCH_CLUSTERS=other run_apart shards
  assert_status 0
  is_right
  [[ $(cut -d ' ' -f 4 starts | sort -u) == 1 ]]
  [[ $(starts) == 40 && $(arrays) == 4 ]]
  wait_until nothing_queued
  wait_until assert_nothing_left
  rm starts
  ln -s "$(small_bam 20000)" in.bam
  mrf-run --shards 7 --engine slurm -i in.bam -o out.bam -- cat
  assert_same_sam in.bam out.bam
}

# Every program that mrf-run starts is shown by strace(1), what it could ask of accounting is a command that says so.
# bats test_tags=unsanitized
@test "no accounting: nothing asks for it, what is known is from squeue and receipts" {
  command -v strace >/dev/null || skip "strace is not installed"
  scontrol show config | grep -Eq '^AccountingStorageType *= *(accounting_storage/none|\(null\))$'
  for name in sacct sacctmgr sreport sstat; do
    mkdir -p false
    script "false/$name" "echo $name >>$PWD/asked; exit 1"
  done
  PATH=$PWD/false:$PATH
  touch broken-1
  command=(mrf-run --shards 3 --engine slurm -n 1 -c 1000000 --keep-dir --report report.json -i in.txt -o out.txt)
  run_apart strace -f -qq -o trace -e trace=execve "${command[@]}" -- ./filter
  assert_status 9
  assert_stderr_has "cannot finish 'shard 0': its task has ended as FAILED with status 9" # squeue
  [[ ! -e out.txt && $(jq -c .missing report.json) == '[0]' ]]
  # Status 3, by the report of the attempt where squeue forgets what has ended.
  rm broken-1
  # shellcheck disable=SC2016
  false_command squeue '"$real" "$@" | grep -v "|FAILED|"
exit 0'
  cp filter whole
  script filter 'cat >/dev/null; exit 3'
  run_apart "${command[@]}" -- ./filter
  assert_status 3
  assert_stderr_has '1 of 3 shards have no receipt: 0; with a mended filter the same command runs only these'
  mv whole filter
  run_apart strace -f -qq -o trace.2 -e trace=execve "${command[@]}" -- ./filter
  assert_status 0
  cmp in.txt out.txt
  for field in started seconds host records_in; do
    cmp <(jq ".shards[].$field" report.json) <(jq -s "sort_by(.shard)[].$field" out.txt.shards/receipts/*.json)
  done
  sed -n 's/.*execve("[^"]*\/\([^"/]*\)", .* = 0$/\1/p' trace trace.2 | sort -u >programs
  [[ $(grep -vx 'mrf-run\|bash\|grep' programs | tr '\n' ' ') == 'sbatch scontrol squeue ' ]]
  [[ ! -e asked ]]
}

# bats test_tags=unsanitized
@test "a backslash in the path, which Slurm does not take for itself: each shard has its log" {
  mkdir 'b\x %a'
  run_apart mrf-run --shards 3 --engine slurm -n 1 -i in.txt -o 'b\x %a/out.txt' -- bash -c 'echo said >&2; exit 9'
  assert_status 9
  assert_stderr_has "its log is '$PWD/b\\x %a/out.txt.shards/logs/"
  assert_stderr_has said
  grep -q said 'b\x %a/out.txt.shards/logs/0.log'
  rm -r 'b\x %a/out.txt.shards'
  mrf-run --shards 3 --engine slurm -n 1 -i in.txt -o 'b\x %a/out.txt' -- cat
  cmp in.txt 'b\x %a/out.txt'
  assert_files 'b\x %a' 'b\x %a/out.txt' filter in.txt
}

@test "a shard that fails is reported with the end of its log, and alone runs again when the filter is mended" {
  touch broken-1 open-1 gate
  mrf-run --shards 40 --shard-plan -n 1 -c 1000000 -i in.txt -o out.txt -- ./filter
  touch out.txt.shards/attempts/0-node-9-7-9999999999123456789-out.txt.json
  SBATCH_ERROR=/dev/null shards_in_background
  wait_until grep -q 'broken at 1$' stderr.txt
  wait_until nothing_waits # since a shard has failed
  rm gate
  finishes && return 1 || status=$?
  [[ $status == 9 && ! -e out.txt ]]
  grep -q "cannot finish 'shard 0': its task has ended on 'node-9' as FAILED with status 9; its log is '.*/0.log' and" \
    stderr.txt
  done=$(find out.txt.shards/receipts -type f | wc -l)
  ((done == 7 || done == 8)) # what ran has its receipt
  rm broken-1 starts
  run_apart shards
  assert_status 0
  is_right
  [[ $(starts) == $((40 - done)) ]]
}

@test "--retries N runs exactly the shards without receipts again" {
  touch once-1
  run_apart shards --retries 1
  assert_status 0
  is_right
  [[ $(starts) == 41 ]]
}

# bats test_tags=unsanitized
@test "a task that is put back into the queue, and one that is cancelled" {
  touch gate
  shards_in_background --retries 1
  wait_until started 8
  task=$(first_task)
  scontrol requeue "$task"
  scancel "$(sed -n 2p starts | cut -d ' ' -f 2)"
  wait_until is_queued_again "$task"
  rm gate
  start_now
  finishes
  is_right
  [[ $(starts) == 42 ]]
}

# bats test_tags=unsanitized
@test "TERM and USR1 end a shard without a receipt, and leave nothing" {
  touch gate
  for signal in USR1 TERM; do
    rm -f starts
    SHARDS=1 shards_in_background
    wait_until started 1
    scancel --batch --signal="$signal" "$(first_task)"
    finishes && return 1 || status=$?
    [[ $status == $((128 + $(kill -l $signal))) ]]
    grep -q "its task has ended as FAILED with status $status" stderr.txt
    # By default it is USR1 that Slurm sends in front of the time limit.
    [[ $signal == TERM ]] || {
      grep -q ', by USR1, which comes in front of its time limit, and needs a larger --time in --engine-args' stderr.txt
      grep -q "^mrf-run: cannot finish 'shard 0': USR1 has ended it, which Slurm sends in front of" stderr.txt
    }
    [[ $(ls -A out.txt.shards/parts out.txt.shards/receipts) == $'out.txt.shards/parts:\n\nout.txt.shards/receipts:' ]]
    rm -f "$TMPDIR"/tmp.* # of the filter
    wait_until assert_nothing_left
  done
}

# bats test_tags=unsanitized
@test "a node is lost while its shards run on: others take their place, and what comes late is no harm" {
  touch gate
  shards_in_background
  wait_until started 8
  node=$(first_node)
  touch "gate-$node"
  kill -KILL "$(daemon "$node")"
  scontrol update NodeName="$node" State=DOWN Reason=test
  rm gate
  wait_until until_started 42
  finishes
  is_right
  rm "gate-$node" # the filters of the lost node write their output now
  wait_until assert_nothing_left
  cmp in.txt out.txt
  [[ $(grep -c " $node " starts) == 2 && $(starts) == 42 ]]
  slurm node "$node"
  scontrol update NodeName="$node" State=RESUME 2>/dev/null || true
}

# bats test_tags=unsanitized
@test "a job of higher priority preempts the shards" {
  touch gate
  shards_in_background
  wait_until started 8
  script urgent "touch $PWD/urgent-ran"
  sbatch --quiet --partition=high --nodes=4 --exclusive --output=/dev/null urgent
  wait_until test -e urgent-ran
  rm gate
  wait_until until_started 48
  finishes
  is_right
  [[ $(starts) == 48 ]]
}

# bats test_tags=unsanitized
@test "the controller ends and comes back: the shards run on, the foreground waits" {
  touch gate
  shards_in_background
  wait_until started 8
  kill "$(daemon slurmctld)" # it saves its state; killed, it may forget the last jobs and give their numbers anew
  wait_until grep -q "cannot reach 'Slurm': .*Unable to contact slurm controller" stderr.txt
  slurm controller
  wait_until grep -q 'Slurm answers again' stderr.txt
  rm gate
  finishes
  is_right
  [[ $(starts) == 40 ]]
}

# bats test_tags=unsanitized
@test "the foreground is killed and started again: no shard starts twice" {
  touch gate
  shards_in_background
  wait_until started 8
  kill -KILL "$run"
  wait "$run" || true
  shards_in_background
  wait_until grep -q ' 0 of 40 shards are done' stderr.txt
  rm gate
  finishes
  [[ $(tail -n 1 stderr.txt) == 'mrf-run: 40 of 40 shards are done' ]]
  is_right
  [[ $(starts) == 40 && $(arrays) == 4 ]]
}

@test "INT and TERM cancel the arrays, and the same command goes on" {
  for signal in INT TERM; do
    touch gate
    rm -f starts out.txt
    # Slurm's commands would not see the tasks with these, and would wait for them.
    SQUEUE_PARTITION=high SCANCEL_PARTITION=high SBATCH_WAIT=1 shards_in_background
    wait_until started 8
    kill -s $signal "$run"
    finishes && return 1 || status=$?
    [[ $status == $((128 + $(kill -l $signal))) && ! -e out.txt ]]
    grep -qx 'mrf-run: cancelled; [0-9]* of 40 shards are done; the same command continues' stderr.txt
    wait_until nothing_queued
    rm -f gate "$TMPDIR"/tmp.* # of the filter
    wait_until assert_nothing_left
    run_apart shards
    assert_status 0
    is_right
  done
}

@test "--detach: the same command without it takes up what runs" {
  touch gate
  run_apart shards --detach
  assert_status 0
  assert_stderr_has '40 shards wait or run in jobs '
  assert_stderr_has 'the same command without --detach waits for them'
  wait_until started 8
  run_apart shards --detach
  assert_status 0
  assert_stderr_has '40 shards wait or run in jobs '
  rm gate
  run_apart shards
  assert_status 0
  is_right
  [[ $(starts) == 40 ]]
}

# bats test_tags=unsanitized
@test "--print-sbatch: the script runs by hand, and the engine takes up its tasks" {
  place="it's 50% ü"
  mkdir "$place"
  print() { (cd "$place" && mrf-run --print-sbatch "$@" -n 1 -i ../in.txt -o out.txt -- ../filter >script); }
  print --shards 5 --engine-args "--comment='a b' --partition=low"
  shellcheck "$place/script"
  [[ $(mrf-run --shard-status --shard-dir "$place/out.txt.shards") == '0 of 5 '* && ! -e starts ]]
  sbatch --quiet --wait "$place/script"
  [[ -e $place/out.txt.shards/logs/4.log ]]
  mrf-run --shard-join --shard-dir "$place/out.txt.shards"
  cmp in.txt "$place/out.txt"
  rm "$place/out.txt" starts
  touch gate
  print --shards 25
  shellcheck "$place/script"
  # The lines that submit it.
  sed -n 's/^#   sbatch \(.*\) SCRIPT \(.*\)/sbatch --quiet \1 script \2/p' "$place/script" >lines
  [[ $(wc -l <lines) == 3 ]]
  (cd "$place" && bash ../lines)
  wait_until started 8
  rm gate
  (cd "$place" && mrf-run --quiet --shards 25 --engine slurm -n 1 -i ../in.txt -o out.txt -- ../filter)
  cmp in.txt "$place/out.txt"
  [[ $(starts) == 25 ]]
}

# bats test_tags=unsanitized
@test "an sbatch whose answer gets lost: no shard starts twice" {
  # shellcheck disable=SC2016
  false_command sbatch '"$real" "$@" >/dev/null
echo "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation" >&2
exit 1'
  run_apart shards
  assert_status 0
  assert_stderr_has "cannot submit 'shards 0 to 9': sbatch: error: Batch job submission failed: Socket timed out"
  is_right
  [[ $(starts) == 40 && $(arrays) == 4 ]]
}

# bats test_tags=unsanitized
@test "a limit of jobs: arrays are submitted when others have ended" {
  # shellcheck disable=SC2016
  false_command sbatch '[[ -z $(squeue --noheader --states=PENDING,RUNNING --user="$UID") ]] && exec "$real" "$@"
echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2
exit 1'
  run_apart mrf-run --shards 20 --engine slurm -n 1 -i in.txt -o out.txt -- ./filter
  assert_status 0
  assert_stderr_has "cannot submit 'shards 10 to 19': sbatch: error: QOSMaxSubmitJobPerUserLimit; they are submitted"
  is_right
}

# bats test_tags=unsanitized
@test "a task that has disappeared is a failure, when the directory has no receipt" {
  # Slurm forgets tasks that have ended, sooner or later.
  # shellcheck disable=SC2016
  false_command squeue '"$real" "$@" | grep -v "|CANCELLED|\||COMPLETED|"
exit 0'
  touch gate
  shards_in_background
  wait_until started 8
  scancel "$(first_task)"
  rm gate
  finishes && return 1 || status=$?
  [[ $status == 143 && ! -e out.txt ]] # TERM, by the report of the attempt
  grep -q ': its task has ended; its log is ' stderr.txt
  grep -q ' CANCELLED AT ' stderr.txt
}

# bats test_tags=unsanitized
@test "shards that fail at once: the attempts are listed once for all of them" {
  command -v strace >/dev/null || skip "strace is not installed"
  false_command scontrol 'echo "MaxArraySize = 1001"'
  # shellcheck disable=SC2016
  false_command sbatch 'for word; do [[ $word != --job-name=* ]] || echo "${word#*=}" >job-name; done
echo 7'
  # shellcheck disable=SC2016
  false_command squeue 'for task in {0..4}; do echo "7|$task|FAILED|None|256|$(cat job-name)|"; done'
  run_apart strace -f -qq -o trace -e trace=openat \
    mrf-run --shards 5 --engine slurm -n 1 -i in.txt -o out.txt -- cat
  assert_status 1
  assert_stderr_has "cannot finish 'shard 4': its task has ended as FAILED with status 1"
  [[ $(grep -c '/attempts", .*O_DIRECTORY) = [0-9]' trace) == 3 ]] # before the shards and behind them, too
}

# bats test_tags=unsanitized
@test "tasks that do not stop ending, as on a node that does not answer: that is said, and another engine runs their shards" {
  false_command scontrol 'echo "MaxArraySize = 1001"'
  # shellcheck disable=SC2016
  false_command sbatch 'for word; do [[ $word != --job-name=* ]] || echo "${word#*=}" >job-name; done
echo 7'
  # shellcheck disable=SC2016
  false_command squeue 'for task in 0 1; do echo "7|$task|COMPLETING|None|0|$(cat job-name)|"; done'
  SHARDS=2 shards_in_background
  wait_until grep -qx "mrf-run: the tasks of shards 0 and 1 are COMPLETING, .*" stderr.txt
  kill -INT "$run"
  finishes || status=$?
  [[ $status == 130 ]]
  mrf-run --shards 2 -n 1 -c 1000000 -i in.txt -o out.txt -- ./filter 2>/dev/null
  is_right
}

# bats test_tags=unsanitized
@test "a time limit: a shard that needs longer is reported" {
  [[ -n ${MRF_TEST_FULL:-} ]] || skip "only with MRF_TEST_FULL=1: a limit has a minute at least"
  touch gate-1
  for signal in '' ' --signal=B:USR1@0'; do
    run_apart shards --engine-args "--time=1$signal"
    if [[ -z $signal ]]; then
      assert_status 138
      assert_stderr_has "cannot finish 'shard 0': its task has ended as "
      assert_stderr_has 'by USR1, which comes in front of its time limit, and needs a larger --time in --engine-args'
    else
      assert_status 143
      assert_stderr_has "'shard 0': its task has ended as TIMEOUT with status 143, and needs a larger --time in"
    fi
    [[ ! -e out.txt && $(find out.txt.shards/receipts -type f | wc -l) == 39 ]]
  done
  rm -f gate-1 "$TMPDIR"/tmp.*
  wait_until assert_nothing_left
  run_apart shards
  assert_status 0
  is_right
}

@test "a directory that cannot be read: the tasks go on, and that is said" {
  touch gate
  shards_in_background
  wait_until started 1
  mv out.txt.shards/receipts away && touch out.txt.shards/receipts
  finishes && return 1 || status=$?
  [[ $status == 1 ]]
  grep -q "^mrf-run: cannot read '$PWD/out.txt.shards/receipts': Not a directory" stderr.txt
  grep -q "^mrf-run: cannot follow 'jobs [0-9 ]*': they go on, and the same command waits for them; scancel [0-9 ]* ends" \
    stderr.txt
  rm out.txt.shards/receipts && mv away out.txt.shards/receipts
  rm gate
  run_apart shards
  assert_status 0
  is_right
  [[ $(starts) == 40 && $(arrays) == 4 ]]
}

@test "what Slurm refuses, and no Slurm" {
  run_apart shards --engine-args '--partition=none'
  assert_status 1
  assert_stderr "mrf-run: cannot submit 'shards 0 to 9': sbatch: error: Batch job submission failed: Invalid partition \
name specified"
  [[ $stderr != *'submitted again later'* ]]
  mrf-run --shards 3 --shard-plan --shard-dir e -i in.txt -o out.txt -- cat
  mkdir e/logs && ln -s "$PWD/none/0.log" e/logs/0.log # as on a node that does not see the directory
  run_apart mrf-run --shards 3 --engine slurm --shard-dir e -i in.txt -o out.txt -- cat
  ((status != 0))
  assert_stderr_has "; Slurm could not start it, or not open its log '$PWD/e/logs/0.log': does the node see this"
  [[ ! -e out.txt ]]
  false_command scontrol 'echo "slurm_load_ctl_conf error: Unable to contact slurm controller" >&2; exit 1'
  run_apart shards
  assert_status 5
  assert_stderr "mrf-run: cannot reach 'Slurm': slurm_load_ctl_conf error: Unable to contact slurm controller"
  mkdir tools
  ln -s "$BIN"/* "$(type -P cat)" tools
  env PATH="$PWD/tools" mrf-run --shards 2 --engine slurm -i in.txt -o out.txt --shard-dir d -- cat 2>stderr.txt &&
    return 1 || status=$?
  [[ $status == 127 ]]
  grep -q "cannot execute 'scontrol': No such file or directory" stderr.txt
  [[ ! -e out.txt && ! -e starts ]]
}

@test "options that contradict each other are refused" {
  while IFS='|' read -r words text; do
    # shellcheck disable=SC2086
    run_apart mrf-run --shards 2 $words -i in.txt -o out.txt -- cat
    assert_status 2
    assert_output_is ''
    assert_stderr_has "$text"
  done <<'END'
--detach|cannot use option '--detach': it goes with --engine slurm
--print-sbatch --engine slurm|cannot use option '--print-sbatch': it goes without --engine
--engine-args x|cannot use option '--engine-args': only the engines slurm and snakemake take words
--engine slurm --engine-args --array=1|cannot use option '--engine-args': '--array=1' is given by mrf-run
--engine slurm --engine-args -o/dev/null|cannot use option '--engine-args': '-o/dev/null' is given by mrf-run
--engine slurm --engine-args 'x|cannot use option '--engine-args': a quote has no end
END
  [[ ! -e out.txt.shards ]]
}

# ARGS: two shards with Snakemake.
snakemake_in_background() {
  start_in_background --shards 2 --engine snakemake --engine-args "$1" -i in.txt -o out.txt -- ./filter
}

# bats test_tags=unsanitized
@test "under Snakemake: --cluster as the page has it, which INT cancels, then --slurm" {
  export HOME=$PWD/home XDG_CACHE_HOME=$PWD/home/cache USER=${USER:-root}
  export CI=true # Snakemake looks at its jobs once a second then, not every ten
  : >gate
  # shellcheck disable=SC2016
  words=$(sed -n 's/^\.Dl --engine-args .\(--cluster .*\).$/\1/p' "$ROOT/man/mrf-run.1" | sed 's/\\(dq/"/g')
  snakemake_in_background "$words"
  wait_until test -s starts
  kill -INT "$run"
  finishes || status=$?
  [[ $status == 130 && ! -e out.txt ]]
  wait_until nothing_queued
  rm gate
  snakemake_in_background "--slurm -j 2 --default-resources mem_mb=0 --max-status-checks-per-second 1 --latency-wait 60"
  finishes
  cmp out.txt in.txt
  wait_until nothing_queued
  [[ -z $(processes_left) ]]
}
