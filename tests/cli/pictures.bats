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

# The lines of a terminal, without what each run has anew: its numbers, its slowest part and what is advised about it.
shape_of() {
  sed -n 's/^<text\( class="bar"\)\?.*">\(.*\)<\/text>$/\1\2/p' "$1" |
    sed -E '/^ class/d; s/[0-9.]+/N/g; s/ +/ /g; s/bottleneck: [a-z]+/bottleneck/' |
    awk '/^(read|writ|filter)ing |^the / { next } 1'
}
bars_of() {
  sed -n 's/^<text class="bar".*">\(.*\)<\/text>$/\1/p' "$1" |
    sed -E 's/[#.]{30,}/BAR/; s/([0-9.]+[kM]?|--)/N/g; s/ +/ /g; s/left .*/left/' | sort -u
}

@test "the terminal in README shows what a run writes" {
  MRF_BIN=$BIN "$ROOT/scripts/pictures" --record --records 20000 drawn
  shape_of "$ROOT/docs/pictures/terminal.svg" >shown
  grep -q '^mrf-bamread: cannot read' shown && grep -q '^JOB N STATUS' shown
  diff shown <(shape_of drawn/terminal.svg)
  bars_of "$ROOT/docs/pictures/terminal.svg" >bars
  [[ $(<bars) == '[BAR] N% N rec/s N:N N:N left' ]]
  # A run on a fast machine may be over before a bar is drawn.
  [[ -z $(bars_of drawn/terminal.svg | comm -13 bars -) ]]
}

@test "what a terminal has that the picture cannot show is an error, not a wrong picture" {
  printf '%s\n' '{"version": 2, "width": 84, "height": 50}' '[0.1, "o", "a\u001b[31mb\r\n"]' >colour.cast
  run_apart "$ROOT/scripts/pictures.d/terminal.py" draw colour.cast
  [[ $status != 0 && $stderr == *"cannot draw '\\x1b'"* ]] || show_result "a message of the escape"
  printf '%s\n' '{"version": 2, "width": 84, "height": 50}' '[0.1, "o", "12%\r"]' '[0.2, "o", "\u001b[J34% <\r"]' \
    '[0.3, "o", "\u001b[Jdone\r\nend\r\n"]' >bar.cast
  "$ROOT/scripts/pictures.d/terminal.py" draw bar.cast >bar.svg
  sed -n 's/^<text.*class="\(...\)".*>\(.*\)<.*/\1 \2/p' bar.svg >classes
  cmp classes <(printf '%s\n' 'bar 12%' 'bar 34% &lt;' 'end done' 'end end')
}

@test "scripts/pictures names an option that it cannot use" {
  for option in --records --recrod; do
    run_apart "$ROOT/scripts/pictures" drawn "$option"
    assert_status 2
    assert_stderr_has "pictures: cannot use option '$option': "
    [[ ! -e drawn ]]
  done
}

@test "each picture in docs is shown by a document" {
  for picture in "$ROOT"/docs/pictures/*.svg; do
    grep -qF "pictures/${picture##*/}" "$ROOT/README.md" "$ROOT"/docs/*.md || { echo "nobody shows $picture" && false; }
  done
}
