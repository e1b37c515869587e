#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load common

fails() { ! "$@" 2>/dev/null; }

@test "run_apart: status, stdout and stderr" {
  run_apart bash -c 'echo out; printf "one\ntwo\n" >&2; exit 7'
  assert_status 7
  assert_output_is out
  assert_stderr two
  assert_stderr_has w
  assert_stderr_is $'one\ntwo'
  fails assert_status 0
  fails assert_output_is ou
  fails assert_stderr tw
  fails assert_stderr_has three
  fails assert_stderr_is one
}

@test "every test starts in an empty directory" {
  [[ -z $(ls -A) ]]
  : >"a file"
  assert_files "a file"
  fails assert_files
  fails assert_files "a file" another
}

@test "what a test leaves behind is seen" {
  assert_nothing_left
  : >"$TMPDIR/left"
  fails assert_nothing_left
  rm "$TMPDIR/left"
  sleep 600 3>&- &
  wait_until fails assert_nothing_left # it has the test's environment when it has executed
  kill $!
  wait $! || true
  assert_nothing_left
}

@test "the generated BAM is one" {
  samtools quickcheck "$(small_bam 300)"
  [[ $(samtools view -c "$(small_bam 300)") == 300 ]]
  assert_same_sam "$(small_bam 300)" "$(small_bam 300)"
  fails assert_same_sam "$(small_bam 300)" "$(small_bam 200)"
}

@test "a command runs unprivileged" {
  run as_user sh -c 'id -u; : >mine'
  [[ $status == 0 && $output != 0 ]]
}

@test "a small disk fills up" {
  run with_small_disk 64K sh -c 'head -c 1M /dev/zero >disk/file'
  [[ $status == 1 && $output == *"No space left on device"* ]]
}

@test "a failing test keeps its files" {
  printf '%s\n' "load $ROOT/tests/cli/common.bash" '@''test "fails" { : >trace; false; }' >inner.bats
  cp "$ROOT/meson_options.txt" .
  run env -i PATH="$PATH" TMPDIR="$TMPDIR" MRF_BIN="$BIN" "$BATS_ROOT/bin/bats" inner.bats
  [[ $status == 1 && $output == *"files are kept in"* ]]
  kept=${output##*kept in }
  [[ -e ${kept%%$'\n'*}/work/trace ]]
  rm -r "${kept%%$'\n'*}"
}
