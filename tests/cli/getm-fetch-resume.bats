#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
load common
load ../servers/servers

setup_file() {
  start_nginx
  head -c 3000000 /dev/urandom >"$WWW/big"
  cp "$WWW/big" "$WWW/data"
}
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
  fetch --checksum "$(md5sum <"$WWW/big" | cut -c1-32)" --checksum-algorithm md5 "$HTTP/fault/none?t=resume" out
  assert_status 0
  cmp out "$WWW/big"
  assert_files out
  [[ $(grep -F 't=resume' "$LOG" | grep -o 'bytes=.*' | sort | head -n 1) == bytes=1500000-1762143 ]]
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

@test "KILL at every write, fsync and rename, then --resume" {
  local call n killed=0 status
  for call in pwrite64 write fdatasync fsync rename unlink linkat; do
    for n in 1 2 3 4 5 8 12 16; do
      rm -f out*
      status=0
      strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
        getm-fetch -q --resume --concurrency 2 --part-size 256K --multipart-threshold 512K "$HTTP/fault/none" out 2>/dev/null || status=$?
      if ((status == 0)); then
        cmp out "$WWW/big"
        break
      fi
      killed=$((killed + 1))
      [[ ! -e out ]] || cmp out "$WWW/big"
      fetch --checksum "$(md5sum <"$WWW/big" | cut -c1-32)" --checksum-algorithm md5 "$HTTP/fault/none" out
      assert_status 0
      cmp out "$WWW/big"
    done
  done
  echo "# killed $killed times, every time taken up" >&3
  ((killed >= 10))
}
