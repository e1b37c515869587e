#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a run says of its files: the summary, --report, --write-checksums, the events of --progress json; and what is
# said of data that nothing verifies.
load common
load getm-fetch

setup_file() { serve_many_samples; }
teardown_file() { stop_servers; }

# A list of four files: one to fetch, one that is there, one without a checksum, one that is not on the server.
mixed_list() {
  cp "$WWW/many/f2" .
  jq -n --arg at "$HTTP/many" --arg a "$(md5_of "$WWW/many/f1")" --arg b "$(md5_of "$WWW/many/f2")" \
    '[{url: "\($at)/f1?sig=hidden", checksum: $a, "checksum-algorithm": "md5"},
      {url: "\($at)/f2", checksum: $b, "checksum-algorithm": "md5"}, {url: "\($at)/f3"}, {url: "\($at)/none"},
      {url: "\($at)/f5"}]' >m.json
}

@test "the summary and --report: fetched, there already, unverified, failed, not tried" {
  mixed_list
  fetch --files 1 --report report -m m.json
  assert_status 4
  [[ ${stderr_lines[-1]} =~ ^"getm-fetch: fetched 2 of 5 files, 400 bytes in "[0-9.]+" s; 1 there already, 1 unverified, 1 failed, 1 not tried"$ ]]
  jq -e '.tool == "getm-fetch" and .list == "m.json" and .status == 4 and .files == 5 and .fetched == 2 and .there == 1
    and .unverified == 1 and .failed == 1 and .untried == 1 and .bytes == 400 and .bytes_in >= 400 and .wall_s > 0
    and (.version | length > 0)' report
  [[ $(jq -r '.outcomes[] | "\(.target) \(.end) \(.status) \(.verified_by) \(.bytes)"' report) == \
    $'f1 fetched 0 checksum 100\nf2 there 0 checksum 200\nf3 fetched 0 null 300\nnone failed 4 null 0\nf5 untried 0 null 0' ]]
  jq -e '.outcomes[2].unverified == "the server names no checksum" and (.outcomes[3].error | contains("Not Found"))' report
  run ! grep hidden report
  fetch -q -c --report - -m m.json
  assert_status 4
  jq -e '.fetched == 2 and .there == 2 and .untried == 0' <<<"$output"
}

@test "--report of one URL, after a failure too" {
  fetch --report report "$HTTP/many/f1?sig=hidden" out
  assert_status 0
  jq -e '.list == null and .files == 1 and .fetched == 1 and .outcomes[0].target == "out"' report
  fetch --report report "$HTTP/none?sig=hidden" out
  assert_status 4
  jq -e '.status == 4 and .failed == 1 and .outcomes[0].status == 4' report
  run ! grep hidden report
}

@test "requests that cannot be made: each is a failure of its own, and the report tells, or what hinders it is said" {
  local told="getm-fetch: cannot use 'AWS_PROFILE': there is no profile 'none' in the files of credentials and configuration"
  printf 's3://bucket/%s\n' 1 2 3 >list
  AWS_PROFILE=none fetch --host-connections 1 -c --report report -m list
  assert_status 1
  jq -e '.status == 1 and .failed == 3 and .untried == 0' report
  AWS_PROFILE=none fetch --report /dev/full s3://bucket/1
  assert_status 1
  assert_stderr "$told"
  assert_stderr "getm-fetch: cannot write '/dev/full': No space left on device"
  fetch -q --report /dev/full "$HTTP/none" out
  assert_status 4
}

@test "files that a run writes about itself replace nothing that it reads or fetches, nor each other" {
  local option
  printf '[{"url":"%s/many/f1","filepath":"x"}]' "$HTTP" >m.json
  cp m.json before
  ln -s x link
  for option in --report --write-checksums; do
    fetch "$option" ./x -m m.json
    assert_status 2
    assert_stderr_is "getm-fetch: cannot use manifest 'm.json': entry 1 would write 'x', which is the file of $option"
    fetch "$option" link -m m.json
    assert_status 2
    fetch "$option" ./m.json -m m.json
    assert_status 2
    fetch "$option" x "$HTTP/many/f1" x
    assert_status 2
    fetch --resume "$option" x.getm-part.json -m m.json
    assert_status 2
    assert_stderr_has "entry 1 would write 'x.getm-part.json', which is the file of $option, with --resume"
    fetch --resume "$option" x.getm-part "$HTTP/many/f1" x
    assert_status 2
    fetch "$option" s --stats s -m m.json
    assert_status 2
    fetch "$option" no/such -m m.json
    assert_status 1
    assert_stderr_is "getm-fetch: cannot open 'no/such': No such file or directory"
  done
  printf '[{"url":"%s/many/f1","filepath":"x/y"}]' "$HTTP" >below.json
  fetch --report x -m below.json
  assert_status 2
  assert_stderr_has "entry 1 would write 'x/y', below the file of --report"
  printf '[{"url":"%s/many/f1","filepath":"none/../below.json"}]' "$HTTP" >below.json
  fetch -m below.json
  assert_status 2
  assert_stderr_has "entry 1 would write 'none/../below.json', which is the manifest itself"
  # Nor is it the record that --resume keeps beside a target.
  printf '[{"url":"%s/a","filepath":"f"}]' "$HTTP" >f.getm-part.json
  fetch --resume -m f.getm-part.json
  assert_status 2
  assert_stderr_has "entry 1 would write 'f.getm-part.json', which is the manifest itself, with --resume"
  [[ -s f.getm-part.json ]]
  rm below.json f.getm-part.json
  # Nor what another program reads that is asked for URLs.
  echo "$HTTP/many/f2" | tee urls >given
  local command
  for command in 'cat urls' 'grep . <urls | head -n 1' "x=\"\$(cat './ur'ls)\"; echo \"\$x\"" 'sign --by=urls'; do
    fetch --refresh-command "$command" "$HTTP/many/f1" "$PWD/urls"
    assert_status 2
    assert_stderr_has "the same file as input '"
  done
  printf '[{"url":"%s/many/f1","filepath":"urls"}]' "$HTTP" >over.json
  fetch --refresh-command 'cat urls' -m over.json
  assert_status 2
  assert_stderr_has "entry 1 would write 'urls', which is the file of --refresh-command"
  cmp urls given
  rm urls given over.json
  fetch --report r --write-checksums ./r -m m.json
  assert_status 2
  cmp m.json before
  assert_files m.json before link
}

@test "--write-checksums: a list that md5sum and sha256sum take, of all that is complete" {
  local name
  mixed_list
  for name in sums.md5 sha256sums.txt; do
    rm -f f1 f3 f5
    fetch -c --write-checksums "$name" -m m.json
    assert_status 4
    [[ $(cut -d' ' -f3- "$name" | xargs) == "f1 f2 f3 f5" ]]
  done
  md5sum -c --quiet --strict sums.md5
  sha256sum -c --quiet --strict sha256sums.txt
  cp sums.md5 given
  fetch --verify-only --write-checksums again.md5 -m given
  assert_status 0
  cmp again.md5 given
  fetch --verify-only --write-checksums again.sha -m given
  sha256sum -c --quiet --strict again.sha
}

@test "--write-checksums: large files in parts, to a pipe, after --resume, and with each kind of checksum" {
  local crc
  fetch -q --part-size 64K --multipart-threshold 64K --write-checksums sums.md5 "$HTTP/data" 'a\b'
  assert_status 0
  md5sum -c --quiet --strict sums.md5
  getm-fetch -q --buffer 2M --write-checksums pipe.sha "$HTTP/data" - >out
  [[ $(<pipe.sha) == "$(sha256sum <out)" ]]
  crc=$(getm-fetch -q -cs 00000000 -ca gs_crc32c "$HTTP/data" x 2>&1 | grep -o '[0-9a-f]*$' || true)
  fetch -q -cs "$crc" -ca gs_crc32c --write-checksums crc.md5 "$HTTP/data" out
  assert_status 0
  md5sum -c --quiet --strict crc.md5
  fetch -q --concurrency 0 --write-checksums null.md5 --checksum-algorithm null "$HTTP/data" out
  assert_status 0
  md5sum -c --quiet --strict null.md5
  fetch -q -cs 00000000 -ca gs_crc32c --write-checksums null.md5 "$HTTP/data" out
  assert_status 3
  [[ ! -s null.md5 ]]
  env --default-signal getm-fetch -q --resume "$HTTP/slower/data" part 2>/dev/null 3>&- &
  wait_until test -s part.getm-part
  kill -INT $!
  wait $! || true
  [[ -e part.getm-part.json ]]
  fetch -q --resume --write-checksums resumed.md5 "$HTTP/data" part
  assert_status 0
  md5sum -c --quiet --strict resumed.md5
}

@test "--progress json: an event for each file, with s5cmd's names, and one for the end" {
  mixed_list
  fetch -q -c --progress json -m m.json
  assert_status 4
  grep '^{' <<<"$stderr" >events
  jq -se 'map(select(.event == "file")) | length == 5 and all(.operation == (if .end == "there" then "verify" else "fetch" end)
    and .success == (.status == 0) and .destination == .target and .source == .url and .object.size == .bytes
    and .object.type == "file" and (.wall_s >= 0) and ((.error == null) == .success))' events
  jq -se 'last | .event == "end" and .status == 4 and .files == 5 and .fetched == 3 and .there == 1 and .unverified == 2
    and .failed == 1 and .untried == 0 and .bytes == 900' events
  run ! grep hidden events
}

@test "--progress json: the end of a run that a signal ends" {
  local status=0
  printf '[{"url":"%s/slower/data"}]' "$HTTP" >m.json
  env --default-signal getm-fetch -q --progress json -m m.json 2>events 3>&- &
  wait_until grep -q '"event":"progress"' events
  kill -INT $!
  wait $! || status=$?
  ((status == 130))
  jq -se 'last | .event == "end" and .status == 130 and .files == 1 and .fetched == 0 and .untried == 1' events
  jq -se 'map(select(.event == "progress")) | .[-1] | .files == 1 and .files_done == 0 and .bytes > 0
    and .bytes_total == 3000000 and .share > 0 and .share < 1 and .elapsed_s >= 1' events
}

@test "a signal while files are looked at: the end says so" {
  local status=0
  truncate -s 100G large
  printf '%032d  large\n' 0 >l
  env --default-signal getm-fetch -q --verify-only --progress json -m l 2>events 3>&- &
  wait_until reads_large $!
  kill -TERM $!
  wait $! || status=$?
  ((status == 143))
  jq -se 'last | .event == "end" and .status == 143 and .untried == 1' events
}
reads_large() { [[ $(readlink "/proc/$1/fd/"*) == */large* ]]; }

@test "what is known of data that nothing verifies is said once" {
  fetch "$HTTP/data" out
  assert_status 0
  assert_stderr_is "getm-fetch: fetched '$HTTP/data', unverified: the server names no checksum; size 2.9 MiB agrees"
  printf '%s/many/f%s\n' "$HTTP" 1 "$HTTP" 2 "$HTTP" 3 >l
  fetch -m l
  assert_status 0
  ((${#stderr_lines[@]} == 2))
  [[ ${stderr_lines[0]} == "getm-fetch: 3 files are unverified, the first is 'f1': the server names no checksum; their sizes agree" ]]
  printf '%s/many/f1\n' "$HTTP" >l
  fetch -m l
  [[ ${stderr_lines[0]} == "getm-fetch: 'f1' is unverified: the server names no checksum; size 100 B agrees" ]]
  fetch --require-checksum "$HTTP/data" out
  assert_status 3
}

@test "--checksum without an algorithm: its length says the kind, and a message says so" {
  local kind tool
  while read -r kind tool; do
    fetch --checksum "$("$tool" <"$WWW/data" | cut -d' ' -f1)" "$HTTP/data" out
    assert_status 0
    assert_stderr_is "getm-fetch: took --checksum for $kind by its length; --checksum-algorithm names another kind"
  done <<'END'
MD5 md5sum
SHA-1 sha1sum
SHA-256 sha256sum
SHA-512 sha512sum
END
  fetch --checksum "$(base64_of "$(md5_of "$WWW/data")")" "$HTTP/data" out
  assert_status 0
  assert_stderr_has "took --checksum for MD5 "
  fetch --checksum "$(split -b 1M --filter='md5sum | cut -c1-32' "$WWW/data" | xxd -r -p | md5sum | cut -c1-32)-3" "$HTTP/data" out
  assert_status 0
  assert_stderr_has "took --checksum for S3 ETag by"
  fetch -q --checksum 00000000 "$HTTP/data" out
  assert_status 3
  fetch --checksum 123 "$HTTP/data" out
  assert_status 2
  assert_stderr_has "cannot use checksum '123': its length is that of no known kind; --checksum-algorithm names the kind"
}

@test "what is there is read once, large files and small ones, before and beside the downloads" {
  local i
  mkdir -p "$WWW/lot"
  for i in {1..300}; do head -c 50 /dev/urandom >"$WWW/lot/f$i"; done
  head -c 9000000 /dev/urandom >"$WWW/lot/large"
  (cd "$WWW/lot" && md5sum -- *) >l
  fetch -q --base-url "$HTTP/lot" -m l
  assert_status 0
  rm f7 f150
  printf x >>f299
  strace -f -qq -e trace=openat,read,pread64 -y -o trace getm-fetch --base-url "$HTTP/lot" -m l 2>said
  [[ $(tail -n 1 said) == *"fetched 3 of 301 files, 150 bytes in "*"; 298 there already, 0 unverified, 0 failed" ]]
  (($(grep -c "openat.*\"f100\"" trace) == 1))
  (($(grep -cE "(read|pread64)\([0-9]+<$PWD/large>, .* = [1-9]" trace) <= 9000000 / 262144 + 1))
  forget_log
  fetch --verify-only --files 1 --concurrency 0 -m l
  assert_status 0
  assert_stderr_is "getm-fetch: verified 301 of 301 files; 0 unverified, 0 failed"
  [[ -z $(logged) ]]
}
