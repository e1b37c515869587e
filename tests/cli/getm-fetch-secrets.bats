#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Every place where a secret could show: messages, statistics, reports, what --resume leaves, command lines and
# environments of processes, other hosts, core files.

load common
load getm-fetch

setup() {
  common_setup
  for name in $(compgen -e | grep -E '^(AWS_|GCS_|STORAGE_)'); do unset "$name"; done
  mkdir home store store/bucket store/drs
  export HOME=$PWD/home AWS_EC2_METADATA_DISABLED=true
  make_certificates "$PWD"
  start_server https://127.0.0.1:@PORT@/ "$ROOT/tests/servers/store-server" @PORT@ "$PWD/store" server.pem server.key
  PORT=${SERVER_URL##*:} PORT=${PORT%/}
  : >store/requests
  # One word in each secret, which is then looked for.
  echo 'AKEY hiddenSecret hiddenToken' >store/keys
  echo hiddenBearer >store/bearer
  printf 'Authorization: Bearer hiddenBearer\nX-Key: hiddenHeader\n' >headers
  printf 'machine localhost login me password hiddenNetrc\n' >home/.netrc
  export AWS_ENDPOINT_URL=https://localhost:$PORT CURL_CA_BUNDLE=$PWD/ca.pem
  export AWS_ACCESS_KEY_ID=AKEY AWS_SECRET_ACCESS_KEY=hiddenSecret AWS_SESSION_TOKEN=hiddenToken
  export GCS_OAUTH_TOKEN=hiddenBearer STORAGE_EMULATOR_HOST=https://localhost:$PORT/gcs
  head -c 3000000 /dev/urandom >store/bucket/k
  mkdir store/closed && cp store/bucket/k store/closed/k
  echo '{"access_methods":[{"type":"https","access_url":{"url":"@URL@/signed/bucket/k?token=99.hidden",
    "headers":["X-Place: hiddenPlace"]}}]}' >store/drs/1
  mkdir work
}
teardown() {
  stop_started
  common_teardown
}

# All that a run said and left, but the data.
assert_no_secret() {
  local found
  found=$(grep -rlF hidden work || true)
  [[ -z $found && $stderr$output != *hidden* ]] || { echo "a secret is in: $found" "$stderr" && false; }
  grep -v ' wrong$' store/requests >/dev/null
}

names() {
  printf '%s\n' s3://bucket/k gs://closed/k "drs://localhost:$PORT/1" \
    "https://me:hiddenPassword@localhost:$PORT/signed/bucket/k?token=99.hiddenSignature"
}

@test "messages, statistics and progress of a success and of each failure" {
  local url option
  cd work || return 1
  while read -r url; do
    for option in "" "-H @../headers" "--bearer-file ../store/bearer" "-ca md5 -cs 00000000000000000000000000000000"; do
      # shellcheck disable=SC2086
      run_apart getm-fetch -v --progress json --stats stats $option "$url" out
      cat stats >>kept
      (cd .. && assert_no_secret)
      # shellcheck disable=SC2086
      run_apart getm-fetch -v --progress log $option "${url/\/k/\/none}" out
      (cd .. && assert_no_secret)
      rm -f out
    done
  done < <(names)
  ((${#url} == 0))
  AWS_SECRET_ACCESS_KEY=hiddenOther run_apart getm-fetch -v s3://bucket/k out
  assert_status 4
  (cd .. && assert_no_secret)
  AWS_ENDPOINT_URL=https://me:hiddenUser@localhost run_apart getm-fetch -v s3://bucket/k out
  assert_status 1
  (cd .. && assert_no_secret)
}

@test "what an interrupted download leaves, and the reports of mrf-run" {
  local url
  cd work || return 1
  while read -r url; do
    stop() { kill -TERM "$(<"$TMPDIR/pid")"; }
    to_slow_reader stop --resume "$url" - >part 2>said || true
    timeout -s TERM 5 getm-fetch --resume --require-checksum "$url" out 2>>said || true
    rm -f part out
    run_apart mrf-run -v -n 1 --report report -i "$url" -o copy --input-format lines --output-format lines -- cat
    assert_status 0
    jq -e . report >/dev/null
    rm copy
    (cd .. && assert_no_secret)
  done < <(names)
}

@test "command lines and environments have what the user put there, and no core file is written" {
  cd work || return 1
  look() {
    local pid
    pid=$(<"$TMPDIR/pid")
    tr '\0' '\n' <"/proc/$pid/cmdline" >cmdline
    grep '^Max core file size' "/proc/$pid/limits" >core
  }
  (ulimit -c "$(ulimit -Hc)" && to_slow_reader look --bearer-file ../store/bearer -H @../headers gs://closed/k - >data)
  cmp data ../store/closed/k
  grep -q '^Max core file size *0 ' core
  run ! grep hidden cmdline
  run_apart mrf-run -n 1 -i s3://bucket/k -o copy --input-format lines --output-format lines -- \
    bash -c 'tr "\0" "\n" </proc/$PPID/environ >environment; cat'
  assert_status 0
  env >mine
  # No variable with a secret but those that the user has exported.
  run ! grep -vxFf mine <(grep hidden environment)
}

@test "what a list at a URL names on another host gets no token and no header" {
  cd work || return 1
  local list="https://localhost:$PORT/signed/bucket/list?token=99.2" option
  printf 'https://%s:'"$PORT"'/signed/bucket/k?token=99.1\n' 127.0.0.1 >../store/bucket/list
  for option in "--bearer-file ../store/bearer" "-H @../headers"; do
    : >../store/requests
    # shellcheck disable=SC2086
    run_apart getm-fetch -q $option -m "$list"
    assert_status 0
    cmp k ../store/bucket/k
    rm k
    run ! grep -v ' open$' <(grep '^GET /signed/bucket/k' ../store/requests)
    grep -q '^GET /signed/bucket/k.* open$' ../store/requests
  done
  # Nor does an object of a bucket; one in a list of the user's own does.
  local name
  for name in gs://closed/k s3://bucket/k; do
    echo "$name" | tee own >../store/bucket/list
    : >../store/requests
    run_apart getm-fetch -q --bearer-file ../store/bearer -m "$list"
    assert_status 4
    run_apart getm-fetch --progress none -m "$list"
    assert_status 4
    assert_stderr_has "no credentials are sent for '$name', since only a list on another host names it"
    run ! grep -v ' open$' <(grep '/k ' ../store/requests)
    run_apart getm-fetch -q -m own
    assert_status 0
    cmp k ../store/bucket/k
    rm k
  done
}

@test "no secret goes to another host" {
  cd work || return 1
  echo hiddenBearer >../store/drs.bearer
  local url="https://127.0.0.1:$PORT/signed/bucket/k?token=99.1"
  echo "{\"access_methods\":[{\"type\":\"https\",\"access_url\":{\"url\":\"$url\"}}]}" >../store/drs/2
  run_apart getm-fetch -q --bearer-file ../store/bearer "drs://localhost:$PORT/2" out
  assert_status 0
  run_apart getm-fetch -q -H @../headers "drs://localhost:$PORT/2" out
  assert_status 0
  grep -q '^GET /signed/.* open$' ../store/requests
  run ! grep ' wrong$' ../store/requests
}

@test "a name and a password in front of a bucket are not shown" {
  for url in s3://AK:SECRETP@b/x.bin s3://AK:SE/CRETP@b/x.bin gs://u:SECRETP@b/x s3://b:SECRETP@; do
    run_apart getm-fetch "$url" out
    assert_status 2
    [[ $stderr == *"cannot use URL '${url%%:*}://...@${url#*@}': it names no bucket"* && $stderr != *CRETP* ]]
  done
}
