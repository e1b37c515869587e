#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
load common
load getm-fetch

setup_file() {
  serve_samples
  export MD5 SHA1 SHA256
  SHA1=$(sha1sum <"$WWW/data" | cut -c1-40)
  MD5=$(md5_of "$WWW/data")
  SHA256=$(sha256sum <"$WWW/data" | cut -c1-64)
}
teardown_file() { stop_servers; }

fetch() { run_apart getm-fetch --part-size 256K --multipart-threshold 512K "$@"; }

# The CRC-32C of the data, as the program finds it; the unit tests know it from the standard.
crc32c() {
  getm-fetch -q -cs 00000000 -ca gs_crc32c "$HTTP/data" - 2>&1 >/dev/null | grep -o '[0-9a-f]*$' || true
}

# accepted_and_refused HEADER RIGHT WRONG SOURCE [WHERE]: to a file and to stdout, with each of $concurrencies
concurrencies=(4)
accepted_and_refused() {
  local n base="$HTTP/${5:-said/data}?$1"
  for n in "${concurrencies[@]}"; do
    fetch -v --require-checksum --concurrency "$n" "$base=$2" out
    assert_status 0
    assert_stderr_has "verified 'out' by $4"
    cmp out "$WWW/data"
    rm out
    fetch --concurrency "$n" "$base=$3" out
    assert_status 3
    assert_stderr_has "': $4 is "
    assert_stderr_has ", but the data has "
    assert_files
    run_apart bash -c 'getm-fetch -q --concurrency "$1" "$2" - | wc -c; exit "${PIPESTATUS[0]}"' bash "$n" "$base=$3"
    assert_status 3
    assert_output_is 3000000
  done
}

# both_of HEADER HEX SOURCE [PREFIX [SUFFIX]]: the header with the right hash and with another one
both_of() {
  accepted_and_refused "$1" "${4-}$(encoded "$2")${5-}" "${4-}$(encoded "$(wrong "$2")")${5-}" "$3"
}

@test "x-goog-hash" {
  local concurrencies=(0 1 4)
  both_of x-goog-hash "$(crc32c)" "x-goog-hash crc32c" crc32c%3D
  both_of x-goog-hash "$MD5" "x-goog-hash md5" md5%3D
}

@test "x-goog-hash crc32c before md5, in one field or two, as a storage of Google's sends them" {
  local crc none=crc32c%3DAAAAAA%3D%3D good bad
  crc=crc32c%3D$(encoded "$(crc32c)")
  good=md5%3D$(encoded "$MD5") bad=md5%3D$(encoded "$(wrong "$MD5")")
  accepted_and_refused x-goog-hash "$crc,$bad" "$none,$good" "x-goog-hash crc32c"
  accepted_and_refused x-goog-hash "$bad,%20$crc" "$good,%20$none" "x-goog-hash crc32c"
  accepted_and_refused x-goog-hash "$crc&x-goog-hash=$bad" "$none&x-goog-hash=$good" "x-goog-hash crc32c"
  accepted_and_refused x-goog-hash "$bad&x-goog-hash=$crc" "$good&x-goog-hash=$none" "x-goog-hash crc32c"
}

@test "the ETag of an upload in several parts, its part size known, likely or unlikely" {
  local size etag n parts url="$HTTP/fault/s3?ETag=%22" concurrencies=(0 1 4)
  for size in 1048576 700000 1000000 1234567; do
    [[ $size != 1000000 ]] || concurrencies=(4)
    parts=$(((3000000 + size - 1) / size))
    etag=$(split -b "$size" --filter='md5sum | cut -c1-32' "$WWW/data" | xxd -r -p >digests && md5_of digests)-$parts
    rm digests
    for n in "${concurrencies[@]}"; do
      fetch -v --require-checksum --s3-part-size "$size" --concurrency "$n" "$url$etag%22" out
      assert_status 0
      assert_stderr_has "verified 'out' by ETag"
      cmp out "$WWW/data"
      fetch --s3-part-size "$((size + 1))" --concurrency "$n" "$url$etag%22" out2
      assert_status 3
      assert_stderr_has "': ETag is $etag, and no part size of $((size + 1)) gives that"
      fetch --s3-part-size "$size" --concurrency "$n" "$url$(wrong "${etag%-*}")-$parts%22" out2
      assert_status 3
      assert_files out
      rm out
      fetch --concurrency "$n" "$url$etag%22" out
      case $size in
        1048576 | 1000000)
          assert_status 0
          assert_stderr_is ''
          cmp out "$WWW/data"
          ;;
        *)
          assert_status 3
          assert_stderr_is "getm-fetch: cannot verify '$url$etag%22': ETag is $etag, and no usual part size gives that; if the data is right, name the part size of the upload with --s3-part-size, or verify nothing with --checksum-algorithm null"
          fetch --require-checksum --concurrency "$n" "$url$etag%22" out
          assert_status 3
          assert_stderr_is "getm-fetch: cannot verify '$url$etag%22': ETag is $etag, and no usual part size gives that; if the data is right, name the part size of the upload with --s3-part-size"
          assert_files
          ;;
      esac
    done
  done
}

@test "the ETag of an upload in parts that no usual size gives is no proof of the data" {
  local etag url n options
  etag=$({ head -c 1000000 "$WWW/data" | md5sum && tail -c +1000001 "$WWW/data" | head -c 1500000 | md5sum &&
    tail -c 500000 "$WWW/data" | md5sum; } | cut -c1-32 | xxd -r -p | md5sum | cut -c1-32)-3
  url="$HTTP/fault/s3?ETag=%22$etag%22"
  for n in 0 1 4; do
    fetch --concurrency "$n" -ca null "$url" out
    assert_status 0
    assert_stderr_is ''
    cmp out "$WWW/data"
    fetch --concurrency "$n" "$url" -
    assert_status 3
    rm out
    for options in '' --require-checksum "--s3-part-size 1M" "-ca s3_etag -cs $etag"; do
      # shellcheck disable=SC2086
      fetch --concurrency "$n" $options "$url" out
      assert_status 3
      assert_stderr_has "cannot verify '$url': "
      assert_files
    done
  done
}

@test "the ETag of an upload in one part is a proof, whatever the part size was" {
  local url etag n
  etag=$(md5sum <"$WWW/data" | cut -c1-32 | xxd -r -p | md5sum | cut -c1-32)
  for n in 0 1 4; do
    url="$HTTP/fault/s3?ETag=%22$etag-1%22"
    fetch -v --concurrency "$n" "$url" out
    assert_status 0
    assert_stderr_has "verified 'out' by ETag"
    rm out
    url="$HTTP/fault/s3?ETag=%22$(wrong "$etag")-1%22"
    fetch --concurrency "$n" "$url" out
    assert_status 3
    assert_stderr_is "getm-fetch: cannot verify '$url': ETag is $(wrong "$etag")-1, but the data has $etag-1"
    assert_files
  done
}

@test "a number of parts that no upload has says nothing of the data, one that the object cannot have is refused" {
  local etag options said url="$HTTP/fault/s3?ETag=%2200000000000000000000000000000000"
  while IFS='|' read -r etag options said; do
    # shellcheck disable=SC2086
    fetch $options "$url-$etag%22" out
    if [[ -z $options && $etag != 9000 ]]; then
      assert_status 0
      cmp out "$WWW/data"
      assert_stderr_is "getm-fetch: fetched '$url-$etag%22', unverified: ETag: it counts $etag parts, $said; size 2.9 MiB agrees"
      rm out
      continue
    fi
    assert_status 3
    assert_files
    assert_stderr_is "getm-fetch: cannot verify '$url-$etag%22': ETag: it counts $etag parts, $said"
    assert_output_is ''
  done <<'END'
3000000||no upload has more than 10000
3000000|--require-checksum|no upload has more than 10000
99999999999|--s3-part-size 5M|no upload has more than 10000
9000||3000000 bytes do not make as many; its parts have different sizes, or it is not that of this object; --checksum-algorithm null verifies nothing
9000|--require-checksum|3000000 bytes do not make as many; its parts have different sizes, or it is not that of this object
4|--s3-part-size 1M|3000000 bytes do not make as many of 1048576 bytes
END
}

@test "a checksum that cannot be read does not hide the next one" {
  fetch -v --require-checksum "$HTTP/said/data?x-goog-hash=crc32c%3Dbroken,md5%3D$(encoded "$MD5")" out
  assert_status 0
  assert_stderr_has "verified 'out' by x-goog-hash md5"
  fetch "$HTTP/said/data?x-goog-hash=crc32c%3Dbroken,md5%3D$(encoded "$(wrong "$MD5")")" out
  assert_status 3
}

@test "a checksum that cannot be read, and no other one: unverified, and the reason shows it" {
  local field fault url
  while IFS='|' read -r field fault; do
    url="$HTTP/said/data?$field"
    fetch "$url" out
    assert_status 0
    assert_stderr_is "getm-fetch: fetched '$url', unverified: $fault; size 2.9 MiB agrees"
    fetch --require-checksum "$url" bad
    assert_status 3
    assert_stderr_is "getm-fetch: cannot verify '$url': $fault"
    assert_files out
    rm out
  done <<'END'
Content-MD5=notbase64!!|Content-MD5 'notbase64!!' is no MD5
x-goog-hash=crc32c%3Dbroken|x-goog-hash crc32c 'broken' is no CRC-32C
x-amz-checksum-sha256=abc|x-amz-checksum-sha256 'abc' is no SHA-256
Repr-Digest=sha-256%3Dabc|Repr-Digest 'abc' is no SHA-256 between colons
Repr-Digest=unixsum%3D:AA%3D%3D:|Repr-Digest 'unixsum=:AA==:' names no algorithm that getm-fetch knows
Digest=md5%3Dabc|Digest 'abc' is no MD5
END
}

@test "Content-MD5, x-amz-checksum and Repr-Digest" {
  local crc sha512
  crc=$(gzip -c "$WWW/data" | tail -c 8 | head -c 4 | od -An -tx4 | tr -d ' ')
  sha512=$(sha512sum <"$WWW/data" | cut -c1-128)
  both_of Content-MD5 "$MD5" Content-MD5
  both_of x-amz-checksum-crc32c "$(crc32c)" x-amz-checksum-crc32c
  both_of x-amz-checksum-crc32 "$crc" x-amz-checksum-crc32
  both_of x-amz-checksum-sha256 "$SHA256" x-amz-checksum-sha256
  both_of x-amz-checksum-sha1 "$SHA1" x-amz-checksum-sha1
  both_of Repr-Digest "$SHA256" Repr-Digest sha-256%3D: :
  both_of Repr-Digest "$sha512" Repr-Digest sha-512%3D: :
}

@test "Content-Digest, and Digest as it was before" {
  both_of Content-Digest "$SHA256" Content-Digest sha-256%3D: :
  both_of Digest "$SHA256" Digest SHA-256%3D
  both_of Digest "$MD5" Digest crc32c%3Dx,md5%3D
}

@test "an object that a store decodes on the way: its stored form is asked for and verified" {
  local md5 url size
  gzip -nc "$WWW/data" >"$WWW/data.gz"
  size=$(stat -c %s "$WWW/data.gz")
  md5=$(encoded "$(md5_of "$WWW/data.gz")")
  url="$HTTP/transcoded/data?md5=$md5"
  local n
  for n in 0 1 4; do
    fetch -v --concurrency "$n" "$url" out
    assert_status 0
    assert_stderr_has "verified 'out' by x-goog-hash md5"
    cmp out "$WWW/data.gz"
    getm-fetch --concurrency "$n" "$url" - | cmp - "$WWW/data.gz"
    rm out
  done
  fetch "$HTTP/transcoded/data?md5=$(encoded "$(wrong "$(md5_of "$WWW/data.gz")")")" out
  assert_status 3
  fetch "$url&only=decoded" out
  assert_status 3
  assert_stderr_has "': the server undoes the content encoding with which the object is stored, and does not give the stored form"
  assert_files
  fetch -ca null "$url&only=decoded" out
  assert_status 0
  cmp out "$WWW/data"
  fetch -ca null -H "Accept-Encoding: identity" "$url" out
  assert_status 0
  cmp out "$WWW/data"
}

@test "the ETag of an S3 server, and none that cannot be an MD5" {
  local reason said wrong_tag concurrencies=(0 1 4)
  wrong_tag=%22$(wrong "$MD5")%22
  accepted_and_refused ETag "%22$MD5%22" "$wrong_tag" ETag fault/s3
  while IFS='|' read -r said reason; do
    said=${said/@SSE/"&x-amz-request-id=1&x-amz-server-side-encryption"}
    fetch --stats stats --concurrency 1 "$HTTP/said/data?ETag=$said" out
    assert_status 0
    assert_stderr_is "getm-fetch: fetched '$HTTP/said/data?ETag=$said', unverified: $reason; size 2.9 MiB agrees"
    [[ $(jq -r '.outputs[0].verified_by' stats) == nothing ]]
    rm out stats
    fetch --concurrency 1 --require-checksum "$HTTP/said/data?ETag=$said" out
    assert_status 3
    assert_stderr_is "getm-fetch: cannot verify '$HTTP/said/data?ETag=$said': $reason"
    assert_files
    fetch --concurrency 1 --require-checksum "$HTTP/said/data?ETag=$said" -
    assert_status 3
    assert_output_is ''
    fetch --concurrency 1 -ca null "$HTTP/said/data?ETag=$said" out
    assert_status 0
    assert_stderr_is ''
    rm out
  done <<END
$wrong_tag|the server names no checksum
%22abc%22&x-amz-request-id=1|the ETag is no MD5
W/%22$MD5%22&x-amz-request-id=1|the ETag is weak
W/%22$MD5%22&Server=AmazonS3|the ETag is weak
$wrong_tag@SSE=aws:kms|the ETag of an object encrypted with a key is no MD5
$wrong_tag@SSE-customer-algorithm=AES256|the ETag of an object encrypted with a key is no MD5
END
}

@test "a checksum of the user's, before the server's" {
  local options one_part
  one_part=$(xxd -r -p <<<"$MD5" | md5sum | cut -c1-32)-1
  for options in "md5 $MD5" "sha256 $SHA256" "gs_crc32c $(crc32c)" "s3_etag $MD5" "s3_etag $one_part" \
    "md5 $(base64_of "$MD5")" "sha256 $(base64_of "$SHA256")" "gs_crc32c $(base64_of "$(crc32c)")" "md5 ${MD5^^}"; do
    fetch -v -cs "${options#* }" -ca "${options% *}" "$HTTP/said/data?Content-MD5=AAAAAAAAAAAAAAAAAAAAAA%3D%3D" out
    assert_status 0
    assert_stderr_has "verified 'out' by --checksum"
    cmp out "$WWW/data"
    rm out
  done
  for options in "md5 1$MD5" "sha256 $MD5" "gs_crc32c AAAAAA=" "s3_etag $MD5-0" "s3_etag x"; do
    fetch -cs "${options#* }" -ca "${options% *}" "$HTTP/data" out
    assert_status 2
    assert_stderr_has "cannot use checksum '${options#* }': it is no ${options% *}"
    assert_files
  done
  fetch --checksum "$(wrong "$SHA256")" --checksum-algorithm sha256 "$HTTP/data" out
  assert_status 3
  assert_stderr_has "--checksum is $(wrong "$SHA256"), but the data has $SHA256"
  assert_files
}

@test "checksum options that make no sense" {
  fetch -cs x "$HTTP/data"
  assert_status 2
  assert_stderr_has "cannot use checksum 'x': its length is that of no known kind"
  fetch -ca md5 "$HTTP/data"
  assert_status 2
  fetch -ca md6 -cs x "$HTTP/data"
  assert_status 2
  fetch -ca null --require-checksum "$HTTP/data"
  assert_status 2
  assert_files
}
