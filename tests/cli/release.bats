#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a release consists of, as far as that is cheap to check; scripts/release builds all of it.

# bats file_tags=unsanitized

load common

@test "the version is the same in all files that have one, and each that differs is named" {
  mkdir -p source/scripts
  cp -r "$ROOT"/{meson.build,CHANGELOG.md,CITATION.cff,packaging} source
  cp "$ROOT/scripts/release" source/scripts
  version=$(mrf-run --version | sed -n '1s/.* //p')
  run_apart source/scripts/release version
  assert_status 0
  [[ $output == "release: the version is $version of "* ]]
  while read -r file; do
    cp "source/$file" kept
    sed -i "s/${version//./\\.}/9.8.7/" "source/$file"
    run_apart source/scripts/release version
    assert_status 1
    assert_stderr_is "release: cannot release $version: $file has '9.8.7'"
    mv kept "source/$file"
  done < <(cd source && grep -rlF "$version" CHANGELOG.md CITATION.cff packaging | grep -v '/library/')
  sed -i 's/^date-released: .*/date-released: 2001-01-01/' source/CITATION.cff
  run_apart source/scripts/release version
  assert_status 1
  assert_stderr_has "CITATION.cff has another date"
}

# The programs that mrf-run starts, each behind a launcher, with the loader of this system: DIRECTORY. Only the loader
# can start those behind the launchers, as in the tarball, where they may need a later C library than the system has.
lay_out_portable() {
  local directory=$1 name
  mkdir -p "$directory"/{bin,lib/mrf-tools}
  cp /lib64/ld-linux-x86-64.so.2 "$directory/lib/mrf-tools"
  cc -Os -Wall -Wextra -Werror -static -o launcher "$ROOT/packaging/portable/launcher.c"
  for name in mrf-run mrf-chunks mrf-bamread mrf-bamwrite mrf-report; do
    install -m 644 "$BIN/$name" "$directory/lib/mrf-tools"
    ln launcher "$directory/bin/$name"
  done
}

@test "the tarball for any Linux: its programs find each other, wherever it lies and however they are called" {
  [[ -e /lib64/ld-linux-x86-64.so.2 ]] || skip "the tarball is for x86-64"
  lay_out_portable 'a place'
  mv 'a place' 'another place'
  ln -s "$PWD/another place/bin/mrf-run" linked
  printf 'a\nb\n' >in
  for command in './another place/bin/mrf-run' "$PWD/another place/bin/mrf-run" ./linked; do
    rm -f out
    run_apart env PATH=/usr/bin:/bin "$command" -n 2 --report report.json -i in -o out -- cat
    assert_status 0
    cmp in out
  done
  run_apart env PATH="$PWD/another place/bin:/usr/bin:/bin" mrf-run -n 2 -i "$(small_bam 500)" -o out.bam -- cat
  assert_status 0
  assert_same_sam "$(small_bam 500)" out.bam
  # Where the loader is missing.
  rm 'another place/lib/mrf-tools/ld-linux-x86-64.so.2'
  run_apart bash -c './linked --version || echo $?'
  assert_output_is 127
  assert_stderr_is "mrf-tools: cannot execute '$PWD/another place/lib/mrf-tools/ld-linux-x86-64.so.2': No such file or directory"
}

@test "the tarball for any Linux: what the shards of a run are started by is a program of the tarball" {
  [[ -e /lib64/ld-linux-x86-64.so.2 ]] || skip "the tarball is for x86-64"
  lay_out_portable place
  run_apart env PATH=/usr/bin:/bin place/bin/mrf-run --shards 2 --shard-dir shards --engine local -i "$(small_bam 500)" \
    -o out.bam -- cat
  assert_status 0
  assert_same_sam "$(small_bam 500)" out.bam
}

@test "what is built is the last commit, whatever an earlier run has left" {
  mkdir -p source/{scripts,packaging/conda}
  cp "$ROOT/meson.build" source
  cp "$ROOT/scripts/release" source/scripts
  echo true >source/packaging/conda/build.sh
  printf 'sha256: SHA256\n  commands:\nabout:\n' >source/packaging/conda/meta.yaml
  echo /build-release >source/.gitignore
  cd source
  git init -q
  for content in one two; do
    echo $content >file
    git add . && git -c user.name=x -c user.email=x commit -q -m $content
    run_apart scripts/release conda
    assert_status 0
    sum=$(sed -n 's/^sha256: //p' build-release/conda/meta.yaml)
    [[ $output == *"$sum  mrf-tools-"*.tar.xz* ]]
    tar -xOf build-release/mrf-tools-*.tar.xz --wildcards '*/file' | grep -x $content
    mkdir -p build-release/root/result
    run_apart scripts/release portable
    assert_status 1
    assert_stderr_has "run the step 'tarball' for this commit before"
    sha256sum <"$(echo build-release/*.xz)" >build-release/root/built
  done
}

@test "the steps of a release that do not exist are refused" {
  run_apart "$ROOT/scripts/release" version no-such-step
  assert_status 2
  assert_stderr_is "release: cannot use 'no-such-step': no such step or option; try 'scripts/release --help'"
}
