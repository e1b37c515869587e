#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# tests/examples with the real make and snakemake.

# bats file_tags=unsanitized

load common

setup() {
  common_setup
  cp "$ROOT"/tests/examples/* .
  printf '#!/bin/sh\nexec cat\n' >good
  printf '#!/bin/sh\nhead -n 3\nexit 9\n' >bad
  chmod +x good bad
}

# Runs "$@" with a failing filter, with a good one, and again; the target is NAME.
first_repaired_then_left_alone() {
  local name=$1
  shift
  run_apart "$@" ./bad
  [[ $status != 0 && ! -e $name.filtered.bam ]] || show_result "a failing filter is to leave no target"
  run_apart "$@" ./good
  assert_status 0
  assert_same_sam "$name.bam" "$name.filtered.bam"
  made=$(stat -c '%i %y' "$name.filtered.bam")
  run_apart "$@" ./bad
  assert_status 0
  [[ $(stat -c '%i %y' "$name.filtered.bam") == "$made" ]]
  assert_nothing_left
}

@test "make" {
  cp "$(small_bam)" sample.bam
  with() { make "FILTER=$1"; }
  first_repaired_then_left_alone sample with
}

@test "make: quotes, braces, dollars and other alphabets in a name" {
  local name="it's \"{1}\" ü \$HOME"
  name=${name// /_}
  cp "$(small_bam)" "$name.bam"
  with() { make "SAMPLES=${name//\$/\$\$}" "FILTER=$1"; }
  first_repaired_then_left_alone "$name" with
}

@test "snakemake: a dry run, and quotes, dollars and other alphabets in a name" {
  local name="it's \"1\" ü \$HOME"
  cp "$(small_bam)" "$name.bam"
  with() {
    local filter=$1
    shift
    HOME=$PWD XDG_CACHE_HOME=$PWD/cache snakemake --cores 2 --rerun-triggers mtime "$@" \
      --config "samples=$(jq -nc --arg name "$name" '[$name]')" "filter=$filter"
  }
  run_apart with ./good --dry-run
  assert_status 0
  [[ ! -e $name.filtered.bam ]]
  first_repaired_then_left_alone "$name" with
}

@test "snakemake" {
  cp "$(small_bam)" "a sample.bam"
  with() {
    HOME=$PWD XDG_CACHE_HOME=$PWD/cache snakemake --cores 2 --rerun-triggers mtime \
      --config 'samples=["a sample"]' "filter=$1"
  }
  first_repaired_then_left_alone "a sample" with
}

@test "a shell script" {
  mkdir "a b" && cp "$(small_bam)" "a b/c d.bam"
  with() { ./filter-all "$1" "a b/c d.bam"; }
  first_repaired_then_left_alone "a b/c d" with
}
