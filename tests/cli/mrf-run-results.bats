#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The results of mrf-run(1): all of them or none, whatever fails.

load common
load run

@test "results appear together, with what was written beside them, and only then" {
  workflow -D out='a result' <<'E'
a: bash -c 'echo 1 > "$1"; echo index > "$1.idx"' _ save:$out
b: bash -c 'ls >&2; echo 2' > save:second
E
  assert_status 0
  assert_stderr_is w.mrf
  assert_files w.mrf 'a result' 'a result.idx' second
  [ "$(cat 'a result.idx')" = index ]
}

@test "a failure leaves an existing result as it was, and a success keeps its mode without setuid and the like" {
  echo old >result && chmod 7640 result
  workflow <<<"a: bash -c 'echo new; exit 1' > save:result"
  assert_status 1
  [ "$(cat result)" = old ]
  workflow <<<"a: echo new > save:result"
  assert_status 0
  [ "$(cat result) $(stat -c %a result)" = "new 640" ]
  # What a result that is a link leads to is not the run's.
  echo kept >elsewhere && chmod 644 elsewhere
  echo "a: ln -s $PWD/elsewhere save:result" >w.mrf
  run_apart timeout -k 5 300 mrf-run w.mrf
  assert_status 0
  [ "$(cat result)" = kept ]
  [ "$(stat -c %a elsewhere)" = 644 ]
}

@test "what is appended to a result stands behind what was there, in the script too" {
  echo 'a: seq 2 >> save:$out' >append.mrf
  echo old >there
  chmod 600 there
  run_apart mrf-run -D out=there append.mrf
  assert_status 0
  [ "$(cat there)" = $'old\n1\n2' ]
  [ "$(stat -c %a there)" = 600 ]
  mrf-run -D out=new append.mrf
  [ "$(cat new)" = $'1\n2' ]
  mrf-run --print-sh -D out=there append.mrf >script.sh
  bash script.sh
  [ "$(cat there)" = $'old\n1\n2\n1\n2' ]
}

@test "a disk that has no room for the copy of what is appended to is named" {
  echo 'a: echo 1 >> save:disk/there' >append.mrf
  # shellcheck disable=SC2016 # the inner shell's
  run_apart with_small_disk 3m bash -c 'head -c 2000000 /dev/zero >disk/there
    mrf-run append.mrf && exit 9; ls disk'
  assert_status 0
  assert_output_is there
  assert_stderr_is "mrf-run: cannot write 'disk/there': No space left on device"
}

@test "a result that no job wrote, or that cannot be written, is an error" {
  workflow <<<"a: echo save:result"
  assert_status 1
  assert_stderr "mrf-run: cannot publish 'result': its job succeeded, but did not write it"
  workflow <<<"a: echo > save:no/result"
  assert_status 1
  assert_stderr "mrf-run: cannot write 'no/result': there is no directory 'no'"
  mkdir directory
  workflow <<<"a: echo > save:directory"
  assert_status 1
  assert_stderr "mrf-run: cannot open 'directory': Is a directory"
  workflow <<<"a: echo gone > save:/dev/null"
  assert_status 0
  assert_files w.mrf directory
}

@test "a directory of results that is renamed, made anew or removed during the run is named, and nothing stays in it" {
  for change in 'mv d e' 'mv d e; mkdir d' 'rm -r d'; do
    mkdir -p d
    workflow <<<"a: bash -c 'echo 1; $change' > save:d/result"
    assert_status 1
    assert_stderr_is "mrf-run: cannot publish 'd/result': the directory 'd' has been renamed or removed during the run; run it again"
    [ -z "$(find d e -mindepth 1 2>/dev/null)" ]
    rm -rf d e
  done
  assert_nothing_left
}

@test "one result under two names is refused before anything starts" {
  ln -s x lx
  for other in ./x lx "$PWD/x"; do
    workflow <<<$'a: touch started\nb: echo > save:x\nc: echo > save:'"$other"
    assert_status 2
    assert_stderr_is "mrf-run: w.mrf:3: result '$other' is written twice: 'x' is the same file"
  done
  echo >hard && ln hard link
  workflow <<<$'b: echo 1 > save:hard\nc: echo 2 > save:link'
  assert_status 0
  [ "$(cat hard link)" = $'1\n2' ]
  rm hard link
  echo >1.fq && echo >2.fq
  run_apart mrf-run -i 1.fq -i 2.fq -o T.fq -o ./T.fq -- touch started
  assert_status 2
  assert_stderr_has "cannot write './T.fq': both outputs are that file"
  assert_files w.mrf lx 1.fq 2.fq
}

@test "what goes beside the output to the same standard output is refused before anything starts" {
  seq 10 >in.txt
  local open='-i in.txt -n 2'
  while IFS='|' read -r refused words; do
    # shellcheck disable=SC2086
    run_apart bash -c 'mrf-run "$@" 3>&1 | cat; exit "${PIPESTATUS[0]}"' _ $words
    assert_status 2
    assert_output_is ''
    assert_stderr_has "mrf-run: cannot write '$refused': the output goes there"
  done <<E
standard output|$open --report - -- cat
standard output|$open -o /dev/stdout --report - -- cat
/dev/stdout|$open -o - --report /dev/stdout -- cat
/dev/fd/3|$open --report /dev/fd/3 -- cat
/proc/self/fd/3|$open --report /proc/self/fd/3 --order any -- cat
/dev/stdout|$open --side /dev/stdout -- cat
/dev/fd/1|$open --progress json:1 -- cat
/dev/fd/3|$open --progress json:3 --dry-run -- cat
/dev/stdout|$open --key column:2 --missing /dev/stdout -- cat
/dev/stdout|-i in.txt -n 1 --order any -- tee save:/dev/stdout
E
  echo 'a: echo > save:/dev/stdout' >w.mrf
  for words in '--report -' '--report /dev/fd/3' '--progress json:3'; do
    # shellcheck disable=SC2086
    run_apart bash -c 'mrf-run "$@" w.mrf 3>&1 | cat; exit "${PIPESTATUS[0]}"' _ $words
    assert_status 2
    assert_output_is ''
    assert_stderr_has "': a result has that name"
  done
  # Nothing is mixed on two files, or where a second file is none.
  run_apart bash -c 'mrf-run "$@" 3>report | cat' _ -i in.txt --report /dev/fd/3 -- cat
  assert_status 0
  assert_output_is "$(seq 10)"
  [[ -s report ]]
  mrf-run -i in.txt --report - -- cat >/dev/null
}

@test "neither the report nor the statistics replace a result, the workflow or what a job reads" {
  seq 5 >in.txt
  for name in result ./result w.mrf ./w.mrf in.txt; do
    for option in --stats --report; do
      workflow "$option" "$name" <<<'a: sort < in.txt > save:result'
      assert_status 2
      assert_stderr_has "$(if [[ $option$name == --report*result ]]; then
        echo "mrf-run: cannot write '$name': a result has that name"
      else
        echo "mrf-run: cannot use option '$option': it would replace '$(basename "$name")'"
      fi)"
      assert_files w.mrf in.txt
    done
  done
  echo 'a: sort > save:result' >w.mrf
  run_apart mrf-run --report in.txt w.mrf <in.txt
  assert_status 2
  assert_stderr_has "cannot use option '--report': it would replace 'standard input'"
}

@test "a file beside a result that has the name of another one is an error without a result" {
  for name in y ./y "$PWD/y"; do
    workflow <<<$'a: bash -c \'echo > "$1"; echo > "${1%x}y"\' _ save:x\nb: echo > save:'"$name"
    assert_status 1
    assert_stderr_has "mrf-run: cannot publish '"
    assert_stderr_has "y': it is written twice"
    assert_files w.mrf
  done
}

@test "no result without the report that was asked for, and no report that says what is not so" {
  mkdir directory
  while IFS='|' read -r status report reason; do
    workflow --report "$report" <<<'a: bash -c "touch started; echo > \"\$1\"" _ save:result'
    assert_status "$status"
    assert_stderr_is "mrf-run: $reason"
    [[ $report == /dev/full ]] || [ ! -e started ]
    rm -f started
    assert_files w.mrf directory
  done <<'E'
1|/nonexistent/x|cannot open '/nonexistent/x': No such file or directory
1|directory|cannot open 'directory': Is a directory
1|/dev/full|cannot write '/dev/full': No space left on device
2|directory/../result|cannot write 'directory/../result': a result has that name; try 'mrf-run --help'
E
  workflow --report report.json <<<'a: bash -c "echo > \"\$1\"; mkdir result" _ save:result'
  assert_status 1
  jq -e '.status == 1 and .results == []' report.json
  rmdir result
  run_apart bash -c 'exec 5> >(:); wait $!; mrf-run --report - - <<<"a: touch save:result" >&5'
  assert_status 141
  assert_stderr_is ''
  assert_files w.mrf directory report.json
  assert_nothing_left
}

@test "what cannot be said on standard error is no failure" {
  for closed in '2>&-' '2>/dev/full'; do
    rm -f result
    run_apart bash -c "mrf-run -v - $closed <<<'a: echo new > save:result'"
    assert_status 0
    [ "$(cat result)" = new ]
  done
}

@test "a link keeps its place: the job sees its name, the file that it leads to is replaced" {
  mkdir store && ln -s store/data link.gz
  workflow <<'E'
a: bash -c 'echo "${1##*/}" > "$1"; echo index > "$1.idx"; echo other > "${1%/*}/other"' _ save:link.gz
E
  assert_status 0
  [ "$(cat store/data store/data.idx store/other)" = $'link.gz\nindex\nother' ]
  assert_files w.mrf link.gz store store/data store/data.idx store/other
  seq 10 >in.txt
  run_apart mrf-run -n 2 -i in.txt -o link.gz -- cat
  assert_status 0
  cmp in.txt <(zcat store/data)
  rm store/data*
  mrf-run --print-sh w.mrf >script.sh
  run_apart bash script.sh
  assert_status 0
  [ "$(readlink link.gz) $(cat store/data) $(cat store/data.idx)" = "store/data link.gz index" ]
}

@test "a full disk is an error without a result" {
  cat >w.mrf <<'E'
a: head -c 2000000 /dev/zero > out:p
b: dd status=none of=save:disk/result < in:p
E
  run_apart with_small_disk 1m bash -c 'mrf-run w.mrf; status=$?; ls -A disk; exit $status'
  assert_status 1
  assert_output_is ""
  assert_stderr_has "No space left on device"
}

@test "a result whose name is taken by a directory meanwhile leaves the others as they were" {
  echo old >first
  workflow <<'E'
a: bash -c 'echo new > "$1"; echo index > "$1.idx"' _ save:first
b: bash -c 'echo new > "$1"; mkdir second' _ save:second
E
  assert_status 1
  assert_stderr "mrf-run: cannot write 'second': Is a directory"
  [ "$(cat first)" = old ]
  assert_files w.mrf first second
  assert_nothing_left
}

@test "whichever rename fails, all results are there or none, and what was there before is again" {
  cat >w.mrf <<'E'
a: bash -c 'echo new > "$1"; echo new > "$1.idx"' _ save:first
b: bash -c 'echo new > "$1"; echo new > "$1.idx"' _ save:second
E
  failing() {
    run_apart strace -f -qq --seccomp-bpf -o trace -e trace=rename,renameat2 -e "inject=$1:error=EIO:when=$2" mrf-run w.mrf
  }
  for before in first second.idx; do
    for call in 'rename 2' 'rename 3' 'rename 4' 'renameat2 1'; do
      rm -f first* second*
      echo old >"$before"
      # shellcheck disable=SC2086
      failing $call
      grep -q INJECTED trace
      assert_status 1
      assert_stderr_has "Input/output error"
      [ "$(cat "$before")" = old ]
      assert_files w.mrf trace "$before"
    done
  done
  failing rename 5
  assert_status 0
  assert_files w.mrf trace first first.idx second second.idx
  [ "$(cat first second.idx)" = $'new\nnew' ]
  assert_nothing_left
}

@test "killed at any rename, no result is missing that was there before, also where files cannot change places" {
  cat >w.mrf <<'E'
a: bash -c 'echo new > "$1"' _ save:first
b: bash -c 'echo new > "$1"' _ save:second
E
  for cannot in link:error=EPERM renameat2:error=EINVAL; do
    for number in 1 2 3; do
      kill=(-e "inject=rename:signal=KILL:when=$number")
      [[ $cannot == renameat2* ]] || kill+=(-e "inject=renameat2:signal=KILL:when=$number")
      rm -rf .mrf-run* && echo old >first && echo old >second
      run_apart strace -f -qq -o trace -e trace=rename,renameat2,link -e "inject=$cannot" "${kill[@]}" \
        mrf-run w.mrf
      [[ $(cat first) == @(old|new) && $(cat second) == @(old|new) ]]
    done
  done
}

@test "the directory of a result is on disk before the run has succeeded" {
  mkdir a b
  printf 'x: echo 1 > save:a/x\ny: echo 2 > save:b/y\n' >w.mrf
  strace -f -qq -y -o trace -e trace=fsync mrf-run w.mrf
  for directory in a b; do grep -q "fsync([0-9]*<$PWD/$directory>) *= 0" trace; done
  seq 3 >in
  strace -f -qq -y -o trace -e trace=fsync mrf-collect -o a/z in
  grep -q "fsync([0-9]*<$PWD/a>) *= 0" trace
  run_apart strace -f -qq -o trace -e trace=fsync -e inject=fsync:error=EIO:when=2 mrf-collect -o a/new in
  assert_status 1
  assert_stderr_is "mrf-collect: cannot write 'a/new': Input/output error"
  [ ! -e a/new ]
}

@test "without /proc a result is written under a name for the time being, found out at once" {
  [[ -z ${MRF_SANITIZED-} ]] || skip 'the sanitizers need /proc'
  seq 3 >in
  namespaces=(--mount)
  ((EUID == 0)) || namespaces+=(--user --map-root-user)
  run_apart unshare "${namespaces[@]}" bash -c 'mount -t tmpfs none /proc; mrf-collect -o out in; echo $?; ls -A'
  assert_output_is $'0\nin\nout'
  assert_stderr_is ''
}
