# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# For the tests of getm-fetch: `load getm-fetch` behind `load common`, and stop_servers in teardown_file().
#
#   serve_samples      in setup_file(): starts nginx; $WWW has data (3,000,000 bytes), big (the same), one, empty
#   serve_many_samples the same, and $WWW/many has f1 (100 bytes) to f30 (3,000 bytes)
#   fetch ARGS...      run_apart getm-fetch ARGS...; a file may have its own
#   assert_fetched F   status 0, F has the bytes of data, and nothing is said but that the server names no checksum
#   to_slow_reader CMD ARGS...   getm-fetch ARGS..., whose reader stops, runs CMD when the download waits for it, and
#                      goes on; stdout is what came, the status is getm-fetch's
#   encoded HEX        base64, fit for a query; base64_of HEX, plain
#   wrong HEX          other digits
#   md5_of FILE        in hexadecimal
load ../servers/servers
unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY

serve_samples() {
  start_nginx
  head -c 3000000 /dev/urandom >"$WWW/data"
  ln -s data "$WWW/big"
  printf x >"$WWW/one"
  : >"$WWW/empty"
}

serve_many_samples() {
  local i
  serve_samples
  mkdir "$WWW/many"
  for i in {1..30}; do head -c $((i * 100)) /dev/urandom >"$WWW/many/f$i"; done
}

fetch() { run_apart getm-fetch "$@"; }

assert_fetched() {
  assert_status 0
  cmp "$WWW/data" "$1"
  [[ -z $stderr || $stderr == *"fetched '"*"', unverified: the server names no checksum; size 2.9 MiB agrees" ]]
  ((${#stderr_lines[@]} < 2))
}

# Whether the process named in the file `pid` waits for room in a pipe.
waits_for_reader() { [[ -s $TMPDIR/pid && $(cat "/proc/$(<"$TMPDIR/pid")/wchan" 2>&1) == *pipe_write ]]; }
to_slow_reader() {
  local meanwhile=$1
  shift
  # shellcheck disable=SC2016
  bash -c 'echo $$ >"$TMPDIR/pid" && exec getm-fetch "$@"' bash "$@" |
    { head -c 1000 && wait_until waits_for_reader && $meanwhile && cat; }
  return "${PIPESTATUS[0]}"
}

base64_of() { xxd -r -p <<<"$1" | base64 -w 0; }
encoded() { base64_of "$1" | jq -sRr @uri; }
wrong() { tr 0-9 1-90 <<<"$1"; }
md5_of() { md5sum <"$1" | cut -c1-32; }
