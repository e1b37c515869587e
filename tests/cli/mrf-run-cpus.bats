#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --cpus: the processors that the jobs of the short form share.

load common

# WORKERS CPUS WORD...: runs mrf-run --cpus CPUS WORD... -- a filter that waits for a writer of the FIFO "go", and prints how many
# threads of the run there were at most, and how many of them were running or runnable, without those of the programs
# that pass data on. "go" is opened when WORKERS filters have started.
count_threads() {
  rm -f go && mkfifo go
  echo '{ for (i = 0; i < 200; ++i) x = x "a"; x = ""; print }' >work.awk
  # A leak check at the end is a thread, too.
  ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 python3 - "$@" <<'END'
import os, pathlib, subprocess, sys

passing_on = {"mrf-run", "mrf-chunks", "mrf-distribute", "mrf-collect"}
filters = {"sh", "awk", "mawk", "gawk"}


def tasks(root):
    """(process id, name, state) of every thread of the processes below root."""
    children, found = {}, []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            pid = int(stat.parent.name)
            children.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(pid)
        except (OSError, ValueError):
            pass
    todo = [root]
    while todo:
        pid = todo.pop()
        todo += children.get(pid, [])
        try:
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError:
            continue
        for thread in threads:
            try:
                text = pathlib.Path(f"/proc/{pid}/task/{thread}/stat").read_text()
            except OSError:
                continue
            found.append((pid, text[text.index("(") + 1:text.rindex(")")], text.rpartition(")")[2].split()[0]))
    return found


workers, cpus, *words = sys.argv[1:]
run = subprocess.Popen(["mrf-run", "--cpus", cpus, *words, "--", "sh", "-c", ": <go && exec awk -f work.awk"])
most = runnable = 0
go = None
while run.poll() is None:
    seen = [task for task in tasks(run.pid) if task[1] not in passing_on and task[2] not in "ZX"]
    most = max(most, len(seen))
    runnable = max(runnable, sum(task[2] == "R" for task in seen))
    if go is None and sum(task[1] in filters for task in seen) >= int(workers):
        go = os.open("go", os.O_RDWR)
print(most, runnable)
sys.exit(run.returncode)
END
}

@test "a run has no more threads than --cpus, but for one each of the programs that pass data on" {
  bam=$(small_bam 4000)
  samtools view -h --no-PG -o in.sam "$bam"
  while read -r cpus workers words; do
    for order in chunk seq; do
      # shellcheck disable=SC2086
      count_threads "$workers" "$cpus" $words --order $order -c 100 >threads
      read -r most runnable <threads
      echo "--cpus $cpus $words --order $order: $most threads, $runnable runnable"
      ((most >= workers && most <= cpus && runnable <= cpus))
    done
  done <<END
3 1 -i $bam -o out.bam
4 2 -i $bam -o out.bam
8 4 -i $bam -o out.bam
4 2 -i $bam -o out.bam -@ 0 -n 2
3 2 -i $bam -o out.txt
3 3 -i in.sam --record line -o out.txt
END
}

@test "--cpus chooses -n and -@, leaves what is given, and refuses more" {
  shares() { # WORKERS READER WRITER OPTION...
    local workers=$1 reader=$2 writer=$3
    shift 3
    mrf-run "$@" -i in.bam -o out.bam --print -- cat >printed
    diff <(printf 'n = %s\nmrf-bamread%s in.bam\nmrf-bamwrite%s -O\n' "$workers" "$reader" "$writer") \
      <(sed -nE '/^n =/p; s/^read: *(mrf-bamread.*) >.*/\1/p; s/^write: *(mrf-bamwrite.* -O).*/\1/p' printed)
  }
  samtools view --no-PG -b -o in.bam "$(small_bam)"
  shares 1 '' '' --cpus 1
  shares 1 '' '' --cpus 2
  shares 2 '' '' --cpus 4
  shares 4 '' ' -@ 2' --cpus 8
  shares 10 ' -@ 1' ' -@ 3' --cpus 16
  shares 8 '' '' --cpus 8 -n 8
  shares 3 ' -@ 1' ' -@ 2' --cpus 8 -n 3
  shares 5 '' ' -@ 1' --cpus 8 -@ 1
  shares 6 '' '' --cpus 8 -@ 0
  refused() {
    run_apart mrf-run "$@" -i in.bam -o out.bam -- cat
    assert_status 2
    assert_stderr_has "cannot use option '--cpus': "
  }
  refused --cpus 0
  refused --cpus 4 -n 5
  refused --cpus 4 -n 2 -@ 3
  run_apart mrf-run --cpus 4 some.mrf
  assert_status 2
  assert_stderr_has "cannot use option '--cpus': it goes with -- COMMAND"
}

@test "the report has the threads of each job, with those of the processes that it starts" {
  cat >w.mrf <<'END'
n = 4
many[n]: /usr/bin/python3 threads.py [i]
pipe:    bash -c '{ : >ready.a; : <gate; } | { : >ready.b; : <gate; }'
END
  cat >threads.py <<'END'
import pathlib, sys, threading
number = int(sys.argv[1])
for _ in range(number):
    threading.Thread(target=open, args=("gate",)).start()
pathlib.Path(f"ready.{number}").touch()
open("gate")
END
  mkfifo gate
  mrf-run --report report.json w.mrf 3>&- &
  run=$!
  for name in 0 1 2 3 a b; do wait_until test -e ready.$name; done
  # Nothing but its clock wakes mrf-run now: it looks at four jobs each time.
  woken() { awk '/^voluntary/ { print $2 }' "/proc/$run/status"; }
  before=$(woken)
  woken_often() { (($(woken) >= before + 12)); }
  wait_until woken_often
  exec {gate}<>gate
  wait $run
  exec {gate}>&-
  jq -c '[.jobs[] | .threads]' report.json | cmp - <(echo '[1,2,3,4,3]')
}
