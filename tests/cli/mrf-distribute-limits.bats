#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-distribute with long records, many inputs and outputs, and little to live on.

load common
load distribute

peak_mib() { jq '.max_rss_bytes / 1048576 | floor' "$1"; }

@test "long records do not need memory of their own" {
  { head -c 100000000 /dev/zero | tr '\0' x; echo; echo end; } >in
  for policy in "-c 1" "--chunk-bytes 64K"; do
    for way in file pipe; do
      mkfifo a b
      sha256sum <a >a.sum 3>&- &
      cat b >b.out 3>&- &
      # shellcheck disable=SC2086
      if [[ $way == file ]]; then run_apart mrf-distribute $policy --stats stats -i in a b; else
        run_apart mrf-distribute $policy --stats stats -i <(cat in) a b
      fi
      wait
      assert_status 0
      [[ $(<a.sum) == $(head -n 1 in | sha256sum) ]]
      same b.out 'end\n'
      [[ -n ${MRF_SANITIZED-} || $(peak_mib stats) -lt 32 ]]
      rm a b
    done
  done
}

@test "a long record behind others does not, and stays in its chunk, however it comes" {
  long() { head -c "$1" /dev/zero | tr '\0' x && echo; }
  { echo a; long 50000000; echo b; } >in
  for input in in <(cat in); do
    run_apart mrf-distribute --chunk-bytes 1G --stats stats -i "$input" a b
    assert_status 0
    cmp a in
    [[ -n ${MRF_SANITIZED-} || $(peak_mib stats) -lt 32 ]] || { echo "$(peak_mib stats) MiB" && false; }
  done
  # Of 4 MiB, the third record has 1 MiB and more, the sixth has less.
  { long 1500000; long 1500000; long 1600000; echo b; long 1500000; long 2000000; long 1500000; } >in
  for input in in <(cat in); do
    run_apart mrf-distribute --chunk-bytes 4M -i "$input" a b
    assert_status 0
    cmp a <(sed -n '1,3p;7p' in)
    cmp b <(sed -n '4,6p' in)
  done
}

@test "memory stays below 32 MiB, whatever the input" {
  seq 1 8000000 >in
  gzip -1 -k in
  for options in "-i in" "-i in.gz" "--chunk-bytes 1G -i in" "--key column:1 -i in" "--seq -i in"; do
    # shellcheck disable=SC2086
    run_apart mrf-distribute --stats stats $options /dev/null /dev/null
    assert_status 0
    [[ -n ${MRF_SANITIZED-} || $(peak_mib stats) -lt 32 ]] || { echo "$options: $(peak_mib stats) MiB" && false; }
  done
}

is_asleep() {
  for _ in {1..5}; do
    in_state S "$1" || return 1
    sleep 0.02
  done
}

@test "memory stays below 32 MiB when a reader takes nothing" {
  mkfifo in a
  mrf-distribute --stats stats a <in 3>&- &
  distribute=$!
  exec {reader}<>a
  seq 1 8000000 >in 3>&- {reader}>&- &
  wait_until is_asleep $distribute
  # The test's own end for writing would keep the end away.
  exec {only}<a {reader}>&-
  tail -n 1 <&$only >last
  wait $distribute
  same last '8000000\n'
  [[ -n ${MRF_SANITIZED-} || $(peak_mib stats) -lt 32 ]] || { echo "$(peak_mib stats) MiB" && false; }
}

@test "an input file that becomes shorter is named, whatever the way of its records" {
  mkfifo f
  seq 10000000 12500000 >lines
  tr '\n' '\0' <lines >nuls
  for options in "-c 3000" "--chunk-bytes 256K" "--key column:1" "--record nul -c 1"; do
    cp "$([[ $options == *nul* ]] && echo nuls || echo lines)" in
    # shellcheck disable=SC2086
    mrf-distribute -i in $options f 2>err 3>&- &
    distribute=$!
    exec {reader}<f
    wait_until is_asleep $distribute
    : >in
    cat <&$reader >out
    exec {reader}<&-
    status=0
    wait $distribute || status=$?
    [[ $status == 1 && $(<err) == "mrf-distribute: cannot read 'in': the file became shorter" ]] || {
      echo "$options: $status $(<err)" && false
    }
    # What was distributed came from the file: no zero bytes.
    [[ $options == *nul* ]] || cmp out <(head -c "$(stat -c %s out)" lines)
  done
}

@test "an unfinished long record at the end of the input" {
  { echo first; head -c 3000000 /dev/zero | tr '\0' x; } >in
  for policy in "-c 1" "--chunk-bytes 9"; do
    # shellcheck disable=SC2086
    distribute_to "a b" $policy -i <(cat in)
    assert_status 0
    cmp b.out <(tail -n 1 in; echo)
    same a.out 'first\n'
    rm a b
  done
  { head -c 3000000 /dev/zero | tr '\0' x; echo; echo second; } >in
  distribute_to "c" --record lines:3 -i in
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'in': the last record has 2 lines of 3"
}

@test "more inputs than files may be open" {
  head -c 100000 /dev/zero | tr '\0' '\n' >part
  for i in {1..300}; do inputs+=(-i "in$i") && ln part "in$i"; done
  mkfifo a b
  cat a >a.out 3>&- &
  cat b >b.out 3>&- &
  (ulimit -n 100 && exec mrf-distribute --chunk-bytes 50K "${inputs[@]}" a b)
  wait
  [[ $(cat a.out b.out | wc -c) == 30000000 ]]
}

@test "standard output gets its end when the header is over" {
  mkfifo in
  bash -c 'mrf-distribute --sam --header-to - -i in a | { cat >head.out && : >ended; }' 3>&- &
  exec {writer}>in
  sam >&$writer
  wait_until test -e ended
  exec {writer}>&-
  wait $!
  cmp head.out <(sam | head -n 2)
}

@test "300 outputs of an unprivileged user whose pipe quota is used up" {
  seq 1 100000 >in
  cat >script <<'END'
import os, subprocess
held = []
while True:  # pipes of a mebibyte, until the quota says no
    pipe = os.pipe()
    held.append(pipe)
    try:
        import fcntl
        fcntl.fcntl(pipe[1], 1031, 1 << 20)
    except OSError:
        break
names = [f"o{i}" for i in range(300)]
for name in names: os.mkfifo(name)
readers = [subprocess.Popen(["cat", name], stdout=open(name + ".out", "wb")) for name in names]
result = subprocess.run(["mrf-distribute", "-c", "3", *names], stdin=subprocess.Popen(["cat", "in"], stdout=subprocess.PIPE).stdout)
for reader in readers: reader.wait()
raise SystemExit(result.returncode)
END
  run_apart as_user /usr/bin/python3 script
  assert_status 0
  assert_stderr_is ""
  cmp <(cat o*.out | sort -n) in
}
