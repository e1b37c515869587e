#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
bats_require_minimum_version 1.5.0
load common
load ../servers/servers

setup_file() {
  start_nginx
  head -c 3000000 /dev/urandom >"$WWW/data"
  printf x >"$WWW/one"
  : >"$WWW/empty"
}
teardown_file() { stop_servers; }

fetch() { run_apart env -u http_proxy -u https_proxy -u all_proxy getm-fetch "$@"; }

# The server of these tests names no checksum.
assert_fetched() {
  assert_status 0
  cmp "$WWW/data" "$1"
  [[ -z $stderr || $stderr == *": the server names no checksum; the data is unverified" ]]
  ((${#stderr_lines[@]} < 2))
}

# --- where the data goes

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
  cat fifo >out &
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

# --- what the server says

@test "refusals are status 4 with the server's own reason" {
  fetch "$HTTP/none" out
  assert_status 4
  assert_stderr_is "getm-fetch: cannot fetch '$HTTP/none': Not Found (HTTP 404)"
  fetch "$HTTP/s3error?X-Amz-Signature=hidden&X-Amz-Date=1" out
  assert_status 4
  assert_stderr_is "getm-fetch: cannot fetch '$HTTP/s3error?X-Amz-Signature=...&X-Amz-Date=1': Request has expired (HTTP 403)"
  fetch "$HTTP/raw/?head=204%20No" out
  assert_status 3
  assert_files
}

@test "a server that is busy is asked again" {
  fetch "$HTTP/flaky/data?t=$BATS_TEST_NAME&times=2&after=0" out
  assert_status 0
  cmp "$WWW/data" out
  assert_stderr_has "Service Temporarily Unavailable (HTTP 503); trying again in 0.0 s (1 of 10)"
  assert_stderr_has "(2 of 10)"
  fetch -q "$HTTP/flaky/data?t=$BATS_TEST_NAME&times=1&status=429&after=Thu,%2001%20Jan%201970%2000:00:00%20GMT" out
  assert_fetched out
}

@test "a server that stays busy is status 5" {
  local code
  for code in 408 429 500 503; do
    fetch -q --retry 1 "$HTTP/flaky/data?t=$BATS_TEST_NAME&times=9&after=0&status=$code" out
    assert_status 5
    assert_stderr_has "(HTTP $code), 2 times"
  done
  fetch "$HTTP/flaky/data?t=$BATS_TEST_NAME&times=9&after=3600" out
  assert_status 5
  assert_files
}

@test "a server that cannot be reached is status 5" {
  fetch -q --retry 1 http://127.0.0.1:1/x out
  assert_status 5
  assert_stderr_has "cannot fetch 'http://127.0.0.1:1/x': "
  fetch -q --retry 0 http://none.invalid/x out
  assert_status 5
  assert_stderr_has "none.invalid"
  assert_files
}

# --- short bodies

@test "a short body is asked for from where it stopped" {
  local url
  for url in "$HTTP/short/?times=3" "$HTTP/short/?times=2&ranges=0" "$HTTP/short/?etag=0"; do
    fetch -q "$url&t=$BATS_TEST_NAME" out
    assert_fetched out
    rm out
  done
  [[ $(grep -F "&t=$BATS_TEST_NAME" "$LOG" | grep -o 'bytes=.*') == $'bytes=1500000-2999999\nbytes=2250000-2999999\nbytes=2625000-2999999\nbytes=1500000-2999999' ]]
  getm-fetch -q "$HTTP/short/?times=3&t=$BATS_TEST_NAME.stdout" - >out
  cmp "$WWW/data" out
}

@test "a short body that stays short is status 5 and no file" {
  fetch -q --retry 1 "$HTTP/short/?times=9&etag=0&t=$BATS_TEST_NAME" out
  assert_status 5
  assert_stderr_has "with 1500000 bytes remaining to read, 2 times"
  assert_files
}

@test "what went to stdout is only continued when the server shows that it is the same object" {
  run_apart bash -c 'getm-fetch -q "$1" - | wc -c; exit "${PIPESTATUS[0]}"' bash "$HTTP/short/?etag=0&t=$BATS_TEST_NAME"
  assert_status 5
  assert_output_is 1500000
  assert_stderr_has "after 1500000 bytes went to 'standard output'"
  run_apart bash -c 'getm-fetch -q "$1" - | wc -c; exit "${PIPESTATUS[0]}"' bash "$HTTP/short/?change=1&t=$BATS_TEST_NAME"
  assert_status 3
  assert_output_is 1500000
  assert_stderr_has "the object changed while it was fetched"
}

@test "an object that is replaced meanwhile is fetched anew, once" {
  fetch -q "$HTTP/short/?change=1&t=$BATS_TEST_NAME" out
  assert_fetched out
  fetch -q "$HTTP/short/?change=1&times=9&t=$BATS_TEST_NAME" out2
  assert_status 3
  assert_stderr_has "the object changes while it is fetched"
  assert_files out
}

@test "a body is stored as sent" {
  fetch "$HTTP/raw/?head=200%20OK|Content-Encoding:%20gzip|Content-Length:%207&body=garbage" out
  assert_status 0
  [[ $(<out) == garbage ]]
}

@test "no size from the server is a warning, two sizes are bad data" {
  fetch "$HTTP/raw/?head=200%20OK|Connection:%20close&body=abc" out
  assert_status 0
  assert_stderr_has "the server did not say how many bytes there are"
  [[ $(<out) == abc ]]
  fetch "$HTTP/raw/?head=206%20P|Content-Length:%203|Content-Range:%20bytes%200-2/3&body=abc" --retry 0 out2
  assert_status 5
  assert_stderr_has "another range than it was asked for"
  assert_files out
}

# --- redirections and secrets

@test "redirections are followed, loops and bad ones refused" {
  fetch "$HTTP/redirect?to=/data" out
  assert_fetched out
  fetch "$HTTP/redirect?status=308&to=$HTTPS/data" --cacert "$CA" out
  assert_fetched out
  fetch "$HTTP/loop" out2
  assert_status 4
  assert_stderr_has "more than 20 redirections"
  fetch --cacert "$CA" "$HTTPS/redirect?to=$HTTP/data" out2
  assert_status 4
  assert_stderr "getm-fetch: cannot follow redirection to '$HTTP/data': it leads from https to http"
  fetch "$HTTP/redirect?to=file:///etc/passwd" out2
  assert_status 4
  assert_files out
}

@test "headers and userinfo are sent, but never to another host" {
  local others=${HTTP/127.0.0.1/localhost}
  fetch -H 'Authorization: Bearer hidden' -H 'X-Own: hidden' "$HTTP/echo" -
  [[ $output == *'Authorization: Bearer hidden'* && $output == *'X-Own: hidden'* ]]
  fetch -H 'X-Own: hidden' "$HTTP/redirect?to=/echo" -
  [[ $output == *'X-Own: hidden'* ]]
  fetch "${HTTP/\/\////me:hidden@}/echo" -
  [[ $output == *'Authorization: Basic bWU6aGlkZGVu'* ]]
  fetch -H 'Authorization: Bearer hidden' -H 'X-Own: hidden' "${HTTP/\/\////me:hidden@}/redirect?to=$others/echo" -
  assert_status 0
  [[ $output == *'GET /echo'* && $output != *hidden* && $output != *Authorization* ]]
}

@test "no message shows a secret" {
  fetch -v "${HTTP/\/\////me:hidden@}/none?X-Goog-Signature=hidden&token=hidden" out
  assert_status 4
  assert_stderr_is "getm-fetch: cannot fetch '$HTTP/none?X-Goog-Signature=...&token=...': Not Found (HTTP 404)"
  fetch 'ftp://me:hidden@host/x?sig=hidden'
  assert_status 2
  [[ $stderr != *hidden* ]]
  fetch -H 'hidden' "$HTTP/data"
  assert_status 2
  [[ $stderr != *hidden* ]]
}

# --- TLS and proxies

@test "a certificate is checked, against --cacert or CURL_CA_BUNDLE" {
  fetch "$HTTPS/data" out
  assert_status 1
  assert_stderr_has "ertificate"
  fetch --cacert "$CA" "$HTTPS/data" out
  assert_fetched out
  CURL_CA_BUNDLE=$CA fetch "$HTTPS/data" out
  assert_fetched out
  fetch --cacert missing "$HTTPS/data" out2
  assert_status 1
  assert_stderr "getm-fetch: cannot open 'missing': No such file or directory"
  assert_files out
}

@test "proxies come from the environment, NO_PROXY too" {
  run_apart env http_proxy="$PROXY" getm-fetch http://host.invalid/x -
  assert_output_is "by proxy: /x"
  run_apart env http_proxy="$PROXY" NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 getm-fetch "$HTTP/one" -
  assert_output_is x
}

# --- the command line

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
  python3 - "$HTTP" <<'END'
import json, sys
stats = json.load(open("stats.json"))
assert stats["bytes_in"] == stats["bytes_out"] == 3000000, stats
assert stats["inputs"] == [{"name": sys.argv[1] + "/data?sig=...", "records": 0, "bytes": 3000000}], stats
assert stats["outputs"] == [{"name": "out", "records": 0, "bytes": 3000000, "verified_by": "nothing"}], stats
END
}
