#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A table: fault x {HTTP/1.1, HTTP/2} x {1, 4, 16 requests at a time} x {file, stdout}. Whatever happens, there are two
# good ends only: the right bytes and status 0, or another status and no target file; and what went to
# stdout before a failure is a prefix of the right bytes. MRF_TEST_FULL=1 runs all of it, else a sample.
load common
load ../servers/servers

survived=(none whole_for_range other_range other_total other_unit no_content_range short_206 reset busy
  too_many replaced no_ranges gzip_encoding stall)
refused=(expires keeps_changing wrong_checksum)
either=(no_validator longer unsatisfiable)

setup_file() {
  start_nginx
  head -c 3000000 /dev/urandom >"$WWW/big"
}
teardown_file() { stop_servers; }

# Runs one case; prints survived, refused or what is wrong.
try_case() {
  local fault=$1 base=$2 requests=$3 to=$4 status=0
  local url="$base/fault/$fault?t=$RANDOM$RANDOM$RANDOM"
  local options=(-q --cacert "$CA" --concurrency "$requests" --part-size 100K --multipart-threshold 100K --stall-timeout 1)
  rm -f out
  if [[ $to == file ]]; then
    getm-fetch "${options[@]}" "$url" out 2>err || status=$?
    if ((status != 0)); then
      [[ ! -e out ]] || { echo "status $status and a file" && return; }
    fi
  else
    getm-fetch "${options[@]}" "$url" - >out 2>err || status=$?
    ((status == 0)) || cmp -n "$(stat -c %s out)" out "$WWW/big" >&2 || { echo "wrong bytes before status $status" && return; }
  fi
  case $status in
    0) if cmp -s out "$WWW/big"; then echo survived; else echo "wrong bytes and status 0"; fi ;;
    3 | 4 | 5) if [[ -s err ]]; then echo refused; else echo "no message"; fi ;;
    *) echo "status $status: $(<err)" ;;
  esac
}

run_faults() {
  local expected=$1 fault base requests to outcome bad=0 tried=0 count_survived=0 count_refused=0
  shift
  for fault in "$@"; do
    for base in "$HTTP" "$HTTPS"; do
      for requests in 1 4 16; do
        for to in file stdout; do
          if [[ -z ${MRF_TEST_FULL:-} ]]; then
            case $requests:$to:$base in
              4:*) ;;
              16:file:https*) ;;
              1:stdout:http:*) ;;
              *) continue ;;
            esac
          fi
          outcome=$(try_case "$fault" "$base" "$requests" "$to")
          tried=$((tried + 1))
          case $outcome in
            survived) count_survived=$((count_survived + 1)) ;;
            refused) count_refused=$((count_refused + 1)) ;;
          esac
          case $expected:$to:$outcome in
            survived:*:survived | refused:*:refused | either:*:survived | either:*:refused) ;;
            # What went out cannot be taken back.
            survived:stdout:refused) [[ $fault == replaced ]] || bad=$((bad + 1)) ;;
            *)
              echo "wrong: $fault ${base%%:*} $requests $to: $outcome"
              bad=$((bad + 1))
              ;;
          esac
        done
      done
    done
  done
  echo "# $expected: $tried tried, $count_survived survived, $count_refused refused, $bad wrong" >&3
  ((bad == 0))
}

@test "faults that are survived" { run_faults survived "${survived[@]}"; }
@test "faults that are refused" { run_faults refused "${refused[@]}"; }
@test "faults where it depends on how far the data came" { run_faults either "${either[@]}"; }

@test "an object of 5 GiB" {
  [[ -n ${MRF_TEST_FULL:-} ]] || skip "only with MRF_TEST_FULL=1"
  truncate -s 5G "$WWW/sparse"
  printf 'the end' >>"$WWW/sparse"
  getm-fetch -q --concurrency 4 "$HTTP/sparse" - | cmp - "$WWW/sparse"
  getm-fetch -q --concurrency 1 "$HTTP/sparse" - | cmp - "$WWW/sparse"
}
