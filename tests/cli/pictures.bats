#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The pictures of the documents are those that the programs make.

# bats file_tags=unsanitized

load common

# The words in a picture: where they stand depends on the fonts of the machine.
words_of() { sed -n 's/.*<text[^>]*>\(.*\)<\/text>.*/\1/p' "$1" | sort; }

@test "scripts/pictures draws the pictures that are in docs" {
  MRF_BIN=$BIN "$ROOT/scripts/pictures" drawn
  [[ $(ls drawn) == $(cd "$ROOT/docs/pictures" && ls -- *.svg) ]]
  for picture in drawn/*.svg; do
    python3 -c 'import sys, xml.etree.ElementTree as t; t.parse(sys.argv[1])' "$picture"
    [[ -n $(words_of "$picture") ]]
    diff <(words_of "$ROOT/docs/pictures/${picture##*/}") <(words_of "$picture")
  done
}

@test "each picture in docs is shown by a document" {
  for picture in "$ROOT"/docs/pictures/*.svg; do
    grep -qF "pictures/${picture##*/}" "$ROOT/README.md" "$ROOT"/docs/*.md || { echo "nobody shows $picture" && false; }
  done
}
