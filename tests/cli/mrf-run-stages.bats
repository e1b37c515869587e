#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Signals to mrf-run at every stage: while it makes its directories and FIFOs, starts the jobs, waits for them and
# publishes. strace(1) sends the signal to the process that makes the Nth call of a kind. Some calls and signals each
# time, with MRF_TEST_FULL=1 all.

load common

# SIGNAL CALL NUMBER: fails when there is no such call. A blocked signal is not in the trace, but its call is.
strike() {
  status=0
  echo old | tee result >result.idx
  timeout -k 5 300 env --default-signal=INT,TERM,HUP strace -f -qq -o trace -e "trace=$2" -e "inject=$2:signal=$1:when=$3" \
    mrf-run --kill-after 0.2 w.mrf 2>said || status=$?
  (($(grep -cE "(${2//,/|})\(" trace) >= $3)) || { rm trace said && return 1; }
}

# FILE NEW: prints what the file holds, old or new; anything else fails.
state_of() {
  case $(cat "$1") in
    old) echo old ;;
    "$2") echo new ;;
    *) return 1 ;;
  esac
}

# SIGNAL: after a strike.
ended_well() {
  wait_until assert_nothing_left
  rm trace said
  assert_files w.mrf result result.idx
  local state ended=$((128 + $(kill -l "$1")))
  state=$(state_of result $'1\n2\n3')
  state+=,$(state_of result.idx index)
  # What was published before the signal is not taken back; only KILL can come between two renames.
  echo "status $status, results $state"
  [[ $status:$state == "$ended:old,old" || $status:$state == 0:new,new || $1:$status == KILL:137 ]]
}

@test "INT, TERM, HUP and KILL at every stage: the status says so, the results are whole, nothing is left" {
  cat >w.mrf <<'E'
a: seq 3 > out:p
b: bash -c 'cat "$1" > "$2"; echo index > "$2.idx"' _ in:p save:result
E
  local signals=(INT TERM HUP KILL) number=3 count=0 most=1
  [[ -z ${MRF_TEST_FULL:-} ]] || most=20
  # Calls that mrf-run itself makes; its watchdog ends well without it.
  for call in mkdir mknodat,mknod link inotify_add_watch fsync rename,renameat,renameat2 epoll_wait; do
    for ((nth = 1; nth <= most; ++nth)); do
      for signal in "${signals[@]}"; do
        ((most > 1 || number++ % 5 == 0)) || continue
        [[ $call != epoll_wait || $signal != KILL ]] || continue
        strike "$signal" "$call" "$nth" || continue 3
        echo "$signal at $call $nth"
        ended_well "$signal"
        count=$((count + 1))
      done
    done
  done
  echo "$count strikes"
  ((count > 4))
}
