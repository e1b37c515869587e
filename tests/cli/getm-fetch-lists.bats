#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Lists of files: where they may write, and what is there already.
load common
load getm-fetch

setup_file() {
  serve_samples
  local i
  mkdir "$WWW/many"
  for i in {1..4}; do head -c $((i * 100)) /dev/urandom >"$WWW/many/f$i"; done
}
teardown_file() { stop_servers; }

# manifest ENTRY...: each a JSON object, @ standing for the server
manifest() {
  local IFS=,
  printf '[%s]' "${*//@/$HTTP}" >m.json
}
# with_sums ALGORITHM SUM...: m.json of f1, f2, ... with these checksums
with_sums() {
  local algorithm=$1 i=0 sum entries=()
  shift
  for sum in "$@"; do
    i=$((i + 1))
    entries+=("{\"url\":\"@/many/f$i\",\"checksum\":\"$sum\",\"checksum-algorithm\":\"$algorithm\"}")
  done
  manifest "${entries[@]}"
}
requests() { logged | grep -c "^GET /many/$1 " || true; }

@test "a target outside of the working directory, or of --root, is refused" {
  local path
  mkdir -p in/side
  ln -s / away
  ln -s ../out in/up
  for path in ../evil in/../../evil "$TMPDIR/evil" away/tmp/evil ../work/../evil; do
    manifest '{"url":"@/many/f1"}' "{\"url\":\"@/many/f2\",\"filepath\":\"$path\"}"
    fetch -m m.json
    assert_status 2
    assert_stderr_is "getm-fetch: cannot use manifest 'm.json': entry 2 has the target '$path', which is outside of '$PWD'; --root names the directory that files stay below"
    fetch --verify-only -m m.json
    assert_status 2
    assert_stderr_has "entry 2 has the target '$path', which is outside of"
  done
  manifest '{"url":"@/many/f1","filepath":"in/up"}'
  fetch --root in -m m.json
  assert_status 2
  assert_stderr_has "entry 1 has the target 'in/up', which is outside of '$PWD/in'; "
  fetch --root in --verify-only -m m.json
  assert_status 2
  manifest '{"url":"@/many/f1"}'
  fetch --root in -m m.json
  assert_status 2
  assert_files m.json in in/side in/up away
}

@test "--root / allows all, --root DIR what is below it" {
  mkdir -p here there
  manifest '{"url":"@/many/f1","filepath":"../there/a"}' "{\"url\":\"@/many/f2\",\"filepath\":\"$PWD/there/b\"}" \
    '{"url":"@/many/f3","filepath":"../here/./d/../c"}'
  cp m.json here
  cd here
  fetch -q --root / -m m.json
  assert_status 0
  fetch -q --root .. -m m.json
  assert_status 0
  fetch -q --root "$PWD/.." -m m.json
  assert_status 0
  cmp ../there/a "$WWW/many/f1"
  cmp ../there/b "$WWW/many/f2"
  cmp c "$WWW/many/f3"
}

@test "a file that is there and verifies is not fetched again, one that does not is" {
  local algorithm sums
  for algorithm in md5 sha256; do
    rm -f f?
    forget_log
    mapfile -t sums < <(for i in 1 2 3 4; do "${algorithm}sum" <"$WWW/many/f$i" | cut -d' ' -f1; done)
    with_sums "$algorithm" "${sums[@]}"
    fetch -q -m m.json
    assert_status 0
    echo damaged >>f2
    rm f3
    touch -d @0 f1 f4
    fetch -v --progress json -m m.json
    assert_status 0
    assert_stderr_has "getm-fetch: 'f2' is fetched again: checksum is ${sums[1]}, but the data has "
    assert_stderr "getm-fetch: verified 'f2' by checksum"
    assert_stderr_has "getm-fetch: fetched 2 of 4 files, 500 bytes in "
    assert_stderr_has " s; 2 there already, 0 unverified, 0 failed"
    (($(grep -c '"status":0,"verified_by":"checksum"' <<<"$stderr") == 4))
    for i in 1 2 3 4; do cmp "f$i" "$WWW/many/f$i"; done
    [[ $(stat -c %Y f1) == 0 && $(stat -c %Y f4) == 0 ]]
    [[ $(requests f1).$(requests f2).$(requests f3).$(requests f4) == 1.2.2.1 ]]
  done
}

@test "what is there is verified by CRC-32C and by ETags of one part and of several, too" {
  local crc etag
  crc=$(getm-fetch -q -cs 00000000 -ca gs_crc32c "$HTTP/data" - 2>&1 >/dev/null | grep -o '[0-9a-f]*$' || true)
  etag=$(split -b 1M --filter='md5sum | cut -c1-32' "$WWW/data" | xxd -r -p | md5sum | cut -c1-32)-3
  cp "$WWW/data" a && cp a b && cp a c
  manifest "{\"url\":\"@/missing\",\"filepath\":\"a\",\"checksum\":\"$crc\",\"checksum-algorithm\":\"gs_crc32c\"}" \
    "{\"url\":\"@/missing\",\"filepath\":\"b\",\"checksum\":\"$etag\",\"checksum-algorithm\":\"s3_etag\"}" \
    "{\"url\":\"@/missing\",\"filepath\":\"c\",\"checksum\":\"$(md5_of a)\",\"checksum-algorithm\":\"s3_etag\"}"
  fetch -m m.json
  assert_status 0
  assert_stderr_has "fetched 0 of 3 files, 0 bytes in "
  assert_stderr_has "; 3 there already, "
  echo more | tee -a a b c >>c
  fetch -q -c -m m.json
  assert_status 4
}

@test "requests to one host are limited over all files" {
  local i entries=()
  for i in {1..60}; do entries+=("{\"url\":\"@/crowd/c$i\"}"); done
  manifest "${entries[@]}"
  fetch -q --files 60 -m m.json
  assert_status 0
  (($(sort -n c* | tail -n 1) <= 16))
  fetch -q --files 60 --concurrency 20 --cacert "$CA" -m m.json
  assert_status 0
  (($(sort -n c* | tail -n 1) <= 20))
}

@test "--verify-only fetches nothing, names what is wrong or missing, and looks at all" {
  local sums
  mapfile -t sums < <(for i in 1 2 3 4; do md5_of "$WWW/many/f$i"; done)
  with_sums md5 "${sums[@]}"
  fetch -q -m m.json
  forget_log
  fetch --verify-only -m m.json
  assert_status 0
  assert_stderr_is "getm-fetch: verified 4 of 4 files; 0 unverified, 0 failed"
  echo damaged >>f1
  rm f3
  fetch --files 1 --verify-only -m m.json
  assert_status 3
  assert_stderr "getm-fetch: cannot verify 'f1': checksum is ${sums[0]}, but the data has $(md5_of f1)"
  assert_stderr "getm-fetch: cannot open 'f3': No such file or directory"
  assert_stderr "getm-fetch: verified 2 of 4 files; 0 unverified, 2 failed"
  rm f1
  fetch --files 1 --verify-only -m m.json
  assert_status 1
  manifest '{"url":"@/many/f2"}'
  fetch --verify-only -m m.json
  assert_status 0
  assert_stderr_is "getm-fetch: verified 0 of 1 files; 1 unverified, 0 failed"
  fetch --verify-only --require-checksum -m m.json
  assert_status 3
  assert_stderr "getm-fetch: cannot verify 'f2': the list names no checksum of it"
  [[ -z $(logged) ]]
  assert_files m.json f2 f4
}

@test "FIFOs that nobody reads take no places among the requests to a host" {
  local i
  mkfifo pipe{1..4}
  for i in {1..4}; do printf '{"url":"%s","filepath":"pipe%s"}\n' "$HTTP/many/f1" "$i"; done >entries
  printf '{"url":"%s","filepath":"out"}' "$HTTP/many/f1" >>entries
  jq -s . entries >m.json
  getm-fetch -q --files 8 --host-connections 2 -m m.json 3>&- &
  wait_until test -e out
  for i in {1..4}; do cmp "pipe$i" "$WWW/many/f1"; done
  wait $!
}

@test "a FIFO of a manifest that nobody reads holds up no other file" {
  mkfifo pipe
  printf '[{"url":"%s","filepath":"pipe"},{"url":"%s","filepath":"out"}]' "$HTTP/many/f1" "$HTTP/many/f1" >m.json
  getm-fetch -q -m m.json 3>&- &
  wait_until test -e out
  cmp out "$WWW/many/f1"
  cmp pipe "$WWW/many/f1"
  wait $!
}
