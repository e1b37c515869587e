#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Several servers behind one URL, and redirections that expire.
load common
load getm-fetch

setup_file() { serve_samples; }
teardown_file() { stop_servers; }

fetch() { run_apart getm-fetch --part-size 64K --multipart-threshold 64K "$@"; }

@test "mirrors with an entity tag each: what they all have is fetched, in one stream" {
  local n md5
  md5=$(md5_of "$WWW/big")
  for n in 0 1 4 16; do
    local held=$((n > 1 ? 3 : 0))
    fetch -q --concurrency "$n" -cs "$md5" -ca md5 "$HTTP/fault/mirrors?held=$held&t=$RANDOM$RANDOM" out
    assert_status 0
    cmp out "$WWW/big"
    run_apart bash -c 'getm-fetch "$@" - | cmp - "$WWW/big"; exit "${PIPESTATUS[0]}"' bash -q --part-size 64K \
      --multipart-threshold 64K --concurrency "$n" "$HTTP/fault/mirrors?held=$held&t=$RANDOM$RANDOM"
    assert_status 0
    assert_output_is ''
    fetch -q --concurrency "$n" --resume "$HTTP/fault/mirrors?broken=1&t=$RANDOM$RANDOM" out
    assert_status 0
    cmp out "$WWW/big"
    rm out
  done
}

@test "one mirror among the others that has another entity tag: what went to a pipe is continued" {
  local odd
  for odd in 2 3; do
    getm-fetch -q --concurrency 1 "$HTTP/fault/mirrors?broken=1&odd=$odd&t=$RANDOM$RANDOM" - | cmp - "$WWW/big"
  done
}

@test "a server that refuses If-Match although the entity tag is the same" {
  local n
  for n in 1 4; do
    fetch -q --retry 1 --concurrency "$n" -cs "$(md5_of "$WWW/big")" -ca md5 "$HTTP/fault/no_if_match?t=$RANDOM$n" out
    assert_status 0
    cmp out "$WWW/big"
    getm-fetch -q --retry 1 --concurrency 1 "$HTTP/fault/no_if_match?t=$RANDOM$n" - | cmp - "$WWW/big"
  done
}

@test "a redirection is followed once for all parts, and anew when it has expired" {
  fetch -q --concurrency 4 "$HTTP/redirect?to=/fault/held%3Ft%3Dfollowed" out
  assert_status 0
  cmp out "$WWW/big"
  (($(logged | grep -c '^GET /redirect?to=/fault/held%3Ft%3Dfollowed ') == 1))
  (($(logged | grep -c '^GET /fault/held?t=followed ') >= 4))
  fetch -q --retry 0 --concurrency 4 "$HTTP/fault/pointing?t=once" out
  assert_status 0
  cmp out "$WWW/big"
  logged | grep -q '^GET /fault/fleeting?t=once.* 403 '
}

@test "a long rest of an object goes on to a slow pipe with little room" {
  head -c 12000000 /dev/urandom >"$WWW/long"
  # shellcheck disable=SC2016
  run_apart timeout 300 bash -c 'getm-fetch -q --buffer 2M --concurrency 1 "$1" - | cmp - "$2"; exit "${PIPESTATUS[0]}"' \
    bash "$HTTP/short/?file=long&t=$RANDOM" "$WWW/long"
  assert_status 0
  assert_output_is ''
}

@test "a server that refuses parts is fetched in its first response, as long as that runs" {
  local status_of_parts
  for status_of_parts in 401 403 404 409 410; do
    fetch -v --concurrency 4 -cs "$(md5_of "$WWW/big")" -ca md5 \
      "$HTTP/fault/refuses_parts?status=$status_of_parts&t=$RANDOM$RANDOM" out
    assert_status 0
    cmp out "$WWW/big"
    assert_stderr_has "is fetched in one response, since a part cannot be had: no (HTTP $status_of_parts)"
    getm-fetch -q --concurrency 4 --part-size 64K --multipart-threshold 64K \
      "$HTTP/fault/refuses_parts?status=$status_of_parts&t=$RANDOM$RANDOM" - | cmp - "$WWW/big"
  done
}

@test "entity tags with nothing in them do not make two objects one" {
  head -c 3000000 /dev/urandom >"$WWW/old"
  fetch -q --concurrency 1 "$HTTP/fault/empty_tag?t=$RANDOM$RANDOM" out
  assert_status 0
  cmp out "$WWW/big"
}
