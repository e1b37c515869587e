#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What every program promises alike.

load common

all_programs() { find "$BIN" -maxdepth 1 -type f -executable -printf '%f\n' | sort; }

# Runs a check for every program and names those that fail.
each() {
  local program bad=0
  for program in $(all_programs); do
    "$@" "$program" || {
      echo "$program: failed: $*" >&2
      bad=1
    }
  done
  return $bad
}

help_options() {
  "$1" --help | sed -n 's/^  \(-[^ ]*\).*/\1/p' | tr , '\n' | sort
}
man_options() {
  sed -n 's/^\.It Fl/ Fl/p' "$ROOT/man/$1.1" | sed 's/\\&//g; s/\\-/-/g' | grep -o ' Fl [^ ]*' | sed 's/ Fl /-/; s/,$//' | sort -u
}
man_section() {
  sed -n "/^\.Sh $2\$/,/^\.Sh /p" "$ROOT/man/$1.1"
}

@test "the eight programs are there" {
  [[ $(all_programs | xargs) == "getm-fetch mrf-bamread mrf-bamwrite mrf-chunks mrf-collect mrf-distribute mrf-report mrf-run" ]]
}

help_is_clean() {
  run_apart "$1" --help
  assert_status 0 && assert_stderr_is '' && [[ $output == "usage: $1 "* ]]
}
@test "--help: on stdout, status 0" { each help_is_clean; }

version_is_told() {
  run_apart "$1" --version
  assert_status 0 && assert_stderr_is '' && [[ ${output%%$'\n'*} =~ ^$1\ [0-9]+\.[0-9]+\.[0-9]+$ ]] &&
    [[ ${output#*$'\n'} =~ ^([A-Za-z0-9_-]+\ [0-9][^$'\n']*($'\n'|$))+$ ]]
}
@test "--version: NAME VERSION, then the libraries" { each version_is_told; }

@test "--version names the libraries that do the work" {
  for program in mrf-bamread mrf-bamwrite; do [[ $($program --version) == *htslib* ]]; done
  [[ $(getm-fetch --version) == *libcurl* ]]
}

bad_option() {
  run_apart "$2" "$1"
  assert_status 2 && assert_output_is '' &&
    assert_stderr_is "$2: cannot use option '$1': no such option; try '$2 --help'"
}
@test "an unknown long option: one line that names it, status 2" { each bad_option --no-such-option; }
@test "an unknown short option: one line that names it, status 2" { each bad_option -Y; }
@test "an unknown option beside good ones" {
  each bash -c 'out=$("$1" -v --no-such-option 2>&1); test $? = 2 -a "$(wc -l <<<"$out")" = 1' bash
}

to_full() {
  run_apart bash -c '"$1" "$2" >/dev/full' bash "$2" "$1"
  assert_status 1 && assert_stderr_is "$2: cannot write 'standard output': No space left on device"
}
@test "--help to a full device is status 1" { each to_full --help; }
@test "--version to a full device is status 1" { each to_full --version; }

to_closed() {
  rm -f pipe && mkfifo pipe
  run_apart bash -c 'exec 3<>pipe 4>pipe 3>&-; "$1" --help >&4 4>&-' bash "$1"
  assert_status 141 && assert_stderr_is ''
}
@test "standard output that is closed early: ended by SIGPIPE, no message" { each to_closed; }

man_is_equal() {
  diff <(help_options "$1") <(man_options "$1") >&2
}
@test "the options of --help and of the man page are the same" { each man_is_equal; }

# Prints the options with a value whose text says no default. --shard-run and --shard-read are steps.
without_default() {
  awk '
    function say() { if (option != "" && body !~ /[Dd]efault/) print option }
    /^\.It Fl / { if (!shared) { say(); option = "" }; shared = 1 }
    /^\.It Fl .* Ar / { option = option (option == "" ? "" : "; ") $0; body = ""; next }
    /^\.S[hs] / { say(); option = ""; next }
    { shared = 0; body = body "\n" $0 }
    END { say() }' "$1" | grep -v -e '-shard-run' -e '-shard-read' || true
}
defaults_are_told() {
  local missing
  missing=$(without_default "$ROOT/man/$1.1")
  [[ -z $missing ]] || { echo "no default: $missing" >&2 && return 1; }
}
@test "the man page says the default of every option with a value" {
  printf '.Ss Options\n.It Fl a Ar X\nThe default is 1.\n.It Fl b Ar Y\nA text.\n.It Fl q\nQuiet.\n' >page
  [[ $(without_default page) == ".It Fl b Ar Y" ]]
  each defaults_are_told
}

statuses_are_told() {
  local section status
  section=$(man_section "$1" "EXIT STATUS")
  for status in 0 1 2 3 4 5 126 127 128; do
    grep -qE "(^|[^0-9])$status([^0-9]|\$)" <<<"$section" || {
      echo "status $status is not in the man page" >&2
      return 1
    }
  done
}
@test "every man page has the whole table of exit statuses" { each statuses_are_told; }

page_is_whole() {
  local section
  for section in NAME SYNOPSIS DESCRIPTION "EXIT STATUS" EXAMPLES "SEE ALSO"; do
    [[ -n $(man_section "$1" "$section") ]] || {
      echo "no section $section" >&2
      return 1
    }
  done
  [[ $(man_section "$1" EXAMPLES) == *[Mm]ake* && $(man_section "$1" EXAMPLES) == *[Ss]nake* ]]
}
@test "every man page has its sections, with examples for Make and Snakemake" { each page_is_whole; }

completions() { echo "$BIN/../scripts"; }
completions_are_whole() {
  local option directory
  directory=$(completions)
  for option in $(help_options "$1"); do
    if ! { grep -qF -- "$option" "$directory/$1" && grep -qF -- "'*${option}[" "$directory/_$1" &&
      grep -qE -- " -[slo] '?${option##*(-)}'?( |\$)" "$directory/$1.fish"; }; then
      echo "no completion of $option" >&2
      return 1
    fi
  done
}
@test "every option is in the completions for bash, zsh and fish" {
  shopt -s extglob
  each completions_are_whole
}

completions_load() {
  local directory
  directory=$(completions)
  bash -n "$directory/$1" && zsh -n "$directory/_$1" && fish --no-execute "$directory/$1.fish"
}
@test "the completions load in their shells" { each completions_load; }

@test "bash completes an option and its values" {
  complete_words='
    . "$1"
    shift
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    function=$(complete -p mrf-collect | sed "s/.*-F \([^ ]*\).*/\1/")
    "$function"
    echo "${COMPREPLY[*]}"'
  completion=$(completions)/mrf-collect
  [[ $(bash -c "$complete_words" bash "$completion" mrf-collect --or) == --order ]]
  [[ $(bash -c "$complete_words" bash "$completion" mrf-collect --order s) == seq ]]
  touch input.sam
  [[ $(bash -c "$complete_words" bash "$completion" mrf-collect inp) == input.sam ]]
}

@test "fish completes an option and its values" {
  run fish -c "source $(completions)/mrf-collect.fish; complete -C 'mrf-collect --order '"
  [[ $output == *seq* && $output == *rows* ]]
}

stats_are_whole() {
  jq -e --arg tool "$1" '
    (.tool == $tool) and (.version | type == "string") and
    ([.records_in, .records_out, .bytes_in, .bytes_out, .wall_s, .user_s, .sys_s, .max_rss_bytes, .waited_in_s,
      .waited_out_s] | all(type == "number")) and
    (.max_rss_bytes > 0) and (.outputs | type == "array") and
    (.outputs | all((.name | type == "string") and (.records | type == "number") and (.bytes | type == "number")))
    ' "$2" >/dev/null || {
    jq . "$2" >&2
    return 1
  }
}

@test "--stats: mrf-bamread" {
  mrf-bamread --stats stats -o out.sam "$(small_bam)"
  stats_are_whole mrf-bamread stats
  [[ $(jq '.records_in, .records_out, .outputs[0].records' stats | xargs) == "5000 5000 5000" ]]
  [[ $(jq .bytes_out stats) == "$(stat -c %s out.sam)" ]]
}

@test "--stats: mrf-bamwrite" {
  sam_text "$(small_bam)" >in.sam
  mrf-bamwrite --stats stats -o out.bam in.sam
  stats_are_whole mrf-bamwrite stats
  [[ $(jq '.records_in, .records_out, .outputs[0].records' stats | xargs) == "5000 5000 5000" ]]
  [[ $(jq .bytes_in stats) == "$(stat -c %s in.sam)" ]]
  [[ $(jq .bytes_out stats) == "$(stat -c %s out.bam)" ]]
}

@test "--stats: mrf-distribute" {
  seq 2500 >in
  mrf-distribute --stats stats -i in -c 1000 a b
  stats_are_whole mrf-distribute stats
  [[ $(jq -c '[.outputs[] | .name, .records]' stats) == '["a",1500,"b",1000]' ]]
  [[ $(jq .bytes_in stats) == "$(stat -c %s in)" ]]
}

@test "--stats: mrf-collect" {
  seq 1000 >a
  seq 1001 1500 >b
  mrf-collect --stats stats -o out a b
  stats_are_whole mrf-collect stats
  [[ $(jq -c '[.records_in, .records_out, .bytes_out]' stats) == "[1500,1500,$(stat -c %s out)]" ]]
}

@test "--stats: getm-fetch" {
  mkdir served && seq 1000 >served/file
  serve served
  getm-fetch --stats stats "$SERVED/file" file
  stats_are_whole getm-fetch stats
  [[ $(jq '.bytes_in, .bytes_out, .outputs[0].bytes' stats | sort -u) == 3893 ]]
  cmp served/file file
}

@test "--stats: mrf-run" {
  mrf-run --stats stats -n 2 -i "$(small_bam)" -o out.bam -- cat
  stats_are_whole mrf-run stats
}

@test "--stats: of a run that fails, too" {
  run mrf-bamread --stats stats no-such.bam
  [[ $status == 1 ]]
  stats_are_whole mrf-bamread stats
}

# FILE PAGE...: prints the names of the members in a JSON file that are in none of the pages.
unnamed_members() {
  local file=$1 name
  shift
  [[ -s $file ]] || echo "$file: nobody writes it"
  jq -r '[paths | .[-1] | strings] | unique | .[]' "$file" | while read -r name; do
    cat "${@/#/$ROOT/man/}" | grep -qw -- "$name" || echo "$file: $name"
  done
}
@test "the pages name each member of the JSON that the programs write" {
  echo '{"outputs": [{"name": 1, "of_nobody": 2}]}' >own.json
  [[ $(unnamed_members own.json mrf-tools.7) == 'own.json: of_nobody' ]]
  [[ $(unnamed_members none.json mrf-tools.7 2>&1) == 'none.json: nobody writes it'* ]]
  seq 1000 >in && mkdir served && cp in served/
  serve served
  mrf-distribute --stats mrf-distribute.json -i in a b
  mrf-collect --stats mrf-collect.json -o joined a b
  mrf-chunks --stats mrf-chunks.json --ok-status 0,1 --skip-failed -i in -- cat >chunks
  mrf-bamread --stats mrf-bamread.json -o out.sam "$(small_bam)"
  mrf-bamwrite --stats mrf-bamwrite.json -o out.bam out.sam
  getm-fetch --stats getm-fetch.json --report report.getm-fetch.json "$SERVED/in" fetched
  # shellcheck disable=SC2016
  mrf-run --stats mrf-run.json --report report.mrf-run.json --side side -n 2 -i in -o out -- \
    bash -c 'echo 1 >"$MRF_RESULT"; tee "$MRF_SIDE"'
  awk '{ print "@r" $1 "\nACGT\n+\nIIII" }' in | bgzip >1.fq.gz && cp 1.fq.gz 2.fq.gz
  mrf-run --shards 2 --shard-dir d --shard-plan -i 1.fq.gz -i 2.fq.gz -o A.fq.gz -o B.fq.gz -- cat
  mrf-run --shard-run 0 --shard-dir d
  {
    for program in $(all_programs); do
      [[ $program == mrf-report ]] || unnamed_members "$program.json" "$program.1" mrf-tools.7
    done
    unnamed_members report.getm-fetch.json getm-fetch.1
    unnamed_members report.mrf-run.json mrf-run.1 mrf-chunks.1 mrf-tools.7
    unnamed_members d/plan.json mrf-run.1
    unnamed_members d/receipts/0.json mrf-run.1
  } >unnamed
  [[ ! -s unnamed ]] || show_result "$(<unnamed)"
}
