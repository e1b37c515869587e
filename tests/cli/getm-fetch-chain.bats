#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# getm-fetch as the first of a chain: its reader gets what it gets, and the status tells what it is worth.
load common
load ../servers/servers

setup_file() {
  start_nginx
  cp "$(small_bam)" "$WWW/big"
  truncate -s 64M "$WWW/sparse"
}
teardown_file() { stop_servers; }

chain() {
  run_apart bash -c 'getm-fetch -q --part-size 64K --multipart-threshold 64K --concurrency "$1" "$2" - | mrf-bamread - >out.sam
    echo "${PIPESTATUS[*]}"' bash "$@"
}

@test "a BAM is read while it comes" {
  local n
  for n in 0 1 4; do
    chain "$n" "$HTTP/fault/none?t=$RANDOM"
    assert_output_is "0 0"
    assert_stderr_is ''
    sam_text "$WWW/big" | cmp - out.sam
  done
}

@test "a checksum that fails at the very end is status 3 of getm-fetch" {
  local n
  for n in 0 1 4; do
    chain "$n" "$HTTP/fault/wrong_checksum?t=$RANDOM"
    assert_output_is "3 0"
    assert_stderr_has "getm-fetch: cannot verify '$HTTP/fault/wrong_checksum?t="
    sam_text "$WWW/big" | cmp - out.sam
  done
}

@test "an object that ends early is bad data for the reader, too" {
  chain 1 "$HTTP/fault/expires?t=$RANDOM&X-Amz-Signature=hidden"
  assert_output_is "4 3"
  assert_stderr_has "X-Amz-Signature=...': no (HTTP 403)"
  assert_stderr_has "mrf-bamread: cannot "
}

@test "a slow reader holds the download back, and memory stays below --buffer and 32 MiB" {
  local n options
  for n in 1 16; do
    for options in "" "--checksum $(head -c 64M /dev/zero | md5sum | cut -c1-32) --checksum-algorithm md5"; do
      # shellcheck disable=SC2086
      getm-fetch -q --stats stats --buffer 4M --concurrency "$n" $options "$HTTP/sparse" - |
        { head -c 1000 && sleep 0.3 && cat; } | cmp - "$WWW/sparse"
      [[ -n ${MRF_SANITIZED-} ]] || (($(jq .max_rss_bytes stats) < (4 + 32) << 20))
    done
  done
}

@test "a small /dev/shm does not matter" {
  ((EUID == 0)) || skip "mounts as root only"
  # shellcheck disable=SC2016
  run_apart unshare --mount -- bash -c 'mount -t tmpfs -o size=64K none /dev/shm &&
    getm-fetch -q --buffer 64M --concurrency 4 --checksum "$2" --checksum-algorithm md5 "$1" - | cmp - "$3" && exit "${PIPESTATUS[0]}"' \
    bash "$HTTP/sparse" "$(md5sum <"$WWW/sparse" | cut -c1-32)" "$WWW/sparse"
  assert_status 0
}

@test "no secret of a URL is in any message, log, statistic or file" {
  local secret='X-Amz-Signature=hidden&X-Amz-Security-Token=hidden&X-Goog-Signature=hidden&sig=hidden&Policy=hidden&access_token=hidden'
  local base=${HTTP/\/\////me:hidden@} to fault
  for fault in none expires wrong_checksum keeps_changing other_host; do
    for to in "" --resume; do
      # shellcheck disable=SC2086
      run_apart getm-fetch -v --stats stats --progress json $to --retry 3 -H "Authorization: Bearer hidden" --concurrency 4 \
        --part-size 64K --multipart-threshold 64K "$base/fault/$fault?t=$RANDOM&there=$HTTP&$secret" "$fault$to"
      [[ -n $stderr && $stderr$output != *hidden* ]]
      printf '[{"url":"%s"}]' "$base/fault/$fault?t=$RANDOM&there=$HTTP&$secret" >"$TMPDIR/m.json"
      # shellcheck disable=SC2086
      run_apart getm-fetch -v --progress json $to --retry 3 -m "$TMPDIR/m.json"
      [[ -n $stderr && $stderr$output != *hidden* ]]
      run ! grep -rla hidden .
    done
  done
  run_apart getm-fetch -v "$HTTP/redirect?to=$(printf %s "/fault/none?$secret" | jq -sRr @uri)" redirected
  assert_status 0
  assert_stderr_has "/redirect?to=...' redirects to"
  [[ $stderr != *hidden* ]]
}
