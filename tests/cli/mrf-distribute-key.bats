#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-distribute by key, by map and by who can take it.

load common
load distribute

lines() { printf '%s\n' "$@" >in; }

@test "the hash of a key is XXH3, and modulo the number of outputs it says who gets the record" {
  # The hashes are those of xxhsum -H3: 2d06800538d394c2 of nothing, e6c632b61e964e1f of 'a', 78af5f94892f3950 of 'abc'.
  printf '\t0\na\t1\nabc\t2\n' >in
  distribute_to "o0 o1 o2 o3 o4" --key column:1 -i in
  assert_status 0
  python3 - <<'END'
hashes = {"": 0x2d06800538d394c2, "a": 0xe6c632b61e964e1f, "abc": 0x78af5f94892f3950}
for key, number in hashes.items():
    lines = open(f"o{number % 5}.out").read().splitlines()
    assert any(line.split("\t")[0] == key for line in lines), key
END
}

@test "records of one key reach one output, wherever the key is" {
  for i in {1..200}; do
    printf 'r%d\t4\t*\t0\t0\t*\t*\t0\t0\tA\tCB:Z:\tCB:Z:k%d\tUB:Z:x\n' "$i" $((i % 7))
  done >in
  for key in tag:CB after:CB:Z:k column:12; do
    distribute_to "a b c" --key "$key" -i in
    assert_status 0
    cmp <(sort in) <(sort a.out b.out c.out)
    [[ $(cut -f 12 a.out | sort -u; cut -f 12 b.out | sort -u; cut -f 12 c.out | sort -u) == *k* ]]
    [[ $(for o in a b c; do cut -f 12 $o.out | sort -u; done | wc -l) == 7 ]]
    rm a b c
  done
}

@test "only so many characters of a key count" {
  for i in {1..100}; do printf 'ab%d\t%d\n' "$i" "$i"; done >in
  for key in column:1:2 name:2 after:a:1; do
    distribute_to "a b c" --key "$key" -i in
    assert_status 0
    [[ $(cat a.out b.out c.out | wc -l) == 100 ]]
    [[ $(find . -name '?.out' -size +0 | wc -l) == 1 ]]
    rm a b c
  done
}

@test "mates of a FASTQ stay together" {
  for i in {1..50}; do printf '@r%d/1 x\nA\n+\nI\n@r%d/2\nC\n+\nI\n' "$i" "$i"; done >in
  distribute_to "a b" --record fastq --key name -i in
  assert_status 0
  [[ -s a.out && -s b.out ]]
  [[ $(grep -ho '^@r[0-9]*/' a.out b.out | uniq -c | grep -vc '^ *2 ') == 0 ]]
}

@test "a quality string that looks like a tag is none" {
  printf 'r\t0\t*\t0\t0\t*\t*\t0\t0\tACGTAC\tCB:Z:A\tNM:i:0\n' >in
  distribute_to "a" --key tag:CB -i in
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'in': record 1 (r) has no tag CB; --missing says what becomes \
of such records"
}

@test "a map says who gets a key" {
  lines $'x\t1' $'y\t2' $'z\t3'
  printf 'z\t0\nx\t2\ny\t0\n' >map
  distribute_to "a b c" --key column:1 --map map -i in
  assert_status 0
  same a.out 'y\t2\nz\t3\n'
  same b.out ''
  same c.out 'x\t1\n'
}

@test "the NUL or newline that ends a record is not part of its key" {
  printf 'a\t0\nb\t1\n' >map
  printf 'x\ta\0x\tb\0' >nul
  printf 'x\ta\nx\tb\r\n' >line
  for form in nul line; do
    for key in column:2 after:x$'\t'; do
      run_apart mrf-distribute --record $form --key "$key" --map map -i $form one two
      assert_status 0
      assert_stderr_is ""
      cmp one <(head -c 4 $form)
      cmp two <(tail -c +5 $form)
    done
  done
}

@test "a long key is cut in messages" {
  long=$(head -c 3000 /dev/zero | tr '\0' k)
  printf 'a\t0\n' >map
  lines "$long"
  run_apart mrf-distribute --key column:1 --map map -i in a
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'in': record 1 (${long:0:100}) has key \
'${long:0:100}', which is not in 'map'; --missing says what becomes of such records"
  printf '%s\t0\n%s\t0\n' "$long" "$long" >map
  run_apart mrf-distribute --key column:1 --map map -i in a
  assert_stderr_is "mrf-distribute: cannot read 'map': line 2 has key '${long:0:100}' for the second time"
}

@test "a map that is wrong is bad data, and names its line" {
  lines x
  refused() {
    printf '%b' "$2" >map
    run_apart mrf-distribute --key column:1 --map map -i in a b
    assert_status 3 && assert_stderr_is "mrf-distribute: cannot read 'map': line $1" && assert_files in map
  }
  refused "2 names output 2, the last one is 1" 'x\t0\ny\t2\n'
  refused "2 names output 99999999999, the last one is 1" 'x\t0\ny\t99999999999\n'
  refused "3 has key 'x' for the second time" 'x\t0\ny\t1\nx\t1\n'
  refused "1 is not a key, a tab and an output's index" 'x 0\n'
  refused "1 is not a key, a tab and an output's index" 'x\tone\n'
  refused "1 is not a key, a tab and an output's index" 'x\t-1\n'
  run_apart mrf-distribute --key column:1 --map nowhere -i in a b
  assert_status 1
  assert_stderr_is "mrf-distribute: cannot open 'nowhere': No such file or directory"
}

@test "a record without key ends it, and the outputs get what came before" {
  lines $'a\tk' b $'c\tk'
  distribute_to "o" --key column:2 -i in
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'in': record 2 (b) has no column 2; --missing says what \
becomes of such records"
  same o.out 'a\tk\n'
  echo $'k\t0' >map
  lines $'a\tk' $'b\tl'
  distribute_to "p" --key column:2 --map map -i in
  assert_status 3
  assert_stderr_is "mrf-distribute: cannot read 'in': record 2 (b) has key 'l', which is not in 'map'; --missing says \
what becomes of such records"
  same p.out 'a\tk\n'
}

@test "a key that no record has is reported: most often its name is wrong" {
  lines $'a\tk' b
  distribute_to "o" --key column:3 --missing skip -i in
  assert_status 0
  assert_stderr_is "mrf-distribute: no record has column 3: all 2 were left out"
  distribute_to "p" --key column:3 --missing rest -i in
  assert_stderr_is "mrf-distribute: no record has column 3: all 2 were written to 'rest'"
  echo $'z\t0' >map
  distribute_to "q" --key column:1 --map map --missing skip -i in
  assert_stderr_is "mrf-distribute: no record has column 1 that is in 'map': all 2 were left out"
  distribute_to "r" --key column:3 --missing any -i in
  assert_stderr_is ""
  : >in
  distribute_to "s" --key column:3 --missing skip -i in
  assert_stderr_is ""
}

@test "records without key are skipped or go elsewhere, and are counted" {
  lines $'a\tk' b $'c\tl' d
  distribute_to "o" --key column:2 --missing skip --stats skipped -i in
  assert_status 0
  same o.out 'a\tk\nc\tl\n'
  assert_files in o o.out skipped
  run jq -c '[.records_in, .records_out, .records_skipped]' skipped
  assert_output_is '[4,2,2]'
  distribute_to "p" --key column:2 --missing rest --stats diverted -i in
  assert_status 0
  same rest 'b\nd\n'
  run jq -c '[.records_in, .records_out, .records_skipped, .outputs[1]]' diverted
  assert_output_is '[4,2,2,{"name":"rest","records":2,"bytes":4}]'
}

@test "numbers count the records that are skipped, too" {
  lines $'a\tk' b $'c\tl'
  distribute_to "o" --key column:2 --missing skip --seq -i in
  assert_status 0
  same o.out '0\ta\tk\n2\tc\tl\n'
}

@test "balance gives the work to whoever takes it" {
  mkfifo stands works
  seq 1 2000000 >in
  mrf-distribute --balance -c 100 -i in stands works 3>&- &
  exec {held}<stands
  # Nothing is taken from the other one, which has no more than its pipe and a block hold.
  cat works >works.out
  cat <&$held >stands.out
  wait
  [[ $(stat -c %s stands.out) -lt 1300000 ]]
}

@test "what keys cannot do is refused" {
  refused() {
    run_apart mrf-distribute "${@:2}" </dev/null
    assert_status 2 && assert_stderr_is "mrf-distribute: cannot use $1; try 'mrf-distribute --help'"
  }
  refused "option '--map': no --key is given" --map m a
  refused "option '--missing': no --key is given" --missing skip a
  refused "option '--chunk-size': not together with --key" --key name -c 3 a
  refused "option '--balance': not together with --key" --key name --balance a
  refused "key 'tag CB': only SAM lines and BAM records have tags" --key tag:CB --record fastq a
  for key in tag:C tag:CB:x nam name: column:0 column:x after: x; do
    refused "key '$key': not one of tag:XX, name, column:K, after:TEXT, with :LEN if need be" --key "$key" a
  done
}

@test "--missing any: records without key, or not in the map, go to the outputs in turn" {
  printf 'a\n\t1\nb\n\t1\nc\nd\n\t1\n' >in
  run_apart mrf-distribute --key column:2 --missing any --stats stats -i in x y
  assert_status 0
  cmp <(sort x y) <(sort in)
  [[ $(grep -c '[a-d]' x) == 2 && $(grep -c '[a-d]' y) == 2 ]]
  [[ $(jq -c '[.records_in, .records_out, .records_skipped]' stats) == '[7,7,0]' ]]
  printf 'a\t1\n' >map
  run_apart mrf-distribute --key column:1 --map map --missing any -i <(printf 'a\nq\na\nr\ns\n') x y
  assert_status 0
  [[ $(grep -c a y) == 2 && $(cat x y | wc -l) == 5 && $(grep -c '[qrs]' x) -ge 1 && $(grep -c '[qrs]' y) -ge 1 ]]
}

@test "the name of a BAM record is a key as that of its line: mates that end in /1 and /2 stay together" {
  for i in {1..50}; do printf "r$i/%s\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n" 1 2; done >lines
  { printf '@SQ\tSN:c1\tLN:100\n' && cat lines; } >in.sam
  mrf-bamread -u -o in.ubam in.sam
  mrf-distribute --sam --key name -i in.sam a.txt b.txt c.txt
  mrf-distribute --record bam --key name -i in.ubam a.bam b.bam c.bam
  for part in a b c; do
    [[ -s $part.txt ]]
    samtools view $part.bam | cmp - $part.txt
    cut -f 1 $part.txt | cut -d / -f 1 | uniq -c | awk '$1 != 2 { exit 1 }'
  done
}
