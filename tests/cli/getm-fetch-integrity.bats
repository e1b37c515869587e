#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
load common
load ../servers/servers

setup_file() {
  start_nginx
  head -c 3000000 /dev/urandom >"$WWW/data"
  export MD5 SHA256
  MD5=$(md5sum <"$WWW/data" | cut -c1-32)
  SHA256=$(sha256sum <"$WWW/data" | cut -c1-64)
}
teardown_file() { stop_servers; }

fetch() { run_apart getm-fetch --part-size 256K --multipart-threshold 512K "$@"; }
base64_of() { printf %s "$1" | python3 -c 'import base64, sys, urllib.parse
print(urllib.parse.quote(base64.b64encode(bytes.fromhex(sys.stdin.read())).decode(), safe=""))'; }
wrong() { tr 0-9 1-90 <<<"$1"; }

# The CRC-32C of the data, as the program finds it; the unit tests know it from the standard.
crc32c() {
  getm-fetch -q -cs 00000000 -ca gs_crc32c "$HTTP/data" - 2>&1 >/dev/null | grep -o '[0-9a-f]*$' || true
}

# accepted_and_refused HEADER RIGHT WRONG SOURCE: to a file and to stdout, with and without threads and parts
accepted_and_refused() {
  local n
  for n in ${connections:-0 1 4}; do
    fetch -v --require-checksum --concurrency "$n" "$HTTP/said/data?$1=$2${5:-}" out
    assert_status 0
    assert_stderr_has "verified 'out' by $4"
    cmp out "$WWW/data"
    rm out
    fetch --concurrency "$n" "$HTTP/said/data?$1=$3${5:-}" out
    assert_status 3
    assert_stderr_has "': $4 is "
    assert_stderr_has ", but the data has "
    assert_files
    run_apart bash -c 'getm-fetch -q --concurrency "$1" "$2" - | wc -c; exit "${PIPESTATUS[0]}"' bash "$n" "$HTTP/said/data?$1=$3${5:-}"
    assert_status 3
    assert_output_is 3000000
  done
}

@test "x-goog-hash" {
  local crc
  crc=$(crc32c)
  accepted_and_refused x-goog-hash "crc32c%3D$(base64_of "$crc")" "crc32c%3D$(base64_of "$(wrong "$crc")")" "x-goog-hash crc32c"
  accepted_and_refused x-goog-hash "md5%3D$(base64_of "$MD5")" "md5%3D$(base64_of "$(wrong "$MD5")")" "x-goog-hash md5"
}

@test "Content-MD5, x-amz-checksum and Repr-Digest" {
  local crc
  crc=$(gzip -c "$WWW/data" | tail -c 8 | head -c 4 | od -An -tx4 | tr -d ' ')
  accepted_and_refused Content-MD5 "$(base64_of "$MD5")" "$(base64_of "$(wrong "$MD5")")" Content-MD5
  accepted_and_refused x-amz-checksum-sha256 "$(base64_of "$SHA256")" "$(base64_of "$(wrong "$SHA256")")" x-amz-checksum-sha256
  accepted_and_refused x-amz-checksum-crc32 "$(base64_of "$crc")" "$(base64_of "$(wrong "$crc")")" x-amz-checksum-crc32
  accepted_and_refused Repr-Digest "sha-256%3D:$(base64_of "$SHA256"):" "sha-256%3D:$(base64_of "$(wrong "$SHA256")"):" Repr-Digest
}

@test "the ETag of an S3 server, and none that cannot be an MD5" {
  # Not on several connections: the server does not know the ETag that it says, and refuses it as a condition.
  local reason extra connections="0 1"
  accepted_and_refused ETag "%22$MD5%22" "%22$(wrong "$MD5")%22" ETag '&x-amz-request-id=1'
  while IFS='|' read -r extra reason; do
    fetch --concurrency 1 "$HTTP/said/data?ETag=$extra" out
    assert_status 0
    assert_stderr_has "$reason; the data is unverified"
    rm out
    fetch --concurrency 1 --require-checksum "$HTTP/said/data?ETag=$extra" out
    assert_status 3
    assert_stderr_has "': $reason"
    assert_files
    fetch --concurrency 1 -ca null "$HTTP/said/data?ETag=$extra" out
    assert_status 0
    assert_stderr_is ''
    rm out
  done <<END
%22$(wrong "$MD5")%22|the server names no checksum
%22abc%22&x-amz-request-id=1|the ETag is no MD5
W/%22$MD5%22&x-amz-request-id=1|the ETag is weak
%22$(wrong "$MD5")%22&x-amz-request-id=1&x-amz-server-side-encryption=aws:kms|the ETag of an object encrypted with a key is no MD5
%22$(wrong "$MD5")%22&x-amz-request-id=1&x-amz-server-side-encryption-customer-algorithm=AES256|the ETag of an object encrypted with a key is no MD5
END
}

@test "a checksum of the user's, before the server's" {
  local options one_part
  one_part=$(xxd -r -p <<<"$MD5" | md5sum | cut -c1-32)-1
  for options in "md5 $MD5" "md5 1$MD5" "sha256 $SHA256" "gs_crc32c $(crc32c)" "s3_etag $MD5" "s3_etag $one_part"; do
    fetch -cs "${options#* }" -ca "${options% *}" "$HTTP/said/data?Content-MD5=AAAAAAAAAAAAAAAAAAAAAA%3D%3D" out
    if [[ $options == "md5 1"* ]]; then
      assert_status 2
      assert_stderr_has "cannot use checksum"
      assert_files
      continue
    fi
    assert_status 0
    cmp out "$WWW/data"
    rm out
  done
  fetch --checksum "$(wrong "$SHA256")" --checksum-algorithm sha256 "$HTTP/data" out
  assert_status 3
  assert_stderr_has "--checksum is $(wrong "$SHA256"), but the data has $SHA256"
  assert_files
}

@test "checksum options that make no sense" {
  fetch -cs x "$HTTP/data"
  assert_status 2
  assert_stderr_has "cannot use option '--checksum': it needs --checksum-algorithm"
  fetch -ca md5 "$HTTP/data"
  assert_status 2
  fetch -ca md6 -cs x "$HTTP/data"
  assert_status 2
  fetch -ca null --require-checksum "$HTTP/data"
  assert_status 2
  assert_files
}
