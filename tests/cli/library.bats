#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# libmrf-fetch as it is installed: meson setup -Dlibrary=true.

# bats file_tags=unsanitized

load common
load getm-fetch

setup_file() { serve_samples; }
teardown_file() { stop_servers; }

BUILD=$BIN/..

setup() {
  common_setup
  [[ -e $BUILD/packaging/library/libmrf-fetch.so ]] || skip "this build has no -Dlibrary=true"
}

# Installs the library, and lets pkg-config find it there.
install_library() {
  DESTDIR=$PWD/root meson install -C "$BUILD" --no-rebuild >install.log
  local found
  found=$(find root -name libmrf-fetch.pc)
  [[ $found ]]
  export PKG_CONFIG_PATH=$PWD/${found%/*} PKG_CONFIG_SYSROOT_DIR=$PWD/root
  found=$(find root -name libmrf-fetch.so)
  export LD_LIBRARY_PATH=$PWD/${found%/*}
}

@test "a program is built against the installed package, and reads an object in three ways" {
  install_library
  [[ $(pkg-config --modversion libmrf-fetch) == "$(getm-fetch --version | sed -n '1s/.* //p')" ]]
  # shellcheck disable=SC2046
  c++ -std=c++17 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror \
    "$ROOT/packaging/library/example/fetch-digest.cc" $(pkg-config --cflags --libs libmrf-fetch) -o fetch-digest
  run_apart ./fetch-digest "$HTTP/data"
  assert_status 0
  assert_stderr_is ''
  local sum
  sum=$(od -An -v -w1 -t u1 "$WWW/data" | awk '{ sum += $1 * (2 * NR - 1) } END { printf "%.0f", sum }')
  assert_output_is "stream: 3000000 bytes, sum $sum, unverified: the server names no checksum
in order: 3000000 bytes, sum $sum, unverified: the server names no checksum
in any order: 3000000 bytes, sum $sum, unverified: the server names no checksum"
  run_apart ./fetch-digest "$HTTP/nothing"
  assert_status 4
  assert_output_is ''
  [[ $stderr == "fetch-digest: cannot fetch '$HTTP/nothing': "*404* ]] || show_result "a message of 404"
}

@test "the example of libmrf-fetch(3) is a program" {
  install_library
  sed -n '/^#include <mrf/,/^}$/p' "$ROOT/man/libmrf-fetch.3" | sed 's/\\e/\\/g' >counts.cc
  # shellcheck disable=SC2046
  c++ -std=c++17 counts.cc $(pkg-config --cflags --libs libmrf-fetch) -o counts
  run_apart ./counts "$HTTP/data"
  assert_output_is 3000000
}

@test "the library shows what its header declares, and nothing else" {
  nm -DC --defined-only "$BUILD/packaging/library/libmrf-fetch.so" >symbols
  grep -q 'mrf::fetch::v1::Stream::read' symbols
  run grep -vE ' (mrf::fetch::v1::|typeinfo (name )?for mrf::fetch::v1::|vtable for mrf::fetch::v1::|MRF_FETCH_1)' symbols
  assert_output_is ''
}
