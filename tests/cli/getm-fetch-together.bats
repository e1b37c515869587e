#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Small files of a list that are written to disk together.
load common
load getm-fetch

setup_file() { serve_many_samples; }
teardown_file() { stop_servers; }

# list DIRECTORY...: m.json has f1 to f30, in the directories by turns
list() {
  local i entries=()
  for i in {1..30}; do
    entries+=("{\"url\":\"$HTTP/many/f$i\",\"filepath\":\"${!#}/f$i\"}")
    set -- "${!#}" "${@:1:$#-1}"
  done
  local IFS=,
  printf '[%s]' "${entries[*]}" >m.json
}

# Each of f1 to f30 is whole and not complained of, or missing and complained of with the reason $1.
assert_each_told() {
  local i path
  for i in {1..30}; do
    path=$(grep -o "\"filepath\":\"[^\"]*/f$i\"" m.json | cut -d'"' -f4)
    if [[ -e $path ]]; then
      cmp "$path" "$WWW/many/f$i"
      [[ $stderr != *"cannot write '$path'"* ]]
    else
      assert_stderr "getm-fetch: cannot write '$path': $1"
    fi
  done
}

@test "a file has its name after its data is on disk, and its directory is on disk at the end" {
  list a b
  strace -f -qq -y -o trace -e trace=fsync,sync_file_range,linkat getm-fetch -q -m m.json 2>err
  [[ ! -s err ]]
  (($(find a b -type f | wc -l) == 30))
  # Data, then names: never more names than files that are on disk; after the last name, its directory. The pages of a
  # file are waited for after syncfs(2).
  awk -v a="<$PWD/a>)" -v b="<$PWD/b>)" '
    /linkat\(/ && /"[ab]\/f[0-9]+"/ { if (++named > synced) exit 1; open[/"a\//]++; next }
    /fsync\(/ && index($0, a) { open[1] = 0; next }
    /fsync\(/ && index($0, b) { open[0] = 0; next }
    /fsync\(|sync_file_range\(.* = 0/ { ++synced }
    END { if (named != 30 || synced != 30 || open[0] || open[1]) { print named, synced, open[0], open[1]; exit 1 } }
  ' trace
}

@test "of files that are written together, each one fails by itself" {
  local when
  list out
  for when in 1 2+3 1+; do
    rm -rf out
    run_apart strace -f -qq -o /dev/null -e trace=fsync,syncfs -e inject=syncfs:error=EIO \
      -e "inject=fsync:error=EIO:when=$when" getm-fetch -c -m m.json
    assert_status 1
    assert_each_told 'Input/output error'
  done
  [[ ! -e out ]]
  rm -rf out
  run_apart strace -f -qq -o /dev/null -e trace=linkat -e "inject=linkat:error=EDQUOT:when=2+2" getm-fetch -c -m m.json
  assert_status 1
  assert_each_told 'Disk quota exceeded'
}

@test "when the file system cannot be synced, each file is; the failed write of one is reported" {
  local call
  list out
  for call in syncfs:error=ENOSYS sync_file_range:error=ENOSYS:when=2+2; do
    rm -rf out
    run_apart strace -f -qq -y -o trace -e trace=fsync,syncfs,sync_file_range -e "inject=$call" getm-fetch -q -m m.json
    assert_status 0
    assert_stderr_is ''
    (($(find out -type f | wc -l) == 30))
    grep -q 'syncfs(.* = ' trace || continue # another file system, or few files at a time
    (($(grep -c 'fsync(.*deleted.* = 0\|sync_file_range(.* = 0' trace) == 30))
  done
  rm -rf out
  run_apart strace -f -qq -o trace -e trace=sync_file_range -e inject=sync_file_range:error=EIO:when=2+2 \
    getm-fetch -c -m m.json
  if grep -q INJECTED trace; then assert_status 1; else assert_status 0; fi # few files at a time are synced one by one
  assert_each_told 'Input/output error'
}

@test "a directory that cannot be written to disk costs the files that are in it" {
  list a b
  mkdir a b
  run_apart strace -f -qq -o /dev/null -P "$PWD/a" -e trace=fsync -e inject=fsync:error=EIO getm-fetch -c -m m.json
  assert_status 1
  assert_each_told 'Input/output error'
  (($(find a -type f | wc -l) == 0 && $(find b -type f | wc -l) == 15))
}

@test "few descriptors are enough, however long the disk takes" {
  list out
  # shellcheck disable=SC2016
  run_apart strace -f -qq -o /dev/null -e trace=syncfs,fsync -e inject=syncfs,fsync:delay_exit=50000 \
    bash -c 'ulimit -n "$1" && exec getm-fetch -q -m m.json' _ 40
  assert_status 0
  assert_stderr_is ''
  (($(find out -type f | wc -l) == 30))
}

@test "KILL leaves whole files, and nothing else" {
  local call when status i fail
  list out
  for call in fsync linkat syncfs; do
    for when in 1 2; do
      rm -rf out
      status=0
      fail=() # where syncfs(2) fails, each thread that commits calls fsync(2) for a file and for its directory
      [[ $call != fsync ]] || fail=(-e inject=syncfs:error=EIO)
      strace -f -qq -o /dev/null -e "trace=$call,syncfs" "${fail[@]}" -e "inject=$call:signal=KILL:when=$when" \
        getm-fetch -q -m m.json 2>err || status=$?
      ((status == 137)) || [[ $call == syncfs ]] # only some file systems have their files synced by it
      for i in out/* out/.[!.]*; do
        [[ ! -e $i ]] || cmp "$i" "$WWW/many/${i#out/}"
      done
      getm-fetch -q -m m.json 2>err
      (($(find out -type f | wc -l) == 30))
    done
  done
}

@test "a file gets its name by /proc where its descriptor alone is not enough" {
  list out
  run_apart strace -f -qq -o trace -e trace=linkat -e inject=linkat:error=ENOENT:when=1 getm-fetch -q -m m.json
  assert_status 0
  assert_stderr_is ''
  (($(find out -type f | wc -l) == 30))
  [[ ! -s trace ]] || (($(grep -c '"/proc/self/fd/.*out/' trace) >= 30)) # some file systems have no nameless files
}

has_names() { [[ -n $(find out -type f -name 'f*' 2>/dev/null) ]]; }

@test "after INT and TERM, the files count that get their names meanwhile" {
  local signal pid files
  list out
  for signal in INT TERM; do
    rm -rf out
    env --default-signal=INT strace -D -f -qq -o /dev/null -e trace=linkat -e inject=linkat:delay_exit=20000 \
      getm-fetch --progress json -m m.json 2>err 3>&- &
    pid=$!
    wait_until has_names
    kill -s "$signal" "$pid"
    status=0
    wait "$pid" || status=$?
    ((status == 128 + $(kill -l "$signal")))
    files=$(find out -type f | wc -l)
    grep -qx "getm-fetch: interrupted: $files of 30 files are there; .*" err
    [[ $(sed -n '/^{.*"event":"end"/p' err | jq -c '[.fetched, .untried]') == "[$files,$((30 - files))]" ]]
    (($(grep -c '^{"event":"file"' err) == files))
  done
}
