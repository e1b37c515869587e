#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a download leaves behind that a signal, a full disk or another program interrupts.
load common
load getm-fetch

setup_file() { serve_samples; }
teardown_file() { stop_servers; }

# held T ARGS...: in the background, with INT as in a terminal; its process is $pid. The response stops after 64 KiB.
held() {
  env --default-signal=INT,HUP getm-fetch -q --concurrency 1 "${@:2}" "$HTTP/fault/held?t=$1" out 2>stderr 3>&- &
  pid=$!
}
has_bytes() { (($(stat -c %s "$1" 2>/dev/null || echo 0) >= $2)); }
# ended_by SIGNAL: sends it to $pid and waits
ended_by() {
  status=0
  kill -s "$1" "$pid"
  wait "$pid" || status=$?
  ((status == 128 + $(kill -l "$1")))
}

@test "INT, TERM and HUP leave something to take up" {
  local signal
  for signal in INT TERM HUP; do
    held "$signal" --resume
    wait_until has_bytes out.getm-part 65536
    ended_by "$signal"
    [[ ! -s stderr && $(jq -c '.done[][0:2]' out.getm-part.json) == '[0,65536]' ]]
    assert_files out.getm-part out.getm-part.json stderr
    fetch -q --resume --concurrency 1 -cs "$(md5_of "$WWW/big")" -ca md5 "$HTTP/fault/none?t=after$signal" out
    assert_status 0
    cmp out "$WWW/big"
    logged | grep -q "t=after$signal HTTP/1.1 206 bytes=65536-2999999"
    rm out stderr
  done
}

@test "without an ETag and a time, or without a size, nothing is left, and that is said" {
  local path reason
  start_server "http://127.0.0.1:@PORT@" python3 "$ROOT/tests/servers/raw-answers" @PORT@
  while read -r path reason; do
    env --default-signal=INT getm-fetch --progress none --resume "$SERVER_URL/$path" out 2>stderr 3>&- &
    pid=$!
    wait_until has_bytes out.getm-part 2
    ended_by TERM
    [[ $(<stderr) == "getm-fetch: nothing is kept of 'out' for the next run: the server sends no $reason" ]]
    assert_files stderr
    rm stderr
  done <<'END'
stall-no-etag ETag and no Last-Modified
stall-no-size size
END
  stop_started || true
}

@test "KILL leaves what came until two seconds before, however little" {
  getm-fetch -q --resume --concurrency 1 "$HTTP/slower/data" out 3>&- &
  pid=$!
  wait_until test -s out.getm-part.json
  ended_by KILL
  fetch -q --resume --concurrency 1 -cs "$(md5_of "$WWW/data")" -ca md5 "$HTTP/data" out
  assert_status 0
  assert_files out
  logged | grep -q "^GET /data HTTP/1.1 206 bytes=[1-9]"
}

@test "INT, TERM and HUP leave no directory and no file without --resume" {
  local signal
  for signal in INT TERM HUP; do
    env --default-signal=INT,HUP getm-fetch -q --concurrency 1 "$HTTP/fault/held/x?t=dir$signal" new/deep/ 3>&- &
    pid=$!
    wait_until test -d new/deep
    ended_by "$signal"
    assert_files
  done
}

@test "a manifest that a signal ends: what is complete stays, the rest is taken up" {
  printf '[{"url":"%s","filepath":"d/one"},{"url":"%s","filepath":"e/out"}]' \
    "$HTTP/one" "$HTTP/fault/held?t=manifest" >m.json
  env --default-signal=INT,HUP getm-fetch --progress none --files 1 --concurrency 1 --resume -m m.json 2>stderr 3>&- &
  pid=$!
  wait_until has_bytes e/out.getm-part 65536
  ended_by INT
  [[ $(<stderr) == "getm-fetch: interrupted: 1 of 2 files are there; the same command continues" ]]
  assert_files d d/one e e/out.getm-part e/out.getm-part.json m.json stderr
}

@test "a part file that is longer than the object is cut, whatever is behind the end" {
  cat "$WWW/big" <(echo more) >out.getm-part
  printf '{"format":1,"etag":"\\"one\\"","size":3000000,"done":[[0,3000000]]}' >out.getm-part.json
  fetch -q --resume -cs "$(md5_of "$WWW/big")" -ca md5 "$HTTP/fault/none?t=longer" out
  assert_status 0
  cmp out "$WWW/big"
  cat "$WWW/big" <(echo more) >out.getm-part
  printf '{"format":1,"etag":"\\"one\\"","size":3000000,"done":[[0,1000],[2000,3000000]]}' >out.getm-part.json
  fetch -q --resume -ca null "$HTTP/fault/none?t=longer2" out
  assert_status 0
  cmp out "$WWW/big"
  assert_files out
}

@test "a file that another program makes longer meanwhile is not published" {
  held grown --resume
  wait_until has_bytes out.getm-part 65536
  truncate -s 3000001 out.getm-part
  for _ in 1 2 3; do curl -fsr 0-0 -o /dev/null "$HTTP/fault/held?t=grown"; done
  status=0
  wait "$pid" || status=$?
  ((status == 3))
  [[ $(<stderr) == "getm-fetch: cannot write 'out': it has 3000001 bytes instead of 3000000: another program changed it" ]]
  assert_files stderr
}

@test "a record of an earlier version goes when its data goes" {
  printf 'earlier' >out.getm-part
  printf '{"format":1,"etag":"\\"zero\\"","size":3000000,"done":[[0,7]]}' >out.getm-part.json
  held stale --resume
  wait_until has_bytes out.getm-part 65536
  run ! grep zero out.getm-part.json # there may be one of this version already
  kill -KILL "$pid"
  wait "$pid" || true
}

# On a disk that has no room for what comes, at ./disk.
on_full_disk() {
  local data="$HTTP/fault/none?t=full" option name
  echo earlier >disk/out
  for option in --concurrency=4 --concurrency=0 --resume; do
    getm-fetch --progress none "$option" "$data" disk/out
    echo "status $? $option"
  done
  jq -n '[{url: $big, filepath: "disk/out"}, {url: $one, filepath: "disk/a/one"}, {url: $big, filepath: "disk/b/big"}]' \
    --arg big "$data" --arg one "$HTTP/one" >list
  for option in --continue-after-error --resume; do
    getm-fetch -q -c "$option" -m list --report report 2>said
    echo "status $? $(jq -c '[.failed, .fetched]' report) $option"
    grep cannot said | sort
    rm disk/a/one
    rmdir disk/a
  done
  ls -A disk
  for name in report.json sums.md5; do echo earlier >"disk/$name"; done
  cat /dev/zero >disk/filled
  rm report
  getm-fetch --progress none -ca null --report disk/report.json "$HTTP/one" one
  echo "status $?"
  getm-fetch --progress none -ca null --write-checksums disk/sums.md5 --report report "$HTTP/one" one
  echo "status $? $(jq .status report)"
  getm-fetch -q --resume -ca null "$HTTP/one" disk/out
  echo "status $?"
  ls -A disk
  cat disk/out disk/report.json disk/sums.md5
} 2>&1

@test "a full disk: status 1, a message, nothing left behind, and earlier files as they were" {
  export -f on_full_disk
  run_apart with_small_disk 1M bash -c on_full_disk
  assert_output_is "$(
    for option in --concurrency=4 --concurrency=0 --resume; do
      printf '%s\n' "getm-fetch: cannot write 'disk/out': No space left on device" "status 1 $option"
    done
    for option in --continue-after-error --resume; do
      printf '%s\n' "status 1 [2,1] $option" "getm-fetch: cannot write 'disk/"{b/big,out}"': No space left on device"
    done
    echo out
    echo 'cat: write error: No space left on device'
    printf '%s\n' "getm-fetch: cannot write 'disk/"{report.json,sums.md5,out}"': No space left on device" |
      sed 'a status 1' | sed '4s/$/ 1/'
    printf '%s\n' filled out report.json sums.md5 earlier earlier earlier
  )"
}

# The room for the data is reserved, so that the last of the disk is not for the record.
on_tight_disk() {
  echo earlier >disk/out
  getm-fetch -q --resume --concurrency 1 "$HTTP/fault/held?t=tight" disk/out &
  wait_until has_bytes disk/out.getm-part 65536
  kill -TERM $!
  wait $!
  echo "status $?"
  ls -A disk
  rm disk/out # the record has its room
  getm-fetch -q --resume --concurrency 1 "$HTTP/fault/none?t=tight" disk/out
  echo "status $?"
  ls -A disk
}

@test "what came on a disk whose room is all reserved is kept for the next run" {
  local page
  page=$(getconf PAGESIZE)
  export -f on_tight_disk wait_until has_bytes
  run_apart with_small_disk $(((3000000 / page + 2) * page)) bash -c on_tight_disk
  assert_output_is "$(printf '%s\n' 'status 143' out out.getm-part out.getm-part.json 'status 0' out)"
  logged | grep -q '^GET /fault/none?t=tight .* 206 bytes=[1-9]'
}

@test "where the file system has no locks, --resume works, and two runs do not mix their data" {
  local error
  for error in ENOSYS ENOLCK EOPNOTSUPP; do
    run_apart strace -f -qq -o /dev/null -e trace=flock -e "inject=flock:error=$error" \
      getm-fetch -v --resume --concurrency 1 -cs "$(md5_of "$WWW/big")" -ca md5 "$HTTP/fault/none?t=$error" out
    assert_status 0
    assert_stderr "getm-fetch: cannot lock 'out.getm-part': the file system has no locks; run one download of it at a time"
    cmp out "$WWW/big"
    rm out
  done
  # A run of another version takes the name; what it throws away is not what the first one writes.
  strace -f -qq -o /dev/null -e trace=flock -e inject=flock:error=ENOSYS \
    getm-fetch -q --resume --concurrency 1 "$HTTP/fault/held?t=unlocked" out 2>stderr 3>&- &
  pid=$!
  wait_until has_bytes out.getm-part 65536
  run_apart strace -f -qq -o /dev/null -e trace=flock -e inject=flock:error=ENOSYS \
    getm-fetch -q --resume --concurrency 1 "$HTTP/data" out
  assert_status 0
  cmp out "$WWW/data"
  for _ in 1 2 3; do curl -fsr 0-0 -o /dev/null "$HTTP/fault/held?t=unlocked"; done
  status=0
  wait "$pid" || status=$?
  ((status == 1))
  [[ $(<stderr) == "getm-fetch: cannot write 'out': 'out.getm-part' was removed or replaced meanwhile" ]]
  cmp out "$WWW/data"
}

has_ended() { [[ ! -e /proc/$pid || $(ps -o stat= -p "$pid") == Z* ]]; }
# ends_with STATUS: $pid, within the time of wait_until
ends_with() {
  wait_until has_ended || kill -s KILL "$pid"
  status=0
  wait "$pid" || status=$?
  ((status == $1))
}
# beside_a_stall URI TARGET ARGS...: fetches both with a file whose response stops, of which e/out.getm-part has two
# bytes then; the response to URI has ended.
beside_a_stall() {
  printf '[{"url":"%s","filepath":"%s"},{"url":"%s","filepath":"e/out"}]' \
    "$HTTP$1" "$2" "$SERVER_URL/stall-with-etag" >m.json
  env --default-signal=INT,HUP getm-fetch -q --resume -m m.json "${@:3}" 2>stderr 3>&- &
  pid=$!
  wait_until has_bytes e/out.getm-part 2
  wait_until grep -qF "GET $1 " "$LOG"
}
start_stall() { start_server "http://127.0.0.1:@PORT@" python3 "$ROOT/tests/servers/raw-answers" @PORT@; }

@test "a signal ends a manifest with a FIFO that nobody opens or reads, and leaves the rest in order" {
  local signal
  mkfifo pipe
  start_stall
  for signal in INT TERM HUP; do
    beside_a_stall "/one?t=opened$signal" pipe
    kill -s "$signal" "$pid"
    ends_with $((128 + $(kill -l "$signal")))
    assert_files e e/out.getm-part e/out.getm-part.json m.json pipe stderr
    exec 9<>pipe
    beside_a_stall "/data?t=read$signal" pipe
    kill -s "$signal" "$pid"
    ends_with $((128 + $(kill -l "$signal")))
    [[ $(jq -c '.done[][0:2]' e/out.getm-part.json) == '[0,2]' ]]
    exec 9<&-
  done
  printf '[{"url":"%s","filepath":"pipe"}]' "$HTTP/one?t=alone" >m.json
  env --default-signal=INT,HUP getm-fetch -q --concurrency 0 -m m.json 2>stderr 3>&- &
  pid=$!
  wait_until grep -qF "GET /one?t=alone " "$LOG"
  kill -s INT "$pid"
  ends_with 130
  stop_started || true
}

@test "a failure ends a manifest with a FIFO that nobody opens or reads" {
  mkfifo pipe
  start_stall
  beside_a_stall '/one?t=fails' pipe --retry 0
  stop_started || true
  ends_with 5
  [[ $(<stderr) == *"cannot fetch '$SERVER_URL/stall-with-etag': "* ]]
  exec 9<>pipe
  local target
  for target in pipe /dev/stdout; do
    start_stall
    beside_a_stall "/data?t=fails$target" "$target" --root / --retry 0 >pipe
    stop_started || true
    ends_with 5
  done
  exec 9<&-
}
