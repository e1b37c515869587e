#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A table: fault x {HTTP/1.1, HTTP/2} x {1, 4, 16 requests at a time} x {file, stdout}. Whatever happens, there are two
# good ends only: the right bytes and status 0, or another status and no target file; and what went to
# stdout before a failure is a prefix of the right bytes. MRF_TEST_FULL=1 runs all of it, else a sample.
load common
load getm-fetch

survived=(none whole_for_range other_range other_unit no_content_range short_206 length_less length_more cut reset
  busy busy_until too_many too_many_until replaced no_ranges gzip_encoding stall other_host bad_name empty one_byte)
refused=(expires keeps_changing wrong_checksum length_no_number redirect_loop downgrade full_disk)
either=(no_validator longer unsatisfiable other_total)

setup_file() {
  serve_samples
  head -c 3000000 /dev/urandom >"$WWW/old"
}
teardown_file() { stop_servers; }

right_bytes() {
  case $1 in
    empty) echo "$WWW/empty" ;;
    one_byte) echo "$WWW/one" ;;
    *) echo "$WWW/big" ;;
  esac
}

# fetch_to FILE|stdout ARGS...
fetch_to() {
  local to=$1
  shift
  case $fault:$to in
    full_disk:file) with_small_disk 1M getm-fetch "$@" disk/out ;;
    full_disk:stdout) getm-fetch "$@" - >/dev/full ;;
    bad_name:file) getm-fetch "$@" deep/er/ && [[ ! -e out ]] && mv deep/er/out out ;;
    *:file) getm-fetch "$@" out ;;
    *) getm-fetch "$@" - >out ;;
  esac
}

# Runs one case; prints survived, refused or what is wrong.
try_case() {
  local fault=$1 base=$2 requests=$3 to=$4 status=0 right name=$1
  right=$(right_bytes "$fault")
  [[ $fault != full_disk ]] || name=none
  local url="$base/fault/$name?t=$RANDOM$RANDOM$RANDOM&tls=$HTTPS&plain=$HTTP&there=${base/127.0.0.1/localhost}"
  [[ $base != https* ]] || url=${url/there=*/there=${base/localhost/127.0.0.1}}
  local options=(-q --cacert "$CA" --concurrency "$requests" --part-size 100K --multipart-threshold 100K
    -H "Authorization: Bearer hidden" -H "X-Own: hidden")
  [[ $fault != stall ]] || options+=(--stall-timeout 1)
  [[ $fault != length_no_number ]] || options+=(--retry 2)
  rm -rf out deep
  fetch_to "$to" "${options[@]}" "$url" 2>err || status=$?
  [[ -e out || $fault == full_disk ]] || ((status != 0)) || { echo "status 0 and no file" && return; }
  if ((status != 0)) && [[ $to == file && -e out ]]; then echo "status $status and a file" && return; fi
  if ((status != 0)) && [[ -e out ]]; then
    [[ $fault != replaced ]] || right=$WWW/old
    cmp -n "$(stat -c %s out)" out "$right" >&2 || { echo "wrong bytes before status $status" && return; }
  fi
  case $fault:$status in
    full_disk:1) if grep -q "No space left on device" err; then echo refused; else echo "no message"; fi ;;
    *:0) if cmp -s out "$right"; then echo survived; else echo "wrong bytes and status 0"; fi ;;
    *:[345]) if [[ -s err ]] && ! grep -q hidden err; then echo refused; else echo "message: $(<err)"; fi ;;
    *) echo "status $status: $(<err)" ;;
  esac
}

# Which of the twelve cases of the fault with number $1 are in the sample.
in_sample() {
  [[ -z ${MRF_TEST_FULL:-} ]] || return 0
  case $(($1 % 2)):$2 in
    0:http:4:file | 0:https:16:stdout | 1:https:4:file | 1:http:1:stdout) return 0 ;;
  esac
  return 1
}

run_faults() {
  local expected=$1 fault base requests to outcome number=0 bad=0 tried=0 count_survived=0 count_refused=0
  shift
  for fault in "$@"; do
    number=$((number + 1))
    for base in "$HTTP" "$HTTPS"; do
      for requests in 1 4 16; do
        for to in file stdout; do
          in_sample "$number" "${base%%:*}:$requests:$to" || continue
          outcome=$(try_case "$fault" "$base" "$requests" "$to")
          tried=$((tried + 1))
          case $outcome in
            survived) count_survived=$((count_survived + 1)) ;;
            refused) count_refused=$((count_refused + 1)) ;;
          esac
          case $expected:$to:$outcome in
            survived:*:survived | refused:*:refused | either:*:survived | either:*:refused) ;;
            survived:stdout:refused) [[ $fault == replaced ]] ;; # what went out cannot be taken back
            *) false ;;
          esac || {
            echo "wrong: $fault ${base%%:*} $requests $to: $outcome: $(<err)"
            bad=$((bad + 1))
          }
        done
      done
    done
  done
  echo "# $expected: $tried tried, $count_survived survived, $count_refused refused, $bad wrong" >&3
  ((bad == 0))
}

@test "faults that are survived" {
  run_faults survived "${survived[@]}"
  logged >requests
  grep -q 'fault/none.* HTTP/1.1 20' requests
  grep -q 'fault/.* HTTP/2.0 20' requests
}
@test "faults that are refused" { run_faults refused "${refused[@]}"; }
@test "faults where it depends on how far the data came" { run_faults either "${either[@]}"; }

@test "an object of 5 GiB" {
  [[ -n ${MRF_TEST_FULL:-} ]] || skip "only with MRF_TEST_FULL=1"
  local base requests
  truncate -s 5G "$WWW/sparse"
  printf 'the end' >>"$WWW/sparse"
  for base in "$HTTP" "$HTTPS"; do
    for requests in 1 4 16; do
      local options=(-q --cacert "$CA" --concurrency "$requests" --stats stats "$base/sparse")
      getm-fetch "${options[@]}" - | cmp - "$WWW/sparse"
      [[ ${PIPESTATUS[*]} == "0 0" ]]
      (($(jq .max_rss_bytes stats) < (64 + 32) << 20))
      getm-fetch "${options[@]}" out
      cmp out "$WWW/sparse"
      (($(jq .max_rss_bytes stats) < (64 + 32) << 20))
      rm out
    done
  done
}
