#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The bash scripts of mrf-run --print-sh.

load common

# PLAN-OPTIONS...: prints the script and runs it.
run_script() {
  mrf-run --print-sh "$@" >script.sh
  run_apart timeout -k 5 300 bash script.sh
}

@test "--print-sh: the script gives what mrf-run gives, for lines, chunks and BAM" {
  bam=$(small_bam)
  seq 5000 >"in put's.txt"
  run_script -n 3 -i "$bam" -o "out \$x's.bam" -- awk '{ print }'
  assert_status 0
  assert_same_sam "$bam" "out \$x's.bam"
  run_script -n 3 -c 100 -i "in put's.txt" -o "a b/../chunks" -- tac
  assert_status 1
  mkdir "a b"
  run_script -n 3 -c 100 -i "in put's.txt" -o "a b/chunks" -- tac
  assert_status 0
  mrf-run -n 3 -c 100 -i "in put's.txt" -o direct -- tac
  cmp direct "a b/chunks"
  run_script -n 3 --order rows -i "in put's.txt" -- sed 's/^/"$x" /'
  assert_status 0
  assert_output_is "$(sed 's/^/"$x" /' "in put's.txt")"
  shellcheck -s bash -e SC2016 script.sh
  assert_nothing_left
}

@test "--print-sh: another shell does nothing" {
  echo 1 >in.txt
  mrf-run --print-sh -n 2 -i in.txt -o out.txt -- cat >script.sh
  run_apart dash script.sh
  assert_status 2
  assert_stderr_is "script.sh: cannot run: it needs bash 5.1 or later"
  assert_files in.txt script.sh
  assert_nothing_left
}

@test "--print-sh: rounds, devices, and what is written beside a result" {
  cat >w.mrf <<'E'
[each x in 1 'b c' 3]
  say: echo $x > out:raw
  up:  tr a-z A-Z < in:raw > out:all
[end]
keep:  bash -c 'cat > "$1"; echo index > "$1.idx"; echo gone > "$2"' _ save:result save:/dev/null < in:all
E
  echo old >result && chmod 640 result
  run_script w.mrf
  assert_status 0
  [ "$(cat result)" = $'1\nB C\n3' ]
  [ "$(stat -c %a result)" = 640 ]
  assert_files w.mrf script.sh result result.idx
  assert_nothing_left
}

@test "--print-sh: a file beside a result with the name of another result ends the script with status 1" {
  cat >w.mrf <<'E'
a: bash -c 'echo hi >"$1"; echo x >"$1.idx"' _ save:res
b: bash -c 'echo y' > save:res.idx
E
  run_script w.mrf
  assert_status 1
  assert_stderr_is "cannot publish './res.idx': it is written twice"
  assert_files w.mrf script.sh
}

@test "--print-sh: hidden results and files beside them, links, standard output that is a file, chunks that fail" {
  ln -s target link
  ln -s nowhere dangling
  cat >w.mrf <<'E'
a: bash -c 'for name; do echo new > "$name"; echo more > "${name%/*}/.beside-${name##*/}"; done' _ save:.hidden save:link
b: bash -c 'echo new' > save:dangling
c: bash -c 'echo said > "$1"' _ save:/dev/fd/1
E
  echo old >target
  run_apart bash -c 'mrf-run --print-sh w.mrf >script.sh; timeout -k 5 300 bash script.sh >said'
  assert_status 0
  assert_stderr_is ''
  [ "$(cat .hidden target nowhere said)" = $'new\nnew\nnew\nsaid' ]
  [ "$(readlink link dangling)" = $'target\nnowhere' ]
  assert_files w.mrf script.sh said .hidden .beside-.hidden .beside-link link target dangling nowhere
  seq 100000 >in.txt
  run_script -n 2 -c 10000 -i in.txt -o .hidden -- bash -c 'read -r first; [[ $first != 50001 ]] || exit 9; cat'
  assert_status 9
  [ "$(cat .hidden)" = new ]
  printf '%s\n' 'a: mrf-chunks -n 2 -i in.txt -- cat > save:out' 'b: bash -c "exit 7"' >w.mrf
  run_script w.mrf
  assert_status 7
  [ ! -e out ]
  wait_until assert_nothing_left
}

@test "--print-sh: a job that fails ends the script with its status and no result" {
  for code in 1 7 255; do
    cat >w.mrf <<E
a: yes > out:p
b: bash -c 'head -n 3; exit $code' < in:p > out:q
c: cat < in:q > save:result
d: tail -f /dev/null
E
    run_script w.mrf
    assert_status "$code"
    assert_files w.mrf script.sh
    wait_until assert_nothing_left
  done
}

@test "--print-sh: a worker that ends with success before it has read everything ends the script with status 1" {
  seq 60000 >in.txt
  for order in seq any; do
    # shellcheck disable=SC2016 # the filter's
    run_script -n 3 --order $order -i in.txt -o out.txt -- \
      bash -c 'if [[ $MRF_WORKER == 1 ]]; then exec head -n 100; fi; exec cat'
    assert_status 1
    assert_stderr_has "part.1': Broken pipe"
  done
  run_script -n 1 --order any -i in.txt -o out.txt -- sed 100q
  assert_status 1
  cat >w.mrf <<'E'
n = 2
split:   mrf-distribute -i in.txt out:p[n]
work[n]: bash -c 'read -r first <"$1"; cat "$2"' _ in:p[i] in.txt > out:q[i]
join:    mrf-collect --order any in:q[n] > save:out.txt
E
  run_script w.mrf
  assert_status 1
  run_script -n 2 -c 30000 -i in.txt -o out.txt --combine head -n 1 -- sort
  assert_status 1
  assert_stderr_has "mrf-collect: cannot write 'standard output': Broken pipe"
  assert_files in.txt script.sh w.mrf
  wait_until assert_nothing_left
}

@test "--print-sh and --print: options that are not in what is printed are named" {
  seq 3 >in.txt
  for options in '--report r' '--progress log' '--kill-after 2' '--stall-timeout 3' '--pipe-size 64K' --keep-dir --verbose \
    '--order rows --keep-failed k'; do
    for form in '--print-sh' '--print'; do
      # shellcheck disable=SC2086
      run_apart mrf-run $form $options -i in.txt -o out.txt -- cat
      assert_status 0
      option=${options#--order rows }
      [[ $form == --print ]] || assert_stderr_is "mrf-run: the script is without ${option% *}, which only mrf-run can do"
      [[ $form == --print-sh ]] ||
        assert_stderr_is "mrf-run: the workflow is without ${option% *}: give it to the mrf-run that runs it"
    done
  done
  echo 'a: seq 3' >w.mrf
  run_apart mrf-run --print-sh -v --report r --keep-failed k w.mrf
  assert_status 0
  assert_stderr_is "mrf-run: the script is without --report, --keep-failed, --verbose, which only mrf-run can do"
  run_apart mrf-run --print-sh --quiet --report r w.mrf
  assert_stderr_is ''
  run_apart mrf-run --print-sh --keep-failed k -i in.txt -o out.txt -- cat
  assert_stderr_is ''
  [[ $output == *'--keep-failed k'* ]]
  assert_files in.txt w.mrf
}

has_grandchild() { pgrep -P "$(pgrep -d , -P "$1")" "$2" >/dev/null; }

@test "--print-sh: INT, TERM and HUP leave nothing" {
  printf 'a: tail -f /dev/null > out:p\nb: cat < in:p > save:result\n' >w.mrf
  mrf-run --print-sh w.mrf >script.sh
  for signal in INT TERM HUP; do
    env --default-signal=INT,HUP bash script.sh 3>&- 2>/dev/null &
    wait_until has_grandchild $! tail
    kill "-$signal" $!
    wait $! || status=$?
    [ "$status" = $((128 + $(kill -l $signal))) ]
    wait_until assert_nothing_left
    assert_files w.mrf script.sh
  done
}

@test "--print-sh: a signal before the script has noted the number of a job leaves nothing" {
  printf 'a: tail -f /dev/null > out:p\nb: cat < in:p > save:result\n' >w.mrf
  # shellcheck disable=SC2016 # the script's
  mrf-run --print-sh w.mrf | sed 's/^      report "\$1" "\$reports" &$/&\n      kill -TERM $$/' >script.sh
  grep -q 'kill -TERM' script.sh
  run_apart bash -c 'timeout -k 5 300 bash script.sh >/dev/null 2>&1'
  assert_status 143
  wait_until assert_nothing_left
  assert_files w.mrf script.sh
}
