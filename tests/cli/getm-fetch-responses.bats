#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
load common
load getm-fetch

setup_file() { serve_samples; }
teardown_file() { stop_servers; }

@test "refusals are status 4 with the server's own reason" {
  fetch "$HTTP/none" out
  assert_status 4
  assert_stderr_is "getm-fetch: cannot fetch '$HTTP/none': Not Found (HTTP 404)"
  fetch "$HTTP/s3error?sig=hidden&X-Amz-Date=1" out
  assert_status 4
  assert_stderr_is "getm-fetch: cannot fetch '$HTTP/s3error?sig=...&X-Amz-Date=1': Request has expired (HTTP 403)"
  fetch "$HTTP/raw/?head=204%20No" out
  assert_status 3
  assert_files
}

@test "a server that is busy is asked again" {
  fetch "$HTTP/flaky/data?t=$BATS_TEST_NAME&times=2&after=0" out
  assert_status 0
  cmp "$WWW/data" out
  assert_stderr_has "Service Temporarily Unavailable (HTTP 503); trying again in 0."
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
  logged | grep -F "&t=$BATS_TEST_NAME" | grep -o 'bytes=.*' |
    diff - <(printf 'bytes=%d-2999999\n' 1500000 2250000 2625000 1500000)
  getm-fetch -q "$HTTP/short/?times=3&t=$BATS_TEST_NAME.stdout" - >out
  cmp "$WWW/data" out
}

@test "a short body that stays short is status 5 and no file" {
  fetch -q --retry 1 "$HTTP/short/?times=9&etag=0&t=$BATS_TEST_NAME" out
  assert_status 5
  [[ $stderr == *"with 1500000 bytes "*", 2 times" ]] # libcurl 7 and 8 say it in other words
  assert_files
}

@test "what went to stdout is only continued when the server shows that it is the same object" {
  local to_wc='getm-fetch -q "$1" - | wc -c; exit "${PIPESTATUS[0]}"'
  run_apart bash -c "$to_wc" bash "$HTTP/short/?etag=0&t=$BATS_TEST_NAME"
  assert_status 5
  assert_output_is 1500000
  assert_stderr_has "after 1500000 bytes went to 'standard output'"
  run_apart bash -c "$to_wc" bash "$HTTP/short/?change=1&t=$BATS_TEST_NAME"
  assert_status 3
  assert_output_is 1500000
  assert_stderr_has "the object changed while it was fetched"
}

@test "an object that is replaced meanwhile is fetched anew, once" {
  fetch "$HTTP/short/?change=1&t=$BATS_TEST_NAME" out
  assert_status 0
  cmp "$WWW/data" out
  assert_stderr_has "': the object changed while it was fetched; fetching it again"
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
}

@test "206 to a request for the whole object is used when it is whole, else refused at once" {
  local url="$HTTP/raw/?head=206%20P|Content-MD5:%20kAFQmDzST7DWlj99KOF/cg==|Content-Length:%203|Content-Range:%20bytes%200-2/3&body=abc"
  fetch -v "$url" out
  assert_status 0
  [[ $(<out) == abc ]]
  assert_stderr_has "verified 'out' by Content-MD5"
  local range
  for range in 0-2/4 1-3/4 0-2/*; do
    url="$HTTP/raw/?head=206%20P|ETag:%20%22a%22|Content-Length:%203|Content-Range:%20bytes%20$range&body=abc"
    fetch "$url" bad
    assert_status 3
    assert_stderr_is "getm-fetch: cannot fetch '$url': the server answers HTTP 206 with 'Content-Range: bytes $range' to a request for the whole object"
  done
  url="$HTTP/raw/?head=206%20P|Content-Length:%203&body=abc"
  fetch "$url" bad
  assert_status 3
  assert_stderr_is "getm-fetch: cannot fetch '$url': the server answers HTTP 206 without a Content-Range to a request for the whole object"
  assert_files out
}
