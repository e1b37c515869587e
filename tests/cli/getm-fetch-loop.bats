#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# One loop for all requests: slow connections, busy hosts, expired URLs, connections that end, and many files.
load common
load getm-fetch

setup_file() { serve_many_samples; }
teardown_file() { stop_servers; }

# list N PATTERN: a manifest of N entries, in m.json; %d in PATTERN is the number
list() {
  jq -nc --argjson n "$1" --arg pattern "$2" \
    '[range(1; $n + 1) | "\(.)" as $i | {url: ($pattern | gsub("%d"; $i)), filepath: "to/\($i)"}]' >m.json
}

@test "a connection that stalls or crawls among eight is replaced, long before its time is over" {
  local query
  for query in '' '&pause=0.05'; do
    run_apart timeout 250 getm-fetch -v --progress none --concurrency 8 --part-size 256K --multipart-threshold 256K \
      --stall-timeout 300 -cs "$(md5_of "$WWW/big")" -ca md5 "$HTTP/fault/slow_one?t=$RANDOM$RANDOM$query" out
    assert_status 0
    cmp out "$WWW/big"
    assert_stderr_has "is replaced by another one"
    rm out
  done
}

@test "a small file that stalls among others is asked for again, once" {
  local bytes t
  for bytes in 0 70000; do
    t=$RANDOM$RANDOM
    list 20 "$HTTP/many/f%d"
    jq -c --arg url "$HTTP/fault/asleep?t=$t&bytes=$bytes" '[{url: $url, filepath: "to/asleep"}] + .' m.json >l.json
    run_apart timeout 250 getm-fetch -v --progress none --stall-timeout 300 -m l.json
    assert_status 0
    cmp to/asleep "$WWW/big"
    assert_stderr_has "'$HTTP/fault/asleep?t=$t&bytes=$bytes': a request that brings much less than those of other files is replaced"
    (($(logged | grep -c "fault/asleep?t=$t&.* 20[06] ") == 1))
    rm -r to
  done
}

@test "two backends with an ETag each, one of them slow" {
  local n
  for n in 1 4; do
    run_apart getm-fetch -q --concurrency "$n" --part-size 256K --multipart-threshold 256K -ca md5 \
      -cs "$(md5_of "$WWW/big")" "$HTTP/fault/mirrors?slow=1&held=$((n > 1 ? 3 : 0))&t=$RANDOM$RANDOM" out
    assert_status 0
    cmp out "$WWW/big"
  done
}

@test "a host that allows five requests at a time of two seconds is asked for twenty files, and gives them all" {
  list 20 "$HTTP/fault/narrow?t=$RANDOM&n=%d"
  run_apart getm-fetch -q --host-connections 1 -m m.json
  assert_status 0
  (($(cat to/* | wc -c) == 20))
  # One refusal makes all others wait.
  (($(logged | grep -c 'fault/narrow.* 429 ') < 10))
}

@test "parts do not go through a redirection again, even when a connection breaks" {
  run_apart getm-fetch -q --concurrency 1 -cs "$(md5_of "$WWW/big")" -ca md5 \
    "$HTTP/redirect?to=/fault/cut%3Ft%3Dnarrowed" out
  assert_status 0
  cmp out "$WWW/big"
  (($(logged | grep -c '^GET /fault/cut?t=narrowed ') == 2))
  (($(logged | grep -c '^GET /redirect?to=/fault/cut%3Ft%3Dnarrowed ') == 1))
}

# ticket N: the command that prints the URL of ticket N + how often it has been run. What it reads goes to `refused`.
ticket() {
  printf '%s' "cat >>refused; printf '%s\n' \"\$GETM_TARGET\" >>targets; " \
    "echo \"$HTTP/fault/fleeting?t=$1&Signature=hidden&ticket=\$((\$(wc -l <refused) + 1))\""
}

@test "a signed URL that expires in the middle of a download is replaced by what --refresh-command prints" {
  local t=$RANDOM$RANDOM
  run_apart getm-fetch --progress none --concurrency 4 --part-size 256K --multipart-threshold 256K --retry 0 \
    -cs "$(md5_of "$WWW/big")" -ca md5 --refresh-command "$(ticket "$t")" \
    "$HTTP/fault/fleeting?t=$t&Signature=hidden&ticket=1" out
  assert_status 0
  cmp out "$WWW/big"
  assert_stderr_is ''
  [[ $(head -n 1 refused) == "$HTTP/fault/fleeting?t=$t&Signature=hidden&ticket=1" ]]
  [[ $(sed -n 2p refused) == "$HTTP/fault/fleeting?t=$t&Signature=hidden&ticket=2" ]]
  [[ $(sort -u targets) == out ]]
  # One that has expired before the download.
  printf '[{"url":"%s","filepath":"d/x"}]' "$HTTP/fault/fleeting?t=$t&ticket=1" >m.json
  rm refused targets
  run_apart getm-fetch -q --concurrency 1 --refresh-command "cat >/dev/null; echo '$HTTP/data'" -m m.json
  assert_status 0
  cmp d/x "$WWW/data"
}

@test "a refusal stays final when the command fails, prints no URL, or one that is refused, too" {
  local command message
  while IFS=$'\t' read -r command message; do
    rm -f runs
    run_apart getm-fetch --progress none --refresh-command "echo x >>runs; $command" \
      "$HTTP/fault/fleeting?t=final&ticket=1&X-Amz-Signature=hidden" out
    assert_status 4
    assert_stderr_has "getm-fetch: cannot fetch '$HTTP/fault/fleeting?t=final&ticket=1&X-Amz-Signature=...': no (HTTP 403)"
    [[ $stderr == *"$message"* && $stderr != *hidden* && $(wc -l <runs) == 1 ]]
    assert_files runs
  done < <(
    for i in 1 2 3; do curl -fsr 0-0 -o /dev/null "$HTTP/fault/fleeting?t=final&ticket=1"; done
    printf 'exit 3\t%s\n' "cannot run '--refresh-command': exit status 3"
    printf 'true\t%s\n' "cannot use '--refresh-command': its first line has no URL"
    printf 'echo nonsense\t%s\n' "cannot use '--refresh-command': its first line is no URL: cannot use URL 'nonsense'"
    printf 'echo "%s"\t\n' "$HTTP/fault/fleeting?t=final&ticket=1"
  )
  # A status that has nothing to do with it.
  run_apart getm-fetch -q --refresh-command 'echo x >>runs' "$HTTP/raw/?head=451%20Gone" out
  assert_status 4
  [[ $(wc -l <runs) == 1 ]]
}

@test "however many commands run for refused URLs, the other files of a list get their names meanwhile" {
  list 60 "$HTTP/many/f%d" # 31 and above are not there
  export URL=$HTTP/one
  # shellcheck disable=SC2016
  run_apart getm-fetch -q -c --refresh-command \
    'for i in $(seq 100); do [ -z "$(ls to)" ] || exec echo "$URL"; sleep 0.1; done; exit 1' -m m.json
  assert_status 0
  (($(find to -type f | wc -l) == 60))
}

command_runs() { [[ -s child ]]; }
child_has_ended() { ! kill -0 "$(<child)"; }
# SIGNAL PID: PID ends by it, and with it what the file child names.
ends_with_child() {
  local status=0
  wait_until command_runs
  kill -s "$1" "$2"
  wait "$2" || status=$?
  ((status == 128 + $(kill -l "$1")))
  wait_until child_has_ended 2>/dev/null
}

@test "a signal ends the command that is to print another URL" {
  local signal arguments
  list 1 "$HTTP/raw/?head=403%20Expired"
  for arguments in "INT $HTTP/raw/?head=403%20Expired out" "TERM $HTTP/raw/?head=403%20Expired out" \
    "TERM --concurrency 0 -m m.json"; do
    rm -f child
    read -r signal arguments <<<"$arguments"
    # shellcheck disable=SC2086
    env --default-signal=INT getm-fetch -q --refresh-command \
      "echo \$\$ >child; exec python3 -c 'import time; time.sleep(45); open(\"over\", \"w\")'" $arguments 3>&- &
    ends_with_child "$signal" $!
    [[ ! -e over ]]
  done
}

@test "a signal to a run without a file ends what the command that prints another URL has started" {
  for signal in TERM QUIT; do
    rm -f child
    env --default-signal=QUIT getm-fetch -q --refresh-command 'sleep 60 & echo $! >child; wait' \
      "$HTTP/raw/?head=403%20Expired" - 3>&- &
    ends_with_child "$signal" $!
  done
}

@test "a server that ends each HTTP/2 connection after twenty requests: every file, and connections are shared" {
  connections() { awk '{ print $1 }' "$CONNECTIONS" | sort -u | wc -l; }
  list 20 "$GOAWAY/many/f3?n=%d"
  run_apart getm-fetch -q --cacert "$CA" -m m.json
  assert_status 0
  (($(connections) < 6))
  list 300 "$GOAWAY/many/f3?n=%d"
  run_apart getm-fetch -q --cacert "$CA" -m m.json
  assert_status 0
  (($(find to -type f | wc -l) == 300))
  local i
  for i in 1 150 300; do cmp "to/$i" "$WWW/many/f3"; done
  run awk '{ print $2 }' "$CONNECTIONS"
  [[ $(sort -u <<<"$output") == HTTP/2.0 ]]
  (($(connections) < 100))
  rm -r to
  list 200 "$GOAWAY_SOON/many/f3?n=%d"
  run_apart getm-fetch --retry 0 --cacert "$CA" -m m.json
  assert_status 0
  [[ $stderr != *"trying again"* ]]
}

@test "--connections and --host-connections limit the requests at a time" {
  list 60 "$HTTP/crowd/?n=%d"
  run_apart getm-fetch -q --connections 2 -m m.json
  assert_status 0
  (($(sort -n to/* | tail -n 1) == 2))
  run_apart getm-fetch -q --host-connections 3 -m m.json
  assert_status 0
  (($(sort -n to/* | tail -n 1) == 3))
  run_apart getm-fetch -q --host-connections 1001 -m m.json
  assert_status 2
}

@test "of 10,000 files one in a hundred fails: with -c all others are there, in bounded memory" {
  local n fails
  n=$(sanitized 1000 10000)
  fails=$((n / 100))
  jq -nc --argjson n "$n" --arg base "$HTTP" \
    '[range(0; $n) | {url: "\($base)/\(if . % 100 == 7 then "missing" else "one" end)?n=\(.)", filepath: "to/\(.)"}]' >m.json
  run_apart getm-fetch --progress none -c --stats stats -ca null -m m.json
  assert_status 4
  (($(find to -type f | wc -l) == n - fails))
  [[ ! -e to/7 && ! -e to/107 && $(<to/8) == x ]]
  (($(grep -c "Not Found (HTTP 404)" <<<"$stderr") == fails))
  [[ ${stderr_lines[-1]} == *"fetched $((n - fails)) of $n files"*"$fails failed"* ]]
  [[ -n ${MRF_SANITIZED-} ]] || (($(jq .max_rss_bytes stats) < (64 + 32) << 20))
}
