#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Answers and settings that make no sense: what is said of them, and how soon.
load common
load getm-fetch

setup_file() { serve_samples; }
teardown_file() { stop_servers; }

# answered STATUS MESSAGE HEAD [BODY]: the whole of standard error, behind the URL
answered() {
  local url="$HTTP/raw/?head=$3&body=${4-}"
  fetch --retry 0 "$url" out
  assert_status "$1"
  assert_stderr_is "getm-fetch: cannot fetch '$url': $2"
  assert_files
}

@test "lengths that are none, and two of them" {
  local length
  for length in x -5; do
    answered 5 "Invalid Content-Length: value" "200%20OK|Content-Length:%20$length"
  done
  # libcurl 7 takes these.
  for length in %2B5 3,x; do
    fetch --retry 0 "$HTTP/raw/?head=200%20OK|Content-Length:%20$length&body=abcde" out
    [[ $status == 3 && $stderr == *"the server sends 'Content-Length: ${length/\%2B/+}', which is no size" ]] ||
      [[ $status == 5 && $stderr == *"Invalid Content-Length: value" ]] || show_result "$length"
    assert_files
  done
  answered 3 "the server sends two lengths, 3 and 5" "200%20OK|Content-Length:%203|Content-Length:%205" abcde
  answered 3 "the server sends two lengths, 3 and 5" "200%20OK|Content-Length:%203,%205" abc
  fetch -q "$HTTP/raw/?head=200%20OK|Content-Length:%203,%203&body=abc" out
  assert_status 0
  [[ $(<out) == abc ]]
}

@test "a size that no file has takes no memory" {
  [[ -z ${MRF_SANITIZED-} ]] || skip 'the sanitizers have memory of their own'
  local url="$HTTP/raw/?head=200%20OK|ETag:%20%22a%22|Content-Length:%209000000000000000000&body=abc"
  run_apart bash -c 'ulimit -v 1000000 && exec getm-fetch -q --retry 0 "$1" -' bash "$url"
  assert_status 5
  assert_output_is abc
  assert_stderr_has "cannot fetch '$url': "
  assert_stderr_has "with 8999999999999999997 bytes " # libcurl 7 and 8 say it in other words
  run_apart bash -c 'ulimit -v 1000000 && exec getm-fetch -q --retry 0 "$1" out' bash "$url"
  assert_status 1
  assert_stderr_is "getm-fetch: cannot write 'out': File too large: the server names a size of 9000000000000000000 bytes"
  assert_files
}

@test "bytes behind the end of an answer are left out, and spoil no other file" {
  start_server "http://127.0.0.1:@PORT@" python3 "$ROOT/tests/servers/raw-answers" @PORT@
  jq -n '[range(40) | {url: $u, filepath: "to/\(.)"}]' --arg u "$SERVER_URL/more-than-said" >m.json
  run_apart getm-fetch --retry 0 -c --host-connections 3 -m m.json
  assert_status 0
  [[ $(cat to/* | sort -u) == "$(printf 'yes%.0s' {1..40})" ]]
  stop_started || true
}

@test "heads that are too long, or cut off" {
  start_server "http://127.0.0.1:@PORT@" python3 "$ROOT/tests/servers/raw-answers" @PORT@
  fetch --retry 0 "$SERVER_URL/line" out
  assert_status 3
  assert_stderr_is "getm-fetch: cannot fetch '$SERVER_URL/line': a line in the head of the response is longer than 100 KB"
  fetch --retry 0 "$SERVER_URL/endless" out
  assert_status 3
  assert_stderr_is "getm-fetch: cannot fetch '$SERVER_URL/endless': the head of the response is too long"
  fetch --retry 0 "$SERVER_URL/half" out
  assert_status 5
  assert_stderr_is "getm-fetch: cannot fetch '$SERVER_URL/half': the server closed the connection within the head of its response"
  fetch --retry 0 "$SERVER_URL/garbage" out
  assert_status 1
  assert_stderr_is "getm-fetch: cannot fetch '$SERVER_URL/garbage': the server does not answer in HTTP; is it one for https?"
  fetch --retry 0 "$SERVER_URL/switch" out
  assert_status 1
  assert_stderr_is "getm-fetch: cannot fetch '$SERVER_URL/switch': the server turns to another protocol, unasked (HTTP 101)"
  fetch --retry 0 --stall-timeout 1 "$SERVER_URL/silent" out
  assert_status 5
  assert_stderr_is "getm-fetch: cannot fetch '$SERVER_URL/silent': nothing came for 1 s"
  fetch --retry 0 --stall-timeout 1 "$SERVER_URL/stall" out
  assert_status 5
  assert_stderr_is "getm-fetch: cannot fetch '$SERVER_URL/stall': nothing came for 1 s"
  local drip
  for drip in head early; do
    fetch --retry 0 --stall-timeout 1 "$SERVER_URL/drip-$drip" out
    assert_status 5
    assert_stderr_is "getm-fetch: cannot fetch '$SERVER_URL/drip-$drip': nothing came for 1 s"
  done
  fetch --retry 0 --stall-timeout 1 "$SERVER_URL/drip-refusal" out
  assert_status 4
  assert_stderr_is "getm-fetch: cannot fetch '$SERVER_URL/drip-refusal': Not Found (HTTP 404)"
  fetch -q --retry 0 --stall-timeout 1 "$SERVER_URL/drip-moved" out
  assert_status 0
  [[ $(<out) == yes ]]
  rm out
  fetch -q "$SERVER_URL/many" out
  assert_status 0
  rm out
  stop_started || true
}

@test "a wait that the server asks for and that is too long is reported" {
  fetch "$HTTP/flaky/data?t=$BATS_TEST_NAME&times=9&after=99999" out
  assert_status 5
  assert_stderr_is "getm-fetch: cannot fetch '$HTTP/flaky/data?t=$BATS_TEST_NAME&times=9&after=99999': Service Temporarily Unavailable (HTTP 503); the server asks to come back in 99999 s"
}

@test "a proxy setting that makes no sense is an error at once" {
  local proxy
  for proxy in junk:// junk://user:hidden@host junk://127.0.0.1:1; do
    run_apart env http_proxy="$proxy" getm-fetch "$HTTP/data" out
    assert_status 1
    assert_stderr_is "getm-fetch: cannot fetch '$HTTP/data': a proxy setting (http_proxy, https_proxy, all_proxy) names no proxy of a known kind"
  done
  assert_files
}

@test "a file of certificates that has none, and a URL with two @" {
  echo nothing >ca.pem
  fetch --cacert ca.pem "$HTTPS/data" out
  assert_status 1
  assert_stderr_is "getm-fetch: cannot use 'ca.pem': it holds no certificate in PEM format"
  fetch 'http://user:hid@den@host/x' out
  assert_status 2
  assert_stderr_is "getm-fetch: cannot use URL 'http://host/x': Bad hostname; in a user name or password '@' is written %40; try 'getm-fetch --help'"
  assert_files ca.pem
}

@test "the path of a URL is asked for as it is written" {
  fetch -q "$HTTP/echo/a/../b/./c" -
  assert_status 0
  [[ $output == "GET /echo/a/../b/./c HTTP/1.1"* ]]
  fetch -q "$HTTP/redirect?to=/echo/x/../y" -
  [[ $output == "GET /echo/x/../y HTTP/1.1"* ]]
}
