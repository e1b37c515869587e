#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# getm-fetch as the first of a chain: its reader gets what it gets, and the status tells what it is worth.
load common
load getm-fetch

setup_file() {
  start_nginx
  cp "$(small_bam)" "$WWW/big"
  openssl enc -aes-128-ctr -nosalt -pass pass:large </dev/zero 2>/dev/null | head -c 64M >"$WWW/large"
}
teardown_file() { stop_servers; }

# chain N URL: $output is the statuses of both
chain() {
  local options="-q --part-size 64K --multipart-threshold 64K --concurrency $1"
  # shellcheck disable=SC2016
  run_apart bash -c "getm-fetch $options"' "$1" - | mrf-bamread - >out.sam; echo "${PIPESTATUS[*]}"' bash "$2"
}

# chain_ends FAULT STATUSES MESSAGE: whatever the number of requests, and the reader had all the data
chain_ends() {
  local n url
  for n in 0 1 4; do
    url="$HTTP/fault/$1?t=$RANDOM"
    chain "$n" "$url"
    assert_output_is "$2"
    assert_stderr_is "${3//URL/$url}"
    sam_text "$WWW/big" | cmp - out.sam
  done
}

@test "a BAM is read while it comes" { chain_ends none "0 0" ''; }

@test "a checksum that fails at the very end is status 3 of getm-fetch" {
  local crc
  crc=$(getm-fetch -q -cs AAAAAA== -ca gs_crc32c "$HTTP/big" - 2>&1 >/dev/null | grep -o '[0-9a-f]*$')
  chain_ends wrong_checksum "3 0" \
    "getm-fetch: cannot verify 'URL': x-goog-hash crc32c is 00000000, but the data has $crc"
}

@test "an object that ends early is bad data for the reader, too" {
  chain 1 "$HTTP/fault/expires?t=$RANDOM&X-Amz-Signature=hidden"
  assert_output_is "4 3"
  assert_stderr_has "X-Amz-Signature=...': no (HTTP 403)"
  assert_stderr_has "mrf-bamread: cannot "
}

@test "a slow reader holds the download back, and memory stays below --buffer and 32 MiB" {
  local n url options md5
  md5=$(md5_of "$WWW/large")
  while read -r n url options; do
    # shellcheck disable=SC2086
    to_slow_reader true -q --cacert "$CA" --stats stats --buffer 4M --concurrency "$n" $options "$url/large" - |
      cmp - "$WWW/large"
    [[ ${PIPESTATUS[*]} == "0 0" ]]
    [[ -n ${MRF_SANITIZED-} ]] || (($(jq .max_rss_bytes stats) < (4 + 32) << 20)) ||
      { echo "$n $url $options: $(jq .max_rss_bytes stats)" && false; }
  done <<END
1 $HTTP
16 $HTTP
16 $TLS
16 $HTTPS
1 $HTTP -ca md5 -cs $md5
16 $HTTP -ca md5 -cs $md5
END
}

@test "a small /dev/shm does not matter" {
  ((EUID == 0)) || skip "mounts as root only"
  # shellcheck disable=SC2016
  run_apart unshare --mount -- bash -o pipefail -c 'mount -t tmpfs -o size=64K none /dev/shm &&
    getm-fetch -q --buffer 64M --concurrency 4 -cs "$2" -ca md5 "$1" - | cmp - "$3"' \
    bash "$HTTP/large" "$(md5_of "$WWW/large")" "$WWW/large"
  assert_status 0
}

@test "no secret of a URL is in any message, log, statistic or file" {
  local secret base=${HTTP/\/\////me:hidden@} to fault url
  secret=$(printf '&%s=hidden' X-Amz-Signature X-Amz-Security-Token X-Goog-Signature sig Policy access_token)
  local options=(-v --progress json --retry 3 -H "Authorization: Bearer hidden" --concurrency 4 --part-size 64K
    --multipart-threshold 64K)
  for fault in none expires wrong_checksum keeps_changing other_host; do
    for to in "" --resume; do
      url="$base/fault/$fault?t=$RANDOM&there=$HTTP$secret"
      run_apart getm-fetch "${options[@]}" ${to:+"$to"} --stats stats "$url" "$fault$to"
      [[ -n $stderr && $stderr$output != *hidden* ]]
      jq -n --arg url "$url" '[{$url}]' >"$TMPDIR/m.json"
      run_apart getm-fetch "${options[@]}" ${to:+"$to"} -m "$TMPDIR/m.json"
      [[ -n $stderr && $stderr$output != *hidden* ]]
      run ! grep -rla hidden .
    done
  done
  run_apart getm-fetch -v "$HTTP/redirect?to=$(jq -rn --arg to "/fault/none?${secret:1}" '$to | @uri')" redirected
  assert_status 0
  assert_stderr_has "/redirect?to=...' redirects to"
  [[ $stderr != *hidden* ]]
}
