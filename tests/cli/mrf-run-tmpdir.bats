#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-run(1) with a TMPDIR that is missing, that cannot be written or that is full, at the start and in mid-run.

load common

# LIMITS WORD...: mrf-run with a TMPDIR of its own, a tmpfs(5) of these limits, which is empty again afterwards.
on_disk() {
  local limits=$1
  shift
  run_apart with_small_disk "$limits" bash -c '
    TMPDIR=$PWD/disk mrf-run "$@"
    status=$?
    [ -z "$(ls -A disk)" ] || { echo "left in TMPDIR:" disk/* >&2; exit 99; }
    exit $status' bash "$@"
  rmdir disk
}

@test "a TMPDIR that is not there" {
  echo "a: true" >w.mrf
  TMPDIR=/nonexistent run_apart mrf-run w.mrf
  assert_status 1
  assert_stderr_is "mrf-run: cannot make a directory for FIFOs in '/nonexistent': No such file or directory"
}

@test "a relative TMPDIR: what jobs and filters get is there in another directory too" {
  mkdir tmp
  seq 10 >in.txt
  for order in chunk any; do
    TMPDIR=tmp run_apart mrf-run --order $order --side side --report report -i in.txt -o out.txt -n 1 -- \
      sh -c 'cd /; cat; echo hi >"$MRF_SIDE"; echo 7 >"$MRF_RESULT"'
    assert_status 0
    cmp out.txt in.txt
    grep -qx hi side
    jq -e '.jobs[] | select(.name == "work").result | . == 7 or . == [7]' report
  done
  TMPDIR=tmp run_apart mrf-chunks --side side -i in.txt -- sh -c 'cd /; cat; echo chunk >"$MRF_SIDE"'
  assert_status 0
  grep -qx chunk side
  rmdir tmp
}

@test "a TMPDIR that cannot be written" {
  seq 1000 >in.txt
  run_apart as_user sh -c '
    chmod 500 "$TMPDIR"; mrf-run -n 2 -i in.txt -o out.txt -- cat; status=$?; chmod 700 "$TMPDIR"; exit $status'
  assert_status 1
  assert_stderr_is "mrf-run: cannot make a directory for FIFOs in '$TMPDIR': Permission denied"
  assert_files in.txt
}

@test "a TMPDIR whose file system has no hard links: that is said, and what to do" {
  command -v strace >/dev/null || skip "strace is not installed"
  mkdir tmp
  seq 10 >in.txt
  for error in EPERM EOPNOTSUPP EXDEV; do
    TMPDIR=$PWD/tmp run_apart strace -f -qq -o /dev/null -e trace=/^link -e inject=/^link:error=$error \
      mrf-run --order seq -i in.txt -o out.txt -- cat
    assert_status 1
    assert_stderr_has "cannot make FIFO '$PWD/tmp/"
    assert_stderr_has 'its file system has no hard links; name a directory on another one with TMPDIR'
    assert_files in.txt tmp
  done
}

@test "a TMPDIR that is full at the start: no room for the directory, in it, for the FIFOs" {
  seq 1000 >in.txt
  for files in 1 2 3 4 5 6 7 10; do
    on_disk "1m,nr_inodes=$files" -n 3 --order rows -i in.txt -o out.txt -- cat
    assert_status 1
    assert_stderr_has "mrf-run: cannot make "
    assert_stderr_has "No space left on device"
    assert_files in.txt
  done
  on_disk 1m,nr_inodes=40 -n 3 --order rows -i in.txt -o out.txt -- cat
  assert_status 0
  cmp in.txt out.txt
}

@test "a TMPDIR with no room for the counts of the jobs: the result is right, the report knows less" {
  seq 1000 >in.txt
  cat >w.mrf <<'E'
fill: bash -c 'dd if=/dev/zero of="$TMPDIR/fill" bs=4096 2>/dev/null; echo > "$1"' _ out:full
work: bash -c 'read -r x < "$1"; exec mrf-collect in.txt -o "$2"' _ in:full save:out.txt
E
  run_apart with_small_disk 64k bash -c 'TMPDIR=$PWD/disk mrf-run --report report.json w.mrf'
  assert_status 0
  cmp in.txt out.txt
  jq -e '[.jobs[] | [.status, .records_in]] == [[0, null], [0, null]]' report.json
}

@test "a report that a full disk has no room for is not there, and an earlier one is as it was" {
  seq 100 >in.txt
  for filter in cat false; do
    with_small_disk 64k bash -c 'echo old >disk/old.json; head -c 10M /dev/zero >disk/fill
      for name in old new; do
        timeout 300 mrf-run --report "disk/$name.json" -i in.txt -o out.txt -- "$1" 2>>stderr.txt; echo $? >>status
      done
      cat disk/old.json >old; ls -A disk >left' _ "$filter" || true
    [ "$(cat old)" = old ]
    [ "$(cat left)" = $'fill\nold.json' ]
    [ ! -e out.txt ]
  done
  [ "$(cat status)" = $'1\n1\n1\n1' ]
  grep -F "cannot write 'disk/new.json': No space left on device" stderr.txt
}

@test "a chunk of a pipe that its filter does not take, with no room under TMPDIR: status 1 without a result" {
  head -c 100000000 /dev/zero >in
  on_disk 1m -n 2 --record fixed:1000000 -c 100 -i <(cat in) -o out -- tail -f /dev/null
  assert_status 1
  assert_stderr_has "No space left on device"
  assert_files in
}

@test "output before its turn that finds no room under TMPDIR: status 1 without a result" {
  printf 'a\nb\n' >in
  mkfifo gate
  on_disk 1m -n 2 -c 1 -i in -o out -- \
    bash -c 'read -r x; [ $x = b ] || read -r go < gate; head -c 5000000 /dev/zero'
  assert_status 1
  assert_stderr_has "mrf-chunks: cannot write 'temporary file in $PWD/disk': No space left on device"
  assert_files in gate
}

@test "a stream that is held back and finds no room under TMPDIR: the collector's status, without a result" {
  cat >w.mrf <<'E'
first: bash -c 'read -r x < "$1"; echo 0 > "$2"' _ in:late out:done[0]
rest:  bash -c 'seq 400000 > "$1"; echo > "$2"' _ out:done[1] out:late
join:  mrf-collect --order concat --buffer 64K in:done[0] in:done[1] -o save:out
E
  on_disk 1m w.mrf
  assert_status 1
  assert_stderr_has "No space left on device"
  assert_stderr "mrf-run: cannot finish 'join': exit status 1"
  assert_files w.mrf
}
