#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
load common
load getm-fetch

setup_file() { serve_samples; }
teardown_file() { stop_servers; }

fetch() { run_apart getm-fetch -q --resume --concurrency 2 --part-size 256K --multipart-threshold 512K "$@"; }
# Leaves the first half behind.
interrupt() {
  run_apart getm-fetch -q --resume --concurrency 1 "$HTTP/fault/expires?t=$RANDOM$RANDOM&sig=hidden" out
  assert_status 4
  assert_files out.getm-part out.getm-part.json
}

@test "an interrupted download is taken up, with another URL too" {
  interrupt
  run cat out.getm-part.json
  [[ $output == '{"etag":"\"one\"","size":3000000,"done":[[0,1500000]]}' ]]
  fetch -cs "$(md5_of "$WWW/big")" -ca md5 "$HTTP/fault/none?t=resume" out
  assert_status 0
  cmp out "$WWW/big"
  assert_files out
  [[ $(logged | grep -F 't=resume' | grep -o 'bytes=.*' | sort | head -n 1) == bytes=1500000-1762143 ]]
}

@test "what was left of another version is thrown away" {
  interrupt
  sed -i 's/one/two/' out.getm-part.json
  printf 'garbage' | dd of=out.getm-part conv=notrunc status=none
  fetch "$HTTP/fault/none" out
  assert_status 0
  cmp out "$WWW/big"
  assert_files out
}

@test "a record that makes no sense is not believed" {
  local record
  for record in '' '{' '[]' '{"etag":"\"one\"","size":3000000,"done":[[5,2]]}' \
    '{"etag":"\"one\"","size":3000000,"done":[[0,3000000]]}' '{"etag":"\"one\"","size":3000000,"done":[[0,1],[0,2]]}' \
    '{"etag":"\"one\"","size":3000000,"done":"x"}'; do
    printf 'garbage' >out.getm-part
    printf '%s' "$record" >out.getm-part.json
    fetch "$HTTP/fault/none" out
    assert_status 0
    cmp out "$WWW/big"
    assert_files out
  done
}

@test "wrong data is removed, not taken up" {
  fetch "$HTTP/fault/wrong_checksum?t=$RANDOM" out
  assert_status 3
  assert_stderr_has "x-goog-hash crc32c is 00000000, but the data has "
  assert_files
}

@test "two runs for one file are refused" {
  : >out.getm-part
  exec 7<out.getm-part
  flock -x 7
  fetch "$HTTP/fault/none" out
  exec 7<&-
  assert_status 1
  assert_stderr "getm-fetch: cannot open 'out.getm-part': another process is writing it"
}

# Kills the download at the Nth CALL and takes it up; fails when it was through before.
killed_and_taken_up() {
  local call=$1 n=$2 url=$3 requests=$4 status=0
  local options=(-q --resume --cacert "$CA" --concurrency "$requests" --part-size 64K --multipart-threshold 64K)
  rm -f out*
  strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
    getm-fetch "${options[@]}" "$url" out 2>/dev/null || status=$?
  [[ ! -e out ]] || cmp out "$WWW/big" || exit 2
  ((status != 0)) || return 1
  ((status == 137)) || exit 2
  run_apart getm-fetch "${options[@]}" -cs "$(md5_of "$WWW/big")" -ca md5 "$url" out
  assert_status 0 || exit 2
  cmp out "$WWW/big" || exit 2
  assert_files out || exit 2
}

@test "KILL at every write, fsync and rename, then --resume" {
  local call n killed=0 base bases=("$HTTP") requests numbers=(4) turns
  mapfile -t turns < <(some 1 2 3 5 8 13 21)
  if [[ -n ${MRF_TEST_FULL:-} ]]; then
    bases=("$HTTP" "$HTTPS") numbers=(1 4 16)
    mapfile -t turns < <(seq 1 500)
  fi
  for base in "${bases[@]}"; do
    for requests in "${numbers[@]}"; do
      for call in pwrite64 write fdatasync fsync fallocate rename unlink linkat; do
        for n in "${turns[@]}"; do
          (killed_and_taken_up "$call" "$n" "$base/fault/none?t=$RANDOM" "$requests") || {
            (($? == 1)) && [[ -e out && ! -e out.getm-part ]] && break
            return 1
          }
          killed=$((killed + 1))
        done
      done
    done
  done
  echo "# killed $killed times, every time taken up" >&3
  ((killed >= $(sanitized 4 8)))
}
