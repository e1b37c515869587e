#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Options of the short form that mrf-bamread and mrf-bamwrite get: which alignments the filter sees, and what is written
# beside them.

load common
load bam
load ../servers/servers

setup_file() { start_nginx; }
teardown_file() { stop_servers; }

short() { run_apart timeout -k 5 300 mrf-run -n 3 "$@"; }

# The records of a run are those of samtools view with the same options, through the same filter.
same_as_samtools() { # OUTPUT WORD-OF-SAMTOOLS...
  local output=$1
  shift
  samtools view -h --no-PG "$@" | sed '/^@/!s/$/\tXX:Z:a/' | cmp - <(samtools view -h --no-PG "$output")
}
mark() { short "$@" -- sed '/^@/!s/$/\tXX:Z:a/'; }

@test "-f, -F, -q, -e, -L and --subsample give the filter the records of samtools view" {
  sorted_bam
  samtools view --no-PG -h -o sorted.sam sorted.bam
  printf 'chr1\t1000\t30000\nchr2\t5\t90000\n' >some.bed
  while read -r words; do
    for order in chunk seq; do
      for input in sorted.bam sorted.sam; do
        eval "mark --order $order -i $input -o out.bam $words"
        assert_status 0
        eval "same_as_samtools out.bam $words sorted.bam"
      done
    done
    [[ $(samtools view -c out.bam) -gt 10 ]]
  done <<'END'
-f 0x10 -F DUP -q 20
-f PAIRED -f READ1 -F 4 -F 0x800
-e 'mapq > 10 && qname != "it is $x"'
-L some.bed -F 16
--subsample 0.3 --subsample-seed 7
END
  short --record bam -i sorted.bam -o out.bam -f 16 -- samtools view -u --no-PG
  assert_status 0
  cmp <(samtools view -f 16 sorted.bam) <(samtools view out.bam)
  run_apart bash -c 'samtools view -h sorted.bam | timeout 300 mrf-run -n 2 -q 30 -O sam -i - -- cat >out.sam'
  assert_status 0
  cmp <(samtools view -q 30 sorted.bam) <(samtools view out.sam)
}

@test "-r, and -L with -M, read places of a file and of a URL, and windows with --region-rule starts are the whole" {
  sorted_bam
  mark -r chr1:1-50000 -r chr2 -i sorted.bam -o out.bam
  assert_status 0
  same_as_samtools out.bam -M sorted.bam chr1:1-50000 chr2
  printf 'chr1\t1000\t30000\n' >some.bed
  mark -M -L some.bed -i sorted.bam -o out.bam
  assert_status 0
  same_as_samtools out.bam -L some.bed sorted.bam
  cp sorted.bam sorted.bam.bai "$WWW/"
  mark -r chr2 -i "$HTTP/sorted.bam" -o out.bam
  assert_status 0
  same_as_samtools out.bam sorted.bam chr2
  length=$(samtools view -H sorted.bam | sed -n 's/.*SN:chr1\tLN://p')
  step=$((length / 7 + 1))
  : >whole
  for ((from = 1; from <= length; from += step)); do
    mark -r "chr1:$from-$((from + step - 1))" --region-rule starts -i sorted.bam -o "$from.bam"
    assert_status 0
    samtools view "$from.bam" >>whole
  done
  samtools view -e 'rname=="chr1"' sorted.bam | sed 's/$/\tXX:Z:a/' | cmp - whole
  mark -r chr1 -i - -o out.bam < <(cat sorted.bam)
  assert_status 1
  assert_stderr_has "only a file with an index has regions"
}

@test "--write-index publishes the index with its file, both or none" {
  sorted_bam
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o sorted.cram sorted.bam
  for name in out.bam out.sam.gz out.cram; do
    short --write-index -i sorted.bam -o $name -- cat
    assert_status 0
    samtools view $name chr2 | cut -f 1-11 | cmp - <(samtools view sorted.bam chr2 | cut -f 1-11)
  done
  run_apart mrf-run -n 1 --write-index --order any -i sorted.bam -o out.bam -- cat
  assert_status 0
  assert_files out.bam out.bam.bai out.cram out.cram.crai out.sam.gz out.sam.gz.bai sorted.bam sorted.bam.bai sorted.cram
  samtools index -c out.bam
  touch -d '2 days ago' out.bam.csi
  short --write-index -i sorted.bam -o out.bam -- cat
  assert_status 0
  assert_stderr_is \
    "mrf-run: the index 'out.bam.csi' is older than 'out.bam' and read before others: make it anew, or remove it"
  short --write-index -c 10 -i sorted.bam -o bad.bam -- sort -r
  assert_status 3
  assert_stderr_has 'sort by position first'
  [[ ! -e bad.bam && ! -e bad.bam.bai ]]
  assert_nothing_left
}

@test "--add-pg names the command of mrf-run, --no-header leaves the header of SAM out" {
  sorted_bam
  short --add-pg -i sorted.bam -o out.bam -- cat
  assert_status 0
  samtools view -H --no-PG out.bam | grep ID:mrf-run >added
  grep -qE $'^@PG\tID:mrf-run\tPN:mrf-run\t(PP:[^\t]*\t)?VN:[0-9.]+\tCL:.*mrf-run -n 3 --add-pg -i sorted.bam -o out.bam -- cat$' added
  for option in --print --print-sh; do
    short $option --add-pg -i sorted.bam -o out.bam -- cat $option
    [[ $output == *"mrf-run -n 3 --add-pg -i sorted.bam -o out.bam -- cat $option'"* ]]
  done
  cmp <(samtools view -H --no-PG out.bam | grep -v ID:mrf-run) <(samtools view -H --no-PG sorted.bam)
  mrf-run -n 2 -O sam --no-header -i sorted.bam -- cat | cmp - <(samtools view sorted.bam)
  short --no-header -i sorted.bam -o out.sam.gz -- cat
  assert_status 0
  gzip -dc out.sam.gz | cmp - <(samtools view sorted.bam)
}

@test "options for alignments are refused where there are none, and where one makes another void" {
  sorted_bam
  seq 10 >in.txt
  refused() { # OPTION REASON WORD...
    local option=$1 reason=$2
    shift 2
    for also in '' --dry-run; do
      short $also "$@" -- cat
      assert_status 2
      assert_stderr_is "mrf-run: cannot use option '$option': $reason; try 'mrf-run --help'"
    done
  }
  not_in='the input is not SAM, BAM or CRAM'
  not_out='the output is not SAM, BAM or CRAM'
  refused -f "$not_in" -f 4 -i in.txt -o out.txt
  refused -F "$not_in" -F 4 -i in.txt
  refused -q "$not_in" -q 4 -i in.txt
  refused -e "$not_in" -e 'mapq>3' -i in.txt
  refused -r "$not_in" -r chr1 -i in.txt
  refused -L "$not_in" -L x.bed -i in.txt
  refused --subsample "$not_in" --subsample 0.5 -i in.txt
  refused --subsample 'not a fraction above 0 and up to 1' --subsample 2 -i sorted.bam
  refused -M 'it goes with -L' -M -i sorted.bam
  refused --region-rule 'it goes with -r and -L' --region-rule starts -i sorted.bam
  refused --subsample-seed 'it goes with --subsample' --subsample-seed 3 -i sorted.bam
  refused --write-index "$not_out" --write-index -i in.txt -o out.txt
  refused --write-index 'only a file can have an index' --write-index -O bam -i sorted.bam
  refused --write-index 'plain SAM has no index' --write-index -i sorted.bam -o out.sam
  refused --write-index 'it needs the header, and --no-header omits it' --write-index --no-header -i sorted.bam -o o.sam.gz
  mixed='it needs alignments sorted by position, and --order any mixes them: --order chunk and seq keep their order'
  refused --write-index "$mixed" --write-index --order any -i sorted.bam -o out.bam
  refused --add-pg "$not_out" --add-pg -i sorted.bam -o out.txt
  refused --no-header 'the output is not SAM: --output-format sam makes it so' --no-header -i sorted.bam -o out.bam
  printf 'chr1\t5\t90\n' >some.bed
  short -L some.bed -i sorted.bam -o some.bed -- cat
  assert_status 2
  assert_stderr_has "cannot write 'some.bed': it is the input: give the output another name"
  run_apart mrf-run -f 4 some.mrf
  assert_status 2
  assert_stderr_has "cannot use option '-f': it goes with -- COMMAND, not with a WORKFLOW"
}
