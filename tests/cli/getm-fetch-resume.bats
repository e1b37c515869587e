#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
load common
load getm-fetch

setup_file() { serve_samples; }
teardown_file() { stop_servers; }

has_bytes() { (($(stat -c %s "$1" 2>/dev/null || echo 0) >= $2)); }
fetch() { run_apart getm-fetch -q --resume --concurrency 2 --part-size 256K --multipart-threshold 512K "$@"; }
# Leaves the first half behind.
interrupt() {
  run_apart getm-fetch -q --resume --concurrency 1 "$HTTP/fault/expires?t=$RANDOM$RANDOM&sig=hidden" out
  assert_status 4
  assert_files out.getm-part out.getm-part.json
}

@test "an interrupted download is taken up, with another URL too" {
  interrupt
  run jq -c '[.format, .etag, .last_modified, .size, (.done[] | .[0:2])]' out.getm-part.json
  [[ $output == '[1,"\"one\"",null,3000000,[0,1500000]]' ]]
  fetch -cs "$(md5_of "$WWW/big")" -ca md5 "$HTTP/fault/none?t=resume" out
  assert_status 0
  cmp out "$WWW/big"
  assert_files out
  [[ $(logged | grep -F 't=resume' | grep -o 'bytes=.*' | sort | head -n 1) == bytes=1500000-1762143 ]]
}

# leave_parts [FILE]: leaves the first two thirds of data behind, in parts of a quarter of a megabyte
leave_parts() {
  python3 - "${1:-$WWW/data}" <<'END'
import json, sys, zlib
data = open(sys.argv[1], "rb").read()
table = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    table.append(n)
def crc32c(piece):
    crc = 0xFFFFFFFF
    for byte in piece:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return f"{crc ^ 0xFFFFFFFF:08x}"
part = 250000
done = [[at, at + part, crc32c(data[at:at + part])] for at in range(0, 2000000, part)]
open("out.getm-part", "wb").write(data[:2000000])
json.dump({"format": 1, "etag": '"one"', "last_modified": None, "size": 3000000, "done": done},
          open("out.getm-part.json", "w"))
END
}

@test "a run without --resume removes what was left, unless somebody holds it or it has no record" {
  printf '[{"url":"%s","filepath":"out"}]' "$HTTP/one" >list
  leave_parts
  run_apart getm-fetch -q -m list
  assert_status 0
  assert_files list out
  leave_parts
  run_apart getm-fetch -v --progress none "$HTTP/one" out
  assert_status 0
  assert_stderr_has "removed 'out.getm-part', which an interrupted run left"
  assert_files list out
  leave_parts
  run_apart flock out.getm-part getm-fetch -q "$HTTP/one" out
  assert_status 0
  assert_files list out out.getm-part out.getm-part.json
  echo '{}' >out.getm-part.json
  run_apart getm-fetch -q "$HTTP/one" out
  assert_status 0
  assert_files list out out.getm-part out.getm-part.json
}

@test "what was left of another version is thrown away" {
  head -c 3000000 /dev/urandom >other
  leave_parts other
  rm other
  sed -i 's/one/two/' out.getm-part.json
  fetch -ca null "$HTTP/fault/none" out
  assert_status 0
  cmp out "$WWW/big"
  assert_files out
}

@test "a record that makes no sense is not believed" {
  local record head='{"format":1,"etag":"\"one\"","last_modified":null,"size":3000000,"done"'
  for record in '' '{' '{"format":' "$head:[[5,2,\"00000000\"]]}" "$head:[[0,3000000,\"00000000\"]]}" \
    "$head:[[0,1,\"00000000\"],[0,2,\"00000000\"]]}" "$head:[[0,1,\"0000000\"]]}" "$head:\"x\"}"; do
    printf 'garbage' >out.getm-part
    printf '%s' "$record" >out.getm-part.json
    run_apart getm-fetch -v --progress none --resume -ca null "$HTTP/fault/none" out
    assert_status 0
    assert_stderr_has "'out' is fetched from the beginning: no valid record says what 'out.getm-part' has of it"
    cmp out "$WWW/big"
    assert_files out
    rm out
  done
  # Files of other programs.
  for record in '[]' 'text' '{"formal":1}'; do
    printf 'garbage' >out.getm-part
    printf '%s' "$record" >out.getm-part.json
    run_apart getm-fetch --progress none --resume -ca null "$HTTP/fault/none" out
    assert_status 1
    assert_stderr_is "getm-fetch: cannot write 'out.getm-part': 'out.getm-part.json' is no record of an interrupted download; give the two files other names, or remove them"
    [ "$(cat out.getm-part out.getm-part.json)" = "garbage$record" ]
    assert_files out.getm-part out.getm-part.json
  done
  rm out.getm-part.json
  run_apart getm-fetch --progress none --resume -ca null "$HTTP/fault/none" out
  assert_status 0
  assert_stderr_is "getm-fetch: 'out' is fetched from the beginning: no record says what 'out.getm-part' has of it, which is replaced"
  cmp out "$WWW/big"
  assert_files out
}

@test "a download that is continued says where, and counts what came" {
  leave_parts
  printf '[{"url":"%s","filepath":"out"}]' "$HTTP/fault/none?t=list" >list
  run_apart getm-fetch -v --progress none --resume -m list
  assert_status 0
  assert_stderr "getm-fetch: 'out' is continued at 1.9 MiB"
  assert_stderr_has "getm-fetch: fetched 1 of 1 files, 1000000 bytes in "
  cmp out "$WWW/big"
}

# asked T: the ranges that were asked for, sorted
asked() { logged | grep -F "t=$1 " | grep -o 'bytes=.*' | sort; }

@test "what is not as it was written is fetched again, and nothing else" {
  leave_parts
  printf 'x' | dd of=out.getm-part conv=notrunc seek=250000 bs=1 status=none
  head -c 250000 /dev/zero | dd of=out.getm-part conv=notrunc seek=1750000 oflag=seek_bytes status=none
  run_apart getm-fetch --progress none --resume --concurrency 1 -ca md5 -cs "$(md5_of "$WWW/big")" "$HTTP/fault/none?t=bad" out
  assert_status 0
  cmp out "$WWW/big"
  [[ $(asked bad) == bytes=1750000-1999999$'\n'bytes=2000000-2999999$'\n'bytes=250000-499999 ]]
  assert_stderr_has "250000 bytes of what an earlier run left of 'out' are not as it wrote them, and are fetched again"
  assert_files out
  # Without a checksum of the whole the CRCs are all that tells it.
  leave_parts
  printf 'x' | dd of=out.getm-part conv=notrunc seek=1999999 bs=1 status=none
  fetch -ca null "$HTTP/fault/none?t=null" out
  assert_status 0
  cmp out "$WWW/big"
}

@test "a record of another object, of more data than there is, and of a later format: everything is fetched" {
  local change why
  # shellcheck disable=SC2034 # they are named in the table
  local other="'out.getm-part' is of another version than the server has" \
    none="no valid record says what 'out.getm-part' has of it"
  while IFS='|' read -r change why; do
    leave_parts
    jq -c "$change" out.getm-part.json >changed
    mv changed out.getm-part.json
    run_apart getm-fetch -v --progress none --resume -ca null "$HTTP/fault/none?t=$RANDOM" out
    assert_status 0
    cmp out "$WWW/big"
    assert_stderr_has "'out' is fetched from the beginning: ${!why}"
    assert_files out
  done <<'END'
.etag="\"two\""|other
.size=3000001|other
.format=2|none
del(.done[0][2])|none
.done[7][1]=2000001|none
END
  # Its data was there once, and is not now.
  leave_parts
  head -c 2000000 /dev/zero >out.getm-part
  fetch --progress none "$HTTP/fault/none?t=zero" out
  assert_status 0
  cmp out "$WWW/big"
}

@test "without a strong ETag samples are compared before a download goes on" {
  local n
  getm-fetch -q --resume --concurrency 1 "$HTTP/slow-timed/data" out 3>&- &
  n=$!
  wait_until has_bytes out.getm-part 700000
  kill -s TERM "$n"
  wait "$n" || true
  assert_files out.getm-part out.getm-part.json
  cp out.getm-part part && cp out.getm-part.json record
  take_up() { cp part out.getm-part && cp record out.getm-part.json; }
  fetch "$HTTP/timed/data?t=timed" out
  assert_status 0
  cmp out "$WWW/data"
  logged | grep -F 't=timed ' | grep -q "206 bytes=$(jq '.done[-1][1]' record)-2999999$"
  # Another object of that size and time, which differs nowhere but in one sample.
  mkdir -p "$WWW/other"
  n=$(jq '.done[-1][1]' record)
  { head -c $((n - 1)) "$WWW/data" && printf x && tail -c +$((n + 1)) "$WWW/data"; } >"$WWW/other/data"
  touch -r "$WWW/data" "$WWW/other/data"
  take_up
  fetch "$HTTP/timed/other/data?t=other" out
  assert_status 0
  cmp out "$WWW/other/data"
  # A time of its own is enough.
  take_up
  touch -d '2001-02-03' "$WWW/other/data"
  run_apart getm-fetch -v --progress none --resume "$HTTP/timed/other/data?t=changed" out
  assert_status 0
  cmp out "$WWW/other/data"
  assert_stderr_has "'out' is fetched from the beginning: 'out.getm-part' is of another version than the server has"
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

@test "KILL during a download leaves a record of what came before" {
  getm-fetch -q --resume "$HTTP/slower/data" out 3>&- &
  local pid=$! n
  recorded() { [[ -s out.getm-part.json ]] || ! kill -0 "$pid" 2>/dev/null; }
  wait_until recorded
  kill -s KILL "$pid"
  wait "$pid" || true
  n=$(jq '.done[-1][1]' out.getm-part.json)
  ((n > 0))
  fetch "$HTTP/data?t=record" out
  assert_status 0
  cmp out "$WWW/data"
  asked record | grep -q "^bytes=$n-"
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
