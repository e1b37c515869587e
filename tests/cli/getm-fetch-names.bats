#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Names that a server chooses: what they may do to files that are there, and how they are spelt.
load common
load getm-fetch

setup_file() {
  serve_samples
  printf small >"$WWW/small"
}
teardown_file() { stop_servers; }

# named DISPOSITION [ARG...]: fetches small, for which the server says that
named() { fetch -q "${@:2}" "$HTTP/named/small?disposition=$1"; }

@test "a name that the server chose never replaces a file, unless --overwrite" {
  local options
  echo mine >Makefile
  ln -s nothing dangling
  mkfifo pipe
  mkdir d
  for options in "" --resume; do
    named "attachment;filename=Makefile" $options
    assert_status 1
    assert_stderr_is "getm-fetch: cannot write 'Makefile': the server chose this name, and there is a file that has it; give PATH, or --overwrite"
    [[ $(<Makefile) == mine ]]
    named "attachment;filename=dangling" $options
    assert_status 1
    [[ -L dangling && ! -e nothing ]]
    named "attachment;filename=pipe" $options
    assert_status 1
    assert_files Makefile dangling pipe d
  done
  fetch -q "$HTTP/named/small?disposition=attachment;filename=x" d/
  assert_status 0
  fetch -q "$HTTP/named/small?disposition=attachment;filename=x" d
  assert_status 1
  assert_stderr_has "cannot write 'd/x': "
  named "attachment;filename=Makefile" --overwrite
  assert_status 0
  [[ $(<Makefile) == small ]]
}

@test "what another download left is not thrown away for a name that the server chose" {
  cp "$WWW/big" x.getm-part
  printf '{"format":1,"etag":"\\"zero\\"","size":3000000,"done":[[0,3000000]]}' >x.getm-part.json
  named "attachment;filename=x" --resume
  assert_status 1
  assert_stderr_is "getm-fetch: cannot write 'x.getm-part': another download left it; give PATH, or --overwrite"
  cmp x.getm-part "$WWW/big"
  named "attachment;filename=x" --resume --overwrite
  assert_status 0
  assert_files x
}

@test "a name that the URL ends in, or the user gives, replaces as ever" {
  echo old >small
  named "attachment;filename=small"
  assert_status 0
  [[ $(<small) == small ]]
  echo old >small
  fetch -q "$HTTP/small"
  assert_status 0
  [[ $(<small) == small ]]
  echo old >mine
  fetch -q "$HTTP/named/small?disposition=attachment;filename=Makefile" mine
  assert_status 0
  [[ $(<mine) == small ]]
}

# The download of /fault/held?t=$1 goes on.
release() { for _ in 1 2 3; do curl -fsr 0-0 -o /dev/null "$HTTP/fault/held?t=$1"; done; }
holds_data() { [[ -n $(find . -name '*.getm-part' -size +0) || $(readlink "/proc/$1/fd/"* 2>/dev/null) == *"$PWD/"*"#"* ]]; }

@test "a file that appears under the server's name meanwhile is not replaced" {
  local options
  for options in "" --resume; do
    status=0
    getm-fetch -q $options --concurrency 1 "$HTTP/fault/held?t=late$options&name=late" 2>stderr 3>&- &
    local pid=$!
    wait_until holds_data "$pid"
    echo mine >late
    release "late$options&name=late"
    wait "$pid" || status=$?
    ((status == 1))
    [[ $(<stderr) == "getm-fetch: cannot write 'late': File exists" && $(<late) == mine ]]
    rm late*
  done
}

@test "names of the server in other charsets, too long, or that deceive" {
  local value expected
  while read -r value expected; do
    named "attachment;filename$value"
    assert_status 0
    [[ $(<"$(printf '%b' "$expected")") == small ]]
    assert_files "$(printf '%b' "$expected")"
    rm -- *
  done <<END
*=ISO-8859-1''%E4.txt \\xc3\\xa4.txt
*=UTF-8''na%C3%AFve.txt na\\xc3\\xafve.txt
*=UTF-8''%FF%FE.txt small
*=UTF-8''a%E2%80%AEgpj.exe small
*=UTF-8''a%C2%9Bb small
*=koi8-r''%C1.txt small
=$(printf 'L%.0s' {1..300}).txt small
=$(printf 'L%.0s' {1..241}) small
END
}

@test "two URLs" {
  fetch "$HTTP/data?sig=hidden" "$HTTP/small?sig=hidden"
  assert_status 2
  assert_stderr_is "getm-fetch: cannot fetch '$HTTP/small?sig=...': one URL at a time, the second word is PATH; list several in a manifest, -m; try 'getm-fetch --help'"
  assert_files
}
