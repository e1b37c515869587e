#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The house's rules: what a reader of the folders may rely on.

# bats file_tags=unsanitized

load common

setup() {
  common_setup
  cd "$ROOT" || return 1
}

sources() { find "$@" -name '*.cc' -o -name '*.h' | sort; }

# Prints the lines of the files below a place that include one of the rooms, and fails if there are any.
none_includes() {
  local place=$1 rooms=$2
  ! grep -rnE "#include \"($rooms)/" "$place" --include='*.cc' --include='*.h'
}

# ROOM ALLOWED...: includes run one way (lib/README.md).
knows_only() {
  local room=$1
  shift
  local others
  others=$(find lib -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | grep -vxF "$(printf '%s\n' "$room" "$@")" | paste -sd '|')
  none_includes "lib/$room" "$others" || { echo "lib/$room includes more than: $*" && false; }
}

@test "includes run one way" {
  knows_only base
  knows_only codec base
  knows_only io codec base
  for room in record http process; do knows_only "$room" io codec base; done
  knows_only sam record io codec base
  knows_only workflow record io codec base
  knows_only chunk process record io codec base
  for room in split collect; do knows_only "$room" record io codec base; done
  knows_only shard workflow process record io codec base
  knows_only bam sam record io codec base
  knows_only store http io codec base
  knows_only fetch store http io codec base
  knows_only report base
  knows_only run report workflow process record io codec base
  knows_only trial run chunk report workflow process record io codec base
  knows_only cli io codec base
}

# As lib/README.md says: mrf::ROOM for all of lib/ROOM.
@test "each room is a namespace, and nothing is in the namespace above the rooms" {
  found=$(sources lib | xargs grep -nE '^namespace mrf' |
    grep -vE '^lib/([a-z]+)/[^:]+:[0-9]+:namespace mrf::\1(::[A-Za-z_0-9]+)* \{$' || true)
  [[ -z $found ]] || { echo "$found" && false; }
}

only_in() {
  local place=$1 pattern=$2 found
  found=$(sources lib bin | xargs grep -nE "$pattern" | grep -vE "^$place/") || return 0
  echo "$found" >&2
  return 1
}
@test "only bam and sam include htslib" { only_in 'lib/(bam|sam)' '#include <htslib/'; }
@test "only http includes libcurl" { only_in lib/http '#include <curl/'; }
@test "only process starts processes" {
  only_in lib/process '\b(v?fork|_Fork|posix_spawnp?|system|popen|exec[vl][pe]*|clone3?)[[:space:]]*\('
}
@test "CLI11 is only known to cli and bin" {
  found=$(sources lib bin | xargs grep -lE '#include <CLI/' | grep -vE '^(lib/cli|bin)/' || true)
  [[ -z $found ]] || { echo "$found" && false; }
}

@test "includes are the names of rooms, never relative" {
  run ! grep -rnE '#include "(\.|[a-z_]+\.h)' lib bin --include='*.cc' --include='*.h'
}

longer() {
  local most=$1
  shift
  sources "$@" | xargs wc -l | awk -v most="$most" '$2 != "total" && $1 > most'
}
@test "no source file is longer than 700 lines" {
  run longer 700 lib bin tests/unit tests/fuzz
  assert_output_is ''
}

@test "no line is longer than 120 columns" {
  mapfile -t files < <(
    find lib bin tests/unit tests/fuzz -name '*.cc' -o -name '*.h'
    find scripts tests/{data,faults,filters,grid,soak} -type f -not -name '*.pyc' -not -name '*.svg' -not -name '*.json'
  )
  run ! grep -nE '^.{121,}' "${files[@]}"
}

@test "every source file begins with its licence" {
  missing=$(find lib bin tests/unit tests/fuzz tests/cli scripts -name '*.cc' -o -name '*.h' -o -name '*.bats' -o -name '*.bash' |
    while read -r file; do head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' || echo "$file"; done)
  [[ -z $missing ]] || { echo "$missing" && false; }
}

@test "every fuzz target has seeds" {
  for target in $(scripts/fuzz --list); do
    [[ -n $(find "tests/fuzz/seeds/$target" -type f) ]] || { echo "$target has none" && false; }
  done
}

@test "every header is guarded by #pragma once" {
  missing=$(grep -rL '^#pragma once$' lib --include='*.h' || true)
  [[ -z $missing ]] || { echo "$missing" && false; }
}

@test "every room has a README, and the files that it names are there" {
  for room in lib/*/; do
    # shellcheck disable=SC2016
    mapfile -t named < <(grep -oE '`[a-z_]+\.h`' "$room/README.md" | tr -d '`')
    ((${#named[@]} > 2)) || { echo "$room names no files" && false; }
    for file in "${named[@]}"; do
      [[ -f $room/$file ]] || { echo "$room has no $file" && false; }
    done
  done
}

@test "every test that lib/README.md names is there" {
  # shellcheck disable=SC2016
  mapfile -t named < <(grep -oE '`[a-z/_-]+(\.bats|_test\.cc)`: "[^"]+"' lib/README.md)
  ((${#named[@]} > 30))
  for one in "${named[@]}"; do
    file=${one%%\`:*}
    file=${file#\`}
    [[ $file == */* ]] || file=tests/cli/$file
    grep -qF -e "@test ${one#*: } {" -e "TEST_CASE(${one#*: })" "$file" || { echo "not there: $one" && false; }
  done
}

@test "every script explains itself and refuses what it does not know" {
  for script in setup demo check bench format fuzz pictures release; do
    run "scripts/$script" --help
    [[ $status == 0 && $output == "usage: scripts/$script"* ]]
    run "scripts/$script" --no-such-option
    [[ $status == 2 && $output == *"--no-such-option"* ]] || { echo "$script: $output" && false; }
  done
}

@test "the build's packages are those that meson.build asks for" {
  run scripts/setup --list
  [[ $status == 0 ]]
  for package in libhts-dev libcurl4-gnutls-dev zlib1g-dev libdeflate-dev libssl-dev libisal-dev libhwy-dev libxxhash-dev \
    libfmt-dev libcli11-dev nlohmann-json3-dev meson ninja-build; do
    [[ $'\n'$output$'\n' == *$'\n'$package$'\n'* ]]
  done
}

# What is in signal-safety(7), and prctl(2) and setrlimit(2), which are system calls and nothing else.
@test "a child of launch() calls only what is async-signal-safe before its command" {
  local archive=$BIN/../lib/libmrf-process.a calls others
  [[ -e $archive ]] || skip "the programs are not beside the objects that they were built from"
  calls=$(nm -u "$archive" | awk '/child\.cc\.o:$/ { on = 1; next } /^$/ { on = 0 } on { print $2 }')
  [[ $calls ]] || skip "child.cc has no object of its own in this build"
  local safe='_exit|dup2|execve|fcntl|getppid|open|prctl|setpgid|setrlimit|sigaction|sigemptyset|signal|sigprocmask|write'
  local compiler='__errno_location|__gxx_personality_v0|__stack_chk_fail|__open(64)?_2|_GLOBAL_OFFSET_TABLE_'
  others=$(grep -vxE "($safe)(64)?|$compiler|__([at]san|ubsan|sanitizer)_.*" <<<"$calls" || true)
  [[ -z $others ]] || { echo "lib/process/child.cc calls:" "$others" && false; }
}
