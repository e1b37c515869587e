#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mrf-run's short form: headers of text, keys that are missing, accepted statuses, copies' numbers, pairs.

load common

short() { run_apart timeout -k 5 300 mrf-run -n 3 "$@"; }

@test "--header-lines and --header-prefix go around the filter once, in every order" {
  { echo "name value" && seq 1000; } >table
  { printf '##a\n##b\n#c\n' && seq 1000; } >vcf
  for order in chunk rows seq any; do
    short --order "$order" -c 50 --header-lines 1 -i table -o out -- sed 's/$/!/'
    assert_status 0
    cmp <(sort out) <({ head -n 1 table && tail -n +2 table | sed 's/$/!/'; } | sort)
    [ "$(head -n 1 out)" = "name value" ]
    [ "$order" = any ] || cmp out <(head -n 1 table && tail -n +2 table | sed 's/$/!/')
    short --order "$order" -c 50 --header-prefix '#' -i vcf -o out.gz -- cat
    assert_status 0
    [ "$order" = any ] || cmp vcf <(zcat out.gz)
    [ "$(zcat out.gz | head -n 3)" = "$(head -n 3 vcf)" ]
    short --order "$order" -c 50 --header-lines 0 -i table -o out -- cat
    assert_status 0
    cmp <(sort out) <(sort table)
  done
}

@test "a filter that fails on a header of lines with # gets a hint, others get none" {
  { printf '##a\n#b\n' && seq 1000; } >vcf
  seq 1000 >numbers
  for order in chunk rows any; do
    short --order "$order" -i vcf -o out -- awk '/#/ { exit 3 } 1'
    assert_status 3
    assert_stderr_has "mrf-run: 'vcf' begins with '#', and the filter gets such lines as records: if they are a header, --header-prefix '#'"
    short --order "$order" -i - -o out -- awk '/#/ { exit 3 } 1' < <(gzip -c vcf)
    assert_status 3
    assert_stderr_has "mrf-run: standard input begins with '#'"
    for others in 'vcf --header-prefix ##' 'vcf --header-lines 1' 'vcf --record nul' 'numbers'; do
      # shellcheck disable=SC2086
      short --order "$order" -o out -i $others -- awk '/#|^7/ { exit 3 } 1'
      assert_status 3
      run ! grep -q "begins with '#'" <<<"$stderr"
    done
    mrf-run -n 3 --order "$order" -i vcf -o out -- ./absent 2>said || [ $? = 127 ]
    run ! grep -q "begins with '#'" said
  done
  # A filter that has had the header, and fails later.
  short --order chunk -c 100 -i vcf -o out -- awk '/^700$/ { exit 3 } 1'
  assert_status 3
  run ! grep -q "begins with '#'" <<<"$stderr"
  mrf-run --shards 2 -i vcf -o out -- awk '/#/ { exit 3 } 1' 2>said || [ $? = 3 ]
  grep -q "mrf-run: 'vcf' begins with '#'" said
}

@test "--header-broadcast of lines: every copy and chunk sees them, the output has them once" {
  { printf '##a\n##b\n#c\n' && seq 1000; } >vcf
  for order in chunk rows any; do
    short --order "$order" -c 50 --header-prefix '#' --header-broadcast -i vcf -o out -- sed 's/^#c/#c!/'
    assert_status 0
    [ "$order" = any ] || cmp out <(sed 's/^#c/#c!/' vcf)
    cmp <(sort out) <(sed 's/^#c/#c!/' vcf | sort)
    short --order "$order" -c 50 --header-lines 2 --header-broadcast -i vcf -o out -- cat
    assert_status 0
    [ "$order" = any ] || cmp out vcf
  done
  rm out
  short --order seq --header-prefix '#' --header-broadcast -i vcf -o out -- cat
  assert_status 2
  assert_stderr_has "cannot use order 'seq': a filter that gets the header of a text would take the number"
  assert_files vcf
}

@test "--header-broadcast of alignments: chunks begin with the header, lines with @ stay behind the first record" {
  bam=$(small_bam)
  short -c 300 --header-broadcast -i "$bam" -o out.bam -- samtools view -h --no-PG -F 16 -
  assert_status 0
  assert_same_sam <(samtools view -h --no-PG -F 16 "$bam") out.bam
  short -c 300 --header-broadcast -i "$bam" -o out.txt -- awk '/^@[A-Z][A-Z]\t/ { next } { print "@" $1; print "@CO\t" $2 }'
  assert_status 0
  cmp out.txt <(samtools view "$bam" | awk '{ print "@" $1; print "@CO\t" $2 }')
  for order in chunk any; do
    short --order "$order" -c 300 --header-broadcast -i "$bam" -o out.txt -- awk '/^@[A-Z][A-Z]\t/ { print; next } { print $1; print "@CO\t" $2 }'
    assert_status 0
    cmp <(sort out.txt) <({ samtools view --no-PG -H "$bam" && samtools view "$bam" | awk '{ print $1; print "@CO\t" $2 }'; } | sort)
    [ "$(head -n 1 out.txt)" = "$(samtools view --no-PG -H "$bam" | head -n 1)" ]
  done
  for order in chunk any rows; do
    short --order "$order" -c 300 --header-broadcast -i "$bam" -o differ.bam -- bash -c 'echo "@CO	$MRF_WORKER.${MRF_CHUNK-}"; cat'
    assert_status 3
    [ ! -e differ.bam ]
  done
}

@test "--ok-status: a filter that finds nothing, in chunks and live" {
  seq 1000 >in.txt
  for order in chunk any seq; do
    short --order "$order" -c 10 --ok-status 0,1 -i in.txt -o out.txt -- grep 77
    assert_status 0
    [[ $order == seq ]] || cmp <(sort out.txt) <(grep 77 in.txt | sort)
    short --order "$order" -c 10 --ok-status 0,1 -i in.txt -o none.txt -- grep nothing
    assert_status 0
    [ ! -s none.txt ]
    rm out.txt none.txt
    short --order "$order" -c 10 --ok-status 0,1 -i in.txt -o out.txt -- bash -c 'cat; exit 2'
    assert_status 2
    [ ! -e out.txt ]
  done
  short -i in.txt -o out.txt -- grep nothing
  assert_status 1
  assert_stderr_has "--ok-status 0,1"
}

@test "--missing: skip, any, and a file of its own in the kind of its name" {
  bam=$(small_bam)
  samtools view --no-PG -h "$bam" | awk -v OFS='\t' '!/^@/ && NR % 3 == 0 { sub(/\tCB:Z:[^\t]*/, "") } { print }' |
    samtools view --no-PG -b -o in.bam
  samtools view --no-PG -h in.bam | awk '/^@/ || /\tCB:Z:/' | samtools view --no-PG -b -o with.bam
  samtools view --no-PG -h in.bam | awk '/^@/ || !/\tCB:Z:/' | samtools view --no-PG -b -o without.bam
  (($(samtools view -c without.bam) > 100 && $(samtools view -c with.bam) > 100))
  short --key tag:CB -i in.bam -o out.bam -- cat
  assert_status 3
  [ ! -e out.bam ]
  for record in sam bam; do
    [ "$record" = sam ] && filter="cat" || filter="samtools view -u --no-PG"
    # shellcheck disable=SC2086
    {
      short --key tag:CB --record "$record" --missing skip -i in.bam -o out.bam -- $filter
      assert_status 0
      assert_same_sam with.bam out.bam
      short --key tag:CB --record "$record" --missing any -i in.bam -o out.bam -- $filter
      assert_status 0
      assert_same_sam in.bam out.bam
      for lacking in lacking.bam lacking.sam; do
        short --key tag:CB --record "$record" --missing "$lacking" -i in.bam -o out.bam -- $filter
        assert_status 0
        assert_same_sam with.bam out.bam
        assert_same_sam without.bam "$lacking"
      done
    }
  done
  short --key tag:CB --missing lacking.txt -i in.bam -o out.bam -- cat
  assert_status 0
  cmp lacking.txt <(samtools view without.bam)
  printf 'a\t1\nb\nc\t2\n' >in.txt
  short --key column:2 --missing lacking.txt -i in.txt -o out.txt -- cat
  assert_status 0
  [ "$(cat lacking.txt)" = b ]
  [ "$(sort out.txt)" = $'a\t1\nc\t2' ]
  short --missing skip -i in.txt -o out.txt -- cat
  assert_status 2
}

@test "a copy knows its number: MRF_WORKER, MRF_WORKERS and [i] in words like names" {
  seq 100 >in.txt
  for order in any rows seq; do
    short --order "$order" -c 10 -i in.txt -o out.txt -- tee 'log.[i]'
    assert_status 0
    assert_files in.txt out.txt log.0 log.1 log.2
    cmp <(sort log.*) <([ "$order" = seq ] && awk '{ print NR - 1 "\t" $0 }' in.txt | sort || sort in.txt)
    rm log.*
  done
  short --order any -c 10 -i in.txt -o out.txt -- awk '{ a[i] = $1; print a[i], ENVIRON["MRF_WORKER"], ENVIRON["MRF_WORKERS"] }'
  assert_status 0
  [ "$(cut -d' ' -f 2,3 out.txt | sort -u)" = $'0 3\n1 3\n2 3' ]
  cmp <(cut -d' ' -f1 out.txt | sort) <(sort in.txt)
  short -i in.txt -o no.txt -- tee 'log.[i]'
  assert_status 2
  assert_stderr_has "MRF_CHUNK"
  short -c 10 -i in.txt -o out.txt -- bash -c 'cat >"log.$MRF_CHUNK"'
  assert_status 0
  cmp <(cat log.{0..9}) in.txt
}

@test "a filter that misses the SAM header: the options that give it are named" {
  bam=$(small_bam 500)
  for options in "" "--order any"; do
    # shellcheck disable=SC2086
    short $options -i "$bam" -o out.bam -- samtools view -h -q 30 -
    [ "$status" != 0 ]
    assert_stderr_has "mrf-run: the filter gets records without the SAM header; --header-broadcast"
    [ ! -e out.bam ]
  done
  short --header-broadcast -i "$bam" -o out.bam -- samtools view -h --no-PG -q 30 -
  assert_status 0
  short --order any -i "$bam" -o none.txt -- grep -x nothing
  assert_status 1
  assert_stderr_has "--ok-status 0,1"
}

@test "a filter in one word that needs a shell is refused; standard input is the default" {
  seq 10 >in.txt
  run_apart bash -c 'mrf-run -n 2 -i in.txt -o out.txt -- "grep 1 | wc -l"; (($? == 127)) || exit 9'
  assert_status 0
  assert_stderr_has "bash -o pipefail -c 'grep 1 | wc -l'"
  run_apart bash -c 'timeout 300 mrf-run -n 2 -o out.txt -- cat <in.txt && cmp in.txt out.txt'
  assert_status 0
  run_apart bash -c 'cat in.txt | timeout 300 mrf-run -n 2 -- cat'
  assert_status 0
  assert_output_is "$(cat in.txt)"
}

make_pairs() {
  for i in $(seq "$1"); do
    printf '@r%s/1 x\nACGT\n+\nIIII\n' "$i" >&3
    printf '@r%s/2 y\nTTTT\n+\nIIII\n' "$i" >&4
  done 3>R1.fq 4>R2.fq
}

@test "pairs are parted by name: a mate that is dropped alone is status 3, or goes to --singles" {
  make_pairs 300
  short -c 10 -i R1.fq -i R2.fq -o T1.fq -o T2.fq.gz -- cat
  assert_status 0
  cmp R1.fq T1.fq
  cmp R2.fq <(zcat T2.fq.gz)
  drop='BEGIN { RS = "@"; ORS = "" } NR > 1 && $1 !~ /^r(7|8|150)\/1$/ && $1 !~ /^r(9|300)\/2$/ && $1 !~ /^r(20|21)\// { print "@" $0 }'
  rm T1.fq T2.fq.gz
  for order in chunk any; do
    short -c 10 --order "$order" -i R1.fq -i R2.fq -o T1.fq -o T2.fq -- awk "$drop"
    assert_status 3
    assert_files R1.fq R2.fq
  done
  short -c 10 --singles S.fq -i R1.fq -i R2.fq -o T1.fq -o T2.fq -- awk "$drop"
  assert_status 0
  cmp T1.fq <(awk 'BEGIN { RS = "@"; ORS = "" } NR > 1 && $1 !~ /^r(7|8|150|9|300|20|21)\// { print "@" $0 }' R1.fq)
  cmp T2.fq <(awk 'BEGIN { RS = "@"; ORS = "" } NR > 1 && $1 !~ /^r(7|8|150|9|300|20|21)\// { print "@" $0 }' R2.fq)
  [ "$(grep -o '^@r[0-9]*/[12]' S.fq | sort)" = $'@r150/2\n@r300/1\n@r7/2\n@r8/2\n@r9/1' ]
  short -i R1.fq -i R2.fq --singles S.fq -o T.fq -- cat
  assert_status 2
}

@test "two inputs whose names do not tell: looked at, or --input-format fastq" {
  make_pairs 50
  gzip -k R1.fq
  run_apart bash -c 'timeout 300 mrf-run -n 2 -i <(zcat R1.fq.gz) -i <(cat R2.fq) -o T1.fq -o T2.fq -- cat'
  assert_status 0
  cmp R1.fq T1.fq
  cmp R2.fq T2.fq
  mkfifo one two
  cat R1.fq >one 3>&- &
  cat R2.fq >two 3>&- &
  short --input-format fastq -i one -i two -o T1.fq -o T2.fq -- cat
  assert_status 0
  cmp R1.fq T1.fq
  short -i one -i two -o T1.fq -o T2.fq -- cat
  assert_status 2
  assert_stderr_has "--input-format fastq"
}

@test "--missing and --singles: a file whose name says another kind than its records is refused" {
  printf '@r\nA\n+\nI\n' | tee in2.fq >in.fq
  printf 'a\tb\n' >in.txt
  bam=$(small_bam)
  while read -r kind words; do
    # shellcheck disable=SC2086
    short $words -- cat
    assert_status 2
    assert_stderr_has "its name says $kind, and its records are of the form "
    [ ! -e out ]
  done <<END
fastq --key tag:CB --missing m.fq -i $bam -o out
bam --key name --missing m.bam -i in.fq -o out.fq
fasta --key name --missing m.fa.gz -i in.fq -o out.fq
cram --key column:1 --missing m.cram -i in.txt -o out
bam --singles m.bam -i in.fq -i in2.fq -o 1.fq -o 2.fq
fasta --singles m.fa -i in.fq -i in2.fq -o 1.fq -o 2.fq
END
  while read -r words; do
    # shellcheck disable=SC2086
    short $words -- cat
    assert_status 0
  done <<END
--key name --missing m.fq.gz -i in.fq -o out.fq
--key name --missing m.txt -i in.fq -o out.fq
--key column:1 --missing ./missing -i in.txt -o out.txt
--singles m.fq -i in.fq -i in2.fq -o 1.fq -o 2.fq
END
  short --key column:1 --missing drop -i in.txt -o out.txt -- cat
  assert_status 2
  assert_stderr_has "cannot use option '--missing': 'drop' is none of error, skip and any; a file of this name is ./drop"
  [ ! -e drop ]
}

@test "mates in one input are not parted unasked; an input named by the command is a warning" {
  awk 'BEGIN { for (i = 0; i < 3001; ++i) for (m = 1; m < 3; ++m) print "@r" i "/" m "\nACGT\n+\nIIII" }' >mixed.fq
  gzip -k mixed.fq
  # Says whether it gets both mates of each pair.
  filter='awk "NR % 8 == 1 { name = substr(\$1, 1, length(\$1) - 1) } NR % 8 == 5 && substr(\$1, 1, length(\$1) - 1) != name \
    { exit 9 } { print } END { if (NR % 8) exit 9 }"'
  for input in mixed.fq mixed.fq.gz; do
    short -i $input -o out.fq -- bash -c "$filter"
    assert_status 2
    assert_stderr_has "cannot read '$input': its first two reads are mates: --record lines:8 keeps each two together"
    short -c 77 --record lines:8 -i $input -o out.fq -- bash -c "$filter"
    assert_status 0
    cmp mixed.fq out.fq
    short -c 77 --record fastq -i $input -o out.fq -- bash -c "$filter"
    assert_status 9
  done
  run_apart bash -c '{ head -n 4; sleep 0.1; cat; } <mixed.fq | mrf-run -n 2 --input-format fastq -o out -- cat'
  assert_status 2
  assert_stderr_has "its first two reads are mates"
  short -c 77 --record fastq -i mixed.fq -o out.fq -- cat mixed.fq -
  assert_status 0
  assert_stderr_has "the command names the input 'mixed.fq', which each copy reads whole"
}

@test "SAM of several chunks under a name that says nothing is refused, not joined with a header each" {
  seq 300 >in.txt
  sam='printf "@HD\tVN:1.6\n@SQ\tSN:c\tLN:9\n"; while read -r n; do printf "r%s\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*\n" "$n"; done'
  short -c 100 -i in.txt -o out.aln -- bash -c "$sam"
  assert_status 3
  assert_stderr_has "it begins with a header of SAM, as that for chunk 0 did: --output-record sam"
  [ ! -e out.aln ]
  short -c 100 --output-record line -i in.txt -o out.aln -- bash -c "$sam"
  assert_status 0
  [ "$(grep -c ^@SQ out.aln)" = 3 ]
  rm out.aln
  short -c 100 -i in.txt -o out.aln -- bash -c '((MRF_CHUNK == 0)) || printf "@CO\tx\n"; cat'
  assert_status 3
  # Header lines that differ, with records behind them.
  other="${sam/@HD\\tVN:1.6/@RG\\tID:\$MRF_CHUNK}"
  short -c 100 -i in.txt -o out.aln -- bash -c "$other"
  assert_status 3
  assert_stderr_has "it begins with a header of SAM, as that for chunk 0 did: --output-record sam"
  short -c 100 -O lines -i in.txt -o out.aln -- bash -c "$sam"
  assert_status 0
  [ "$(grep -c ^@SQ out.aln)" = 3 ]
  rm out.aln
  # BAM is not joined one behind the other, whatever is read.
  for options in '' '--record lines:1' '--shards 2 --engine local'; do
    # shellcheck disable=SC2086
    run_apart mrf-run -n 2 $options -c 100 -i in.txt -o out.aln -- bash -c "{ $sam; } | samtools view -b"
    assert_status 3
    assert_stderr_has "it begins with a header of BAM, as that "
    [ ! -e out.aln ]
    rm -rf out.aln.shards
  done
  short -c 100 -i in.txt -o out.aln -- gzip -c
  assert_status 0
  zcat out.aln | cmp - in.txt
  # A text of header lines, items that begin as a header does, and reads with such names.
  awk 'BEGIN { for (i = 0; i < 3000; ++i) printf "@SQ\tSN:scaffold_%d\tLN:%d\n", i, i }' >sq.txt
  awk 'BEGIN { for (i = 0; i < 300; ++i) printf "@CO\tx\nAC\n+\nII\n" }' >co.fq
  { head -n 2 sq.txt && echo r && head -n 2 sq.txt && echo r; } >items
  tr '\n' '\0' <items >nul
  for order in chunk rows any; do
    for options in '-i sq.txt' '-i co.fq' '--record start:@SQ -i items' '--record nul -i nul'; do
      # shellcheck disable=SC2086
      run_apart mrf-run -n 2 --order $order $options -o out.aln -- cat
      assert_status 0
      [ "$order" = any ] || cmp "${options##* }" out.aln
      cmp <(sort -z "${options##* }" | tr '\0' '\n' | sort) <(sort -z out.aln | tr '\0' '\n' | sort)
    done
  done
  short -c 100 -O sam -i in.txt -o out.aln -- bash -c "$sam"
  assert_status 0
  [ "$(grep -c ^@SQ out.aln)" = 1 ]
  short -c 300 -i in.txt -o out.aln -- bash -c "$sam"
  assert_status 0
  rm out.aln
  for order in rows any; do
    short --order $order -c 100 -i in.txt -o out.aln -- bash -c "$sam"
    assert_status 3
    assert_stderr_has "it begins with a header of SAM, as 'in:done["
    [ ! -e out.aln ]
  done
  short --order any --output-record line -i in.txt -o out.aln -- bash -c "$sam"
  assert_status 0
  [ "$(grep -c ^@SQ out.aln)" -gt 1 ]
  rm out.aln
  bash -c "$sam" <in.txt | samtools view -b --no-PG -o in.bam -
  for options in '' '--order any'; do
    # shellcheck disable=SC2086
    short $options -c 100 --record bam -i in.bam -o out.aln -- samtools view -h --no-PG -
    assert_status 3
    assert_stderr_has "it begins with a header of SAM, as "
    [ ! -e out.aln ]
  done
  run_apart mrf-run --shards 2 --engine local -i in.txt -o out.aln -- bash -c "$sam"
  assert_status 3
  assert_stderr_has "it begins with a header of SAM, as that of shard 0 does: -O sam joins SAM"
  [ ! -e out.aln ]
}

@test "VCF and BCF with a header for each part are refused, as lines and as bytes; a header that is equal is joined once" {
  seq 300 >in.txt
  cat >vcf.awk <<'END'
BEGIN { print "##fileformat=VCFv4.2\n##contig=<ID=c>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO" }
{ print "c\t" $1 "\t.\tA\tC\t.\t.\t." }
END
  text=(awk -f vcf.awk)
  bcf=(bash -c 'awk -f vcf.awk | bcftools view --no-version -Ob -')
  for order in chunk any; do
    short --order $order -c 100 -i in.txt -o out -- "${text[@]}"
    assert_status 3
    assert_stderr_has "it begins with a header of VCF, as "
    short --order $order -c 100 --output-record fixed:1 -i in.txt -o out -- "${bcf[@]}"
    assert_status 3
    assert_stderr_has "it begins with a header of BCF, as "
    assert_stderr_has "let the filter write VCF as text (bcftools: -Ov)"
    short --order $order -c 100 --output-record fixed:1 --header-prefix '#' --header-broadcast -i in.txt -o out -- "${bcf[@]}"
    assert_status 3
    assert_stderr_has "it begins with a header of BCF, as "
    short --order $order -c 100 --header-prefix '#' --header-broadcast -i in.txt -o out.vcf -- "${text[@]}"
    assert_status 0
    [ "$order" = any ] || cmp <("${text[@]}" in.txt) out.vcf
    [ "$(grep -c '^##fileformat' out.vcf) $(grep -vc '^#' out.vcf)" = '1 300' ]
    short --order $order --header-prefix '#' -i out.vcf -o out -- awk 'BEGIN { print "##fileformat=VCFv4.2" } { print }'
    assert_status 3
    assert_stderr_has "it begins with a header of VCF, as "
  done
  short -c 100 --header-prefix '#' --header-broadcast -i in.txt -o out -- "${bcf[@]}"
  assert_status 3
  assert_stderr_has "it is compressed with gzip, not text; VCF is joined as text"
  [ ! -e out ]
  # What is compressed otherwise is not looked into.
  for order in chunk any; do
    short --order $order -c 100 --output-record fixed:1 --header-prefix '#' --header-broadcast -i out.vcf -o out -- xz -0c
    assert_status 0
    assert_stderr_has ": cannot tell whether the "
    assert_stderr_has " begin with a header each: they are xz-compressed; "
    short --order $order -c 100 --output-record fixed:1 --header-prefix '#' -i in.txt -o out -- xz -0c
    assert_status 0
    assert_stderr_is ""
  done
  rm out
  # Files behind each other are lines.
  cat out.vcf out.vcf >in.vcf
  for input in in.vcf -; do
    short -c "$(wc -l <out.vcf)" -i $input -o out -- cat <in.vcf
    assert_status 0
    cmp in.vcf out
  done
}

@test "a forgotten --, a command that is a file here, and arguments without an option: the message says what to write" {
  for option in --keep-failed -o --side; do
    run_apart mrf-run -i in.txt $option -- cat
    assert_status 2
    assert_stderr_has "mrf-run: cannot use option '$option': it needs a value, and -- stands in its place"
  done
  echo a >in.txt
  printf '#!/bin/sh\ncat\n' >filter.sh && chmod +x filter.sh
  told() {
    run_apart mrf-run "${@:2}" </dev/null
    assert_status 2
    assert_stderr_has "$1"
    [ ! -e out.txt ]
  }
  told "not with a WORKFLOW; where './filter.sh' is the command, -- stands in front of it" -i in.txt -o out.txt ./filter.sh
  told "cannot use option '-i': it goes with -- COMMAND, and no command stands behind --" -i in.txt -o out.txt
  told "cannot use argument 'out.txt': one too many: inputs are given by -i, outputs by -o" -i in.txt out.txt -- cat
  for order in seq chunk; do
    run_apart mrf-run --order $order -n 2 -i in.txt -o out.txt -- filter.sh
    assert_status 127
    assert_stderr_has "cannot execute 'filter.sh': No such file or directory; a file in the current directory is named \
with it: ./filter.sh"
  done
}

@test "as many copies as SLURM_CPUS_PER_TASK says inside a job, when that is fewer than there are processors" {
  run_apart env SLURM_JOB_ID=7 SLURM_CPUS_PER_TASK=1 mrf-run --print -i in.txt -o out.txt -- cat
  [[ ${lines[0]} == "n = 1" ]]
  run_apart env -u SLURM_JOB_ID SLURM_CPUS_PER_TASK=1 taskset -c 0 mrf-run --print -i in.txt -o out.txt -- cat
  [[ ${lines[0]} == "n = 1" ]]
  run_apart env SLURM_JOB_ID=7 SLURM_CPUS_PER_TASK=1000 taskset -c 0 mrf-run --print -i in.txt -o out.txt -- cat
  [[ ${lines[0]} == "n = 1" ]]
}
