#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
load common
load getm-fetch

setup_file() { serve_samples; }
teardown_file() { stop_servers; }

@test "a file, by PATH and by --filepath" {
  fetch "$HTTP/data" out
  assert_fetched out
  fetch -O out2 "$HTTP/data"
  assert_fetched out2
  assert_files out out2
}

@test "a directory that exists, one that ends in a slash, the current one" {
  mkdir there
  fetch "$HTTP/data" there
  assert_fetched there/data
  fetch "$HTTP/data" new/deep/
  assert_fetched new/deep/data
  fetch "$HTTP/data?x=/y"
  assert_fetched data
}

@test "standard output" {
  getm-fetch "$HTTP/data" - >out
  cmp "$WWW/data" out
  assert_files out
}

@test "a FIFO and a device are written directly" {
  mkfifo fifo
  cat fifo >out 3>&- &
  fetch "$HTTP/data" fifo
  wait
  assert_fetched out
  [[ -p fifo ]]
  fetch "$HTTP/data" /dev/full
  assert_status 1
  assert_stderr "getm-fetch: cannot write '/dev/full': No space left on device"
}

@test "the name in Content-Disposition, its last component only" {
  fetch "$HTTP/named/data?disposition=attachment;filename=../../nice.bam"
  assert_fetched nice.bam
  fetch "$HTTP/named/data?disposition=attachment;filename=.."
  assert_fetched data
  fetch "$HTTP/named/data?disposition=attachment;filename=.bashrc" there/
  assert_fetched there/data
  fetch "$HTTP/named/data?disposition=attachment;filename=nice.bam" own
  assert_fetched own
}

@test "a URL without a file name needs a PATH" {
  fetch "$HTTP/echo/.."
  assert_status 4
  fetch "$HTTP/echo?x" -
  assert_status 0
  fetch "$HTTP/raw/?head=200 OK"
  assert_status 2
  assert_stderr_has "the URL does not end in a file name, give PATH"
  assert_files
}

@test "objects of no byte and of one" {
  fetch "$HTTP/empty"
  assert_status 0
  [[ -f empty && ! -s empty ]]
  fetch "$HTTP/one"
  assert_status 0
  [[ $(<one) == x ]]
}

@test "an existing target is replaced on success and left alone on failure" {
  echo old >out
  fetch "$HTTP/none" out
  assert_status 4
  [[ $(<out) == old ]]
  fetch "$HTTP/data" out
  assert_fetched out
  assert_files out
}

@test "a target that cannot be written" {
  fetch "$HTTP/data" missing/out
  assert_status 1
  assert_stderr "getm-fetch: cannot open 'missing/out': No such file or directory"
  touch file
  fetch "$HTTP/data" file/
  assert_status 1
  assert_stderr_has "cannot make directory 'file/': "
}

@test "a full disk is status 1 and leaves nothing" {
  run_apart with_small_disk 1M getm-fetch "$HTTP/data" disk/out
  assert_status 1
  assert_stderr "getm-fetch: cannot write 'disk/out': No space left on device"
}

@test "standard output that closes early ends it silently with SIGPIPE" {
  run_apart bash -c 'getm-fetch "$1" - | true; exit "${PIPESTATUS[0]}"' bash "$HTTP/data"
  assert_status 141
  assert_stderr_is ''
}

# Whether process $1 has a file in the current directory that has no name.
holds_nameless_file() { [[ $(readlink "/proc/$1/fd/"* 2>/dev/null) == *"$PWD/#"* ]]; }

@test "INT, TERM and HUP end it with their status and without a file; an existing one is as before" {
  local signal pid
  echo old >out
  for signal in INT TERM HUP; do
    env --default-signal=INT,HUP getm-fetch -q --concurrency 1 "$HTTP/fault/held?t=$signal" out 3>&- &
    pid=$!
    wait_until holds_nameless_file "$pid"
    kill -s "$signal" "$pid"
    status=0
    wait "$pid" || status=$?
    ((status == 128 + $(kill -l "$signal")))
    [[ $(<out) == old ]]
    assert_files out
  done
}

# started_threads N: with --concurrency N
started_threads() {
  strace -f -qq -o "$TMPDIR/calls" -e trace=clone,clone3 getm-fetch -q --part-size 64K --multipart-threshold 64K \
    --concurrency "$1" -cs "$(md5_of "$WWW/data")" -ca md5 "$HTTP/data" out
  cmp out "$WWW/data"
  [[ -s $TMPDIR/calls ]]
}

@test "--concurrency 0 starts no threads, 4 does" {
  run ! started_threads 0
  cmp out "$WWW/data"
  started_threads 4
}

# without_threads N ARGS...: the Nth thread and those after it cannot be started
without_threads() {
  strace -f -qq -o "$TMPDIR/calls" -e trace=clone,clone3 -e "inject=clone,clone3:error=EAGAIN:when=$1+" \
    getm-fetch -q --part-size 64K --multipart-threshold 64K "${@:2}"
  grep -q INJECTED "$TMPDIR/calls"
}

@test "threads that cannot be started are done without" {
  local checksum
  checksum=(-cs "$(md5_of "$WWW/data")" -ca md5)
  printf '[{"url":"%s/big"},{"url":"%s/one"},{"url":"%s/data"}]' "$HTTP" "$HTTP" "$HTTP" >m.json
  without_threads 1 "${checksum[@]}" "$HTTP/data" - >piped
  cmp piped "$WWW/data"
  without_threads 1 "${checksum[@]}" "$HTTP/data" out
  cmp out "$WWW/data"
  without_threads 1 -m m.json
  cmp big "$WWW/data"
  cmp data "$WWW/data"
  assert_files m.json out piped big one data
}

@test "usage errors" {
  fetch
  assert_status 2
  assert_stderr_is "getm-fetch: cannot use 'command line': no URL given; try 'getm-fetch --help'"
  fetch "$HTTP/data" a b
  assert_status 2
  fetch "$HTTP/data" a -O b
  assert_status 2
  assert_stderr_has "cannot use option '--filepath': PATH is given already"
  fetch -H 'Range: bytes=0-1' "$HTTP/data"
  assert_status 2
  assert_stderr_has "cannot use header 'Range'"
  fetch --stall-timeout 0 "$HTTP/data"
  assert_status 2
  fetch --retry x "$HTTP/data"
  assert_status 2
  assert_files
}

@test "statistics name the input without its secrets" {
  fetch --stats stats.json "$HTTP/data?sig=hidden" out
  assert_fetched out
  jq '[.bytes_in, .bytes_out, .inputs, .outputs]' stats.json |
    diff - <(jq -n --arg url "$HTTP/data?sig=..." '[3000000, 3000000, [{name: $url, records: 0, bytes: 3000000}],
      [{name: "out", records: 0, bytes: 3000000, verified_by: "nothing"}]]')
}

@test "no test of this file has sent another request than GET" {
  logged >requests
  grep -q '^GET ' requests
  run ! grep -v '^GET ' requests
}
