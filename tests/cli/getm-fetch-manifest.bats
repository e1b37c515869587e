#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
load common
load getm-fetch

setup_file() { serve_many_samples; }
teardown_file() { stop_servers; }

# manifest ENTRY...: each a JSON object, @ standing for the server
manifest() {
  local IFS=,
  printf '[%s]' "${*//@/$HTTP}" >m.json
}

@test "many files, each at its place" {
  local i
  printf '[' >m.json
  for i in {1..30}; do printf '{"url":"%s/many/f%s","filepath":"out/%s"},' "$HTTP" "$i" "$i" >>m.json; done
  printf '{"url":"%s/data"}]' "$HTTP" >>m.json
  fetch -m m.json
  assert_status 0
  for i in {1..30}; do cmp "out/$i" "$WWW/many/f$i"; done
  cmp data "$WWW/data"
  [[ ${stderr_lines[-1]} =~ ^"getm-fetch: fetched 31 of 31 files, 3046500 bytes in "[0-9.]+" s; "(.*)$ ]]
  [[ ${BASH_REMATCH[1]} == "31 unverified, 0 failed" ]]
  fetch -q --concurrency 0 -m - <m.json
  assert_status 0
  assert_stderr_is ''
}

@test "small files come first, large ones by size" {
  head -c 2000000 "$WWW/data" >"$WWW/middle"
  manifest '{"url":"@/data"}' '{"url":"@/middle"}' '{"url":"@/many/f1"}' '{"url":"@/many/f2"}'
  fetch --files 1 --multipart-threshold 1M --progress json -m m.json
  assert_status 0
  [[ $stderr != *'trying again'* ]]
  grep -o '"target":"[^"]*"' <<<"$stderr" >order
  [[ $(<order) == $'"target":"f1"\n"target":"f2"\n"target":"middle"\n"target":"data"' ]]
  # A size that the list names is known before anything is asked for.
  manifest '{"url":"@/data?n=1","size":3000000,"filepath":"d1"}' '{"url":"@/timed/data?n=2","size":1048576,"filepath":"d2"}' \
    '{"url":"@/many/f1","size":100,"filepath":"d3"}'
  fetch --files 1 -c --multipart-threshold 1M --progress json -m m.json
  assert_status 3
  grep -o '"target":"[^"]*"' <<<"$stderr" >order
  [[ $(<order) == $'"target":"d3"\n"target":"d2"\n"target":"d1"' ]]
  assert_stderr_has "it is to have 1048576 bytes, but has 3000000"
  (($(logged | grep -c 'data?n=1 ') == 1))
}

@test "checksums of a manifest" {
  local md5
  md5=$(md5_of "$WWW/data")
  manifest "{\"url\":\"@/data\",\"checksum\":\"$md5\",\"checksum-algorithm\":\"md5\"}"
  fetch --require-checksum --stats stats.json -m m.json
  assert_status 0
  grep -q '"verified_by":"checksum"' stats.json
  manifest "{\"url\":\"@/data\",\"filepath\":\"bad\",\"checksum\":\"${md5//[0-9]/0}\",\"checksum-algorithm\":\"md5\"}"
  fetch -m m.json
  assert_status 3
  [[ ! -e bad ]]
}

@test "a failure ends the run, or with -c the others are fetched" {
  manifest '{"url":"@/none1?sig=hidden"}' '{"url":"@/many/f1"}' '{"url":"@/none2"}'
  fetch --files 1 -m m.json
  assert_status 4
  assert_stderr "getm-fetch: cannot fetch '$HTTP/none1?sig=...': Not Found (HTTP 404)"
  [[ ! -e f1 && $stderr != *none2* ]]
  fetch --files 1 -c --progress json -m m.json
  assert_status 4
  cmp f1 "$WWW/many/f1"
  assert_stderr_has "fetched 1 of 3 files, 100 bytes"
  assert_stderr_has '"status":4,"verified_by":null,"error":"cannot fetch '
  assert_files m.json f1
}

@test "the status is that of the first entry that failed, whichever failed first" {
  manifest '{"url":"@/flaky/data?times=100&t=order"}' '{"url":"@/none2"}'
  fetch -c --retry 1 -m m.json
  assert_status 5
  [[ $stderr == *"cannot fetch '$HTTP/none2'"*"cannot fetch '$HTTP/flaky"* ]]
}

@test "errors of a manifest name the entry and the field" {
  local entry reason
  while IFS='|' read -r entry reason; do
    reason=${reason/@REST/s3_etag, sha256, null}
    manifest '{"url":"@/data"}' "$entry"
    fetch -m m.json
    assert_status 2
    assert_stderr_is "getm-fetch: cannot use manifest 'm.json': entry 2 $reason"
    assert_files m.json
  done <<'END'
7|is no object
{}|has no field "url"
{"url":7}|field "url" is no text
{"url":"sftp://h/x"}|field "url": cannot use URL 'sftp://h/x': none of http, https, ftp, ftps, s3, gs, drs
{"url":"http://h/"}|field "filepath" is needed, the URL does not end in a file name
{"url":"http://h/x","filepath":"-"}|field "filepath": standard output cannot take several files
{"url":"http://h/x","checksum":"x"}|field "checksum" needs "checksum-algorithm"
{"url":"http://h/x","checksum-algorithm":"md5"}|field "checksum-algorithm" needs "checksum"
{"url":"http://h/x","checksum":"x","checksum-algorithm":"md5"}|field "checksum": cannot use checksum 'x': it is no md5
{"url":"http://h/x","checksum-algorithm":"md6"}|field "checksum-algorithm": 'md6' is none of md5, gs_crc32c, @REST
{"url":"http://h/x","filepath":"./data"}|has the target of entry 1, './data'
END
  printf '[{]' >m.json
  fetch -m m.json
  assert_status 2
  assert_stderr_is "getm-fetch: cannot use manifest 'm.json': no JSON at byte 3"
  printf '{}' >m.json
  fetch -m m.json
  assert_stderr_is "getm-fetch: cannot use manifest 'm.json': no JSON array"
  fetch -m missing.json
  assert_status 1
  assert_stderr_is "getm-fetch: cannot open 'missing.json': No such file or directory"
}

@test "two targets that are one through a symbolic link" {
  local other
  mkdir real
  ln -s real link
  ln -s real/x alias
  for other in link/x link/../real/x alias; do
    manifest '{"url":"@/data","filepath":"real/x"}' "{\"url\":\"@/data\",\"filepath\":\"$other\"}"
    fetch -m m.json
    assert_status 2
    assert_stderr_is "getm-fetch: cannot use manifest 'm.json': entry 2 has the target of entry 1, '$other'"
  done
}

@test "a field that is not known is ignored with a warning, one that an entry has twice is refused" {
  manifest '{"url":"@/many/f1","md5":"x"}' '{"url":"@/many/f2","md5":"y","x":{"a":1}}'
  fetch -m m.json
  assert_status 0
  assert_stderr "getm-fetch: cannot use all of manifest 'm.json': entry 1 field \"md5\" is not known, and ignored"
  assert_stderr "getm-fetch: cannot use all of manifest 'm.json': entry 2 field \"x\" is not known, and ignored"
  (($(grep -c 'is not known' <<<"$stderr") == 2))
  rm f1 f2
  manifest '{"url":"@/data"}' '{"url":"@/many/f1","url":"@/many/f2","filepath":"x"}'
  fetch -m m.json
  assert_status 2
  assert_stderr_is "getm-fetch: cannot use manifest 'm.json': entry 2 has field \"url\" twice"
  printf '[1,"a",[],{"url":"%s","x":{"a":1,"b":{"a":2},"a":3}}]' "$HTTP/data" >m.json
  fetch -m m.json
  assert_status 2
  assert_stderr_is "getm-fetch: cannot use manifest 'm.json': entry 4 has field \"a\" twice"
  assert_files m.json
}

@test "options that do not go together" {
  printf '[]' >m.json
  fetch -m m.json "$HTTP/data"
  assert_status 2
  fetch -m m.json -O x
  assert_status 2
  fetch -c "$HTTP/data"
  assert_status 2
  assert_stderr_has "it needs --manifest"
  fetch --root / "$HTTP/data"
  assert_status 2
  assert_stderr_has "cannot use option '--root': it needs --manifest"
  fetch --verify-only "$HTTP/data"
  assert_status 2
  fetch --files 0 -m m.json
  assert_status 2
  fetch --progress loud -m m.json
  assert_status 2
  fetch -m m.json
  assert_status 0
}

@test "progress in JSON, and the bar on a terminal" {
  fetch -q --progress json "$HTTP/data?sig=hidden" out
  assert_status 0
  jq -e '.bytes == 3000000 and .status == 0 and .target == "out" and .verified_by == null and .wall_s >= 0' <<<"$stderr"
  [[ $stderr != *hidden* ]]
  TERM=xterm script -qec "stty cols 40; getm-fetch -q --concurrency 1 '$HTTP/slow/data' bar" typescript >/dev/null
  cmp bar "$WWW/data"
  grep -aq 'data .*% .*iB/s' typescript
  NO_COLOR=1 TERM=xterm script -qec "getm-fetch -q '$HTTP/slow/data' bar" plain >/dev/null
  grep -aq $'\x1b\\[7m' typescript
  run ! grep -aq $'\x1b\\[7m' plain
}
