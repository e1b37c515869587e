#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Which file gets the data: none that another entry, a server or a link chose.
load common
load getm-fetch

setup_file() {
  serve_samples
  mkdir "$WWW/d"
  local name
  for name in ./- o 'a%0Ab' d/x; do printf '%s' "$name" >"$WWW/${name/\%0A/$'\n'}"; done
}
teardown_file() { stop_servers; }

# manifest ENTRY...: each a JSON object, @ standing for the server
manifest() {
  local IFS=,
  printf '[%s]' "${*//@/$HTTP}" >m.json
}
# refused REASON [OPTION...]: the manifest is, before anything is fetched
refused() {
  fetch "${@:2}" -m m.json
  assert_status 2
  assert_stderr_is "getm-fetch: cannot use manifest 'm.json': entry $1"
}

@test "a file that is a directory for another entry is refused" {
  manifest '{"url":"@/data","filepath":"a"}' '{"url":"@/o","filepath":"a/o"}'
  refused "2 would write 'a/o', below a file of entry 1"
  manifest '{"url":"@/data","filepath":"a/b/c/o"}' '{"url":"@/o","filepath":"x/../a/b"}'
  refused "2 would write 'x/../a/b', which is a directory for entry 1"
  manifest '{"url":"@/data","filepath":"a/"}' '{"url":"@/o","filepath":"a"}'
  refused "2 would write 'a', which is a directory for entry 1"
  assert_files m.json
}

@test "two targets that are one through a link to nothing are refused" {
  ln -s d e
  ln -s e f
  manifest '{"url":"@/data","filepath":"d/o"}' '{"url":"@/o","filepath":"e/o"}'
  refused "2 has the target of entry 1, 'e/o'"
  manifest '{"url":"@/data","filepath":"f/n/o"}' '{"url":"@/o","filepath":"d/n/o"}'
  refused "2 has the target of entry 1, 'd/n/o'"
  assert_files m.json e f
}

@test "names that no file can have, or that end in the middle, are refused" {
  manifest '{"url":"@/data","filepath":"a\u0000b"}'
  refused '1 field "filepath" has a zero byte'
  local name
  for name in x%00a a%0ab a/%2e%2e %2e; do
    manifest "{\"url\":\"@/$name\"}"
    refused '1 field "filepath" is needed, the URL does not end in a file name'
  done
  manifest '{"url":"@/data","filepath":"n/.."}'
  refused "1 field \"filepath\": 'n/..' cannot be a file"
  assert_files m.json
}

@test "with --resume the names beside a target are refused, too" {
  manifest '{"url":"@/data","filepath":"a"}' '{"url":"@/o","filepath":"a.getm-part"}'
  refused "2 and entry 1 would both write 'a.getm-part', with --resume" --resume
  manifest '{"url":"@/data","filepath":"a.getm-part.json"}' '{"url":"@/o","filepath":"./a"}'
  refused "2 and entry 1 would both write './a.getm-part.json', with --resume" --resume
  fetch -q -m m.json
  assert_status 0
  assert_files m.json a a.getm-part.json
}

# The download of /fault/held?t=$1 goes on.
release() { for _ in 1 2 3; do curl -fsr 0-0 -o /dev/null "$HTTP/fault/held?t=$1"; done; }
# Whether process $1 has a file in the current directory that has no name.
holds_nameless_file() { [[ $(readlink "/proc/$1/fd/"* 2>/dev/null) == *"$PWD/"*"#"* ]]; }

@test "a target of a manifest that became a directory meanwhile is no directory to write into" {
  manifest '{"url":"@/fault/held?t=directory","filepath":"z"}' \
    '{"url":"@/named/data?disposition=attachment;filename=b","filepath":"a"}'
  getm-fetch -q --files 1 --concurrency 1 -m m.json 2>stderr 3>&- &
  local pid=$!
  wait_until holds_nameless_file "$pid"
  mkdir a
  release directory
  status=0
  wait "$pid" || status=$?
  ((status == 1))
  [[ $(head -n 1 stderr) == "getm-fetch: cannot open 'a': Is a directory" ]]
  assert_files m.json stderr a z
}

@test "a directory that is removed while the file in it has no name is made again" {
  getm-fetch -q --concurrency 1 "$HTTP/fault/held/x?t=removed" new/deep/ 3>&- &
  local pid=$!
  wait_until holds_nameless_file "$pid"
  rmdir -p new/deep
  release removed
  wait "$pid"
  cmp new/deep/x "$WWW/data"
}

@test "another file under the name of the unfinished one is never published" {
  getm-fetch -q --resume --concurrency 1 "$HTTP/fault/held?t=moved" out 2>stderr 3>&- &
  local pid=$!
  wait_until test -s out.getm-part
  mv out.getm-part moved
  echo mine >out.getm-part
  release moved
  status=0
  wait "$pid" || status=$?
  ((status == 1))
  [[ $(<stderr) == "getm-fetch: cannot write 'out': 'out.getm-part' was removed or replaced meanwhile" ]]
  [[ $(<out.getm-part) == mine && ! -e out ]]
}

@test "an unfinished file that is a link is refused, and left alone" {
  local name
  echo precious >file
  for name in out.getm-part out.getm-part.json; do
    ln -s file "$name"
    fetch --resume "$HTTP/data" out
    assert_status 1
    assert_stderr_is "getm-fetch: cannot open '$name': it is no regular file"
    [[ -L $name && $(<file) == precious && ! -e out ]]
    rm out*
  done
}

@test "a name - of a server, a URL or an entry is a file" {
  fetch -q "$HTTP/named/data?disposition=attachment;filename=-"
  assert_status 0
  assert_output_is ''
  cmp ./- "$WWW/data"
  rm ./-
  fetch -q "$HTTP/-"
  assert_status 0
  assert_output_is ''
  [[ $(<./-) == ./- ]]
  rm ./-
  manifest '{"url":"@/-"}'
  fetch -q -m m.json
  assert_status 0
  assert_output_is ''
  [[ $(<./-) == ./- ]]
  assert_files m.json -
}

@test "directories that were made for what then failed are removed" {
  fetch -q -cs 00000000 -ca gs_crc32c "$HTTP/data" new/deep/
  assert_status 3
  assert_files
  mkdir -p n kept
  manifest '{"url":"@/missing","filepath":"n/e/w/x"}' '{"url":"@/missing","filepath":"kept/x"}' \
    '{"url":"@/data","filepath":"n/e/o/x","checksum":"00000000","checksum-algorithm":"gs_crc32c"}' \
    '{"url":"@/o","filepath":"n/o"}'
  fetch -q -c -m m.json
  assert_status 4
  assert_files m.json n n/o kept
}

@test "--stats takes the place of no target, however that got its name" {
  local target
  mkdir d
  printf '[{"url":"%s/one","filepath":"x"},{"url":"%s/data"}]' "$HTTP" "$HTTP" >m.json
  for target in one:: d/one::d x.getm-part:--resume:x x.getm-part.json:--resume:x x:-m:m.json ./data:-m:m.json \
    server:named: -:quiet:-; do
    IFS=: read -r stats option operand <<<"$target"
    case $option in
      -m) fetch --stats "$stats" -m "$operand" ;;
      named) fetch --stats "$stats" "$HTTP/said/one?Content-Disposition=attachment%3B%20filename%3Dserver" ;;
      quiet) fetch --stats "$stats" -q "$HTTP/one" - ;;
      *) fetch --stats "$stats" ${option:+"$option"} "$HTTP/one" ${operand:+"$operand"} ;;
    esac
    assert_status 2
    assert_output_is ''
    [[ $stderr == "getm-fetch: cannot use option '--stats': "*"; try 'getm-fetch --help'" ]]
    assert_files d m.json
  done
  fetch -q --stats stats -m m.json
  assert_status 0
  cmp data "$WWW/data"
}
