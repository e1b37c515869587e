#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# No program writes one format under the name of another.

load common

@test "collect and distribute: text under the name of BAM, CRAM or BCF is refused, and BAM under that of SAM" {
  printf '@HD\tVN:1.6\nr\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\n' >in.sam
  samtools view --no-PG -b -o in.bam in.sam
  for name in x.bam x.BAM x.ubam x.cram x.bcf; do
    for words in "mrf-collect --sam -o $name in.sam" "mrf-collect -o $name in.sam" \
      "mrf-distribute --sam -i in.sam $name b" "mrf-distribute --key column:2 --missing $name -i in.sam a b"; do
      # shellcheck disable=SC2086
      run_apart $words
      assert_status 2
      assert_stderr_has "cannot write '$name': it gets text, and its name says another format; mrf-bamwrite"
    done
  done
  for name in x.sam x.sam.gz x.cram; do
    for words in "mrf-collect --record bam -o $name in.bam" "mrf-distribute --record bam -i in.bam $name b"; do
      # shellcheck disable=SC2086
      run_apart $words
      assert_status 2
      assert_stderr_has "cannot write '$name': it gets BAM, and its name says another format; mrf-bamwrite"
    done
  done
  assert_files in.bam in.sam
}

@test "collect and distribute: names that fit are taken, and a FIFO may have any" {
  printf '@HD\tVN:1.6\nr\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\n' >in.sam
  samtools view --no-PG -b -o in.bam in.sam
  mrf-collect --record bam -o out.bam in.bam
  samtools view --no-PG -h out.bam | cmp - in.sam
  mrf-collect --sam -o out.sam in.sam
  cmp out.sam in.sam
  mrf-distribute --record bam -i in.bam part.bam
  samtools view --no-PG -h part.bam | cmp - in.sam
  mkfifo fifo.bam
  cat fifo.bam >got 3>&- &
  mrf-collect --sam -o fifo.bam in.sam
  wait $!
  cmp got in.sam
}

@test "a name in .bgz is BGZF as one in .gz is, in every program and place" {
  printf '@HD\tVN:1.6\nr\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\n' >in.sam
  seq 100 >in.txt
  printf '@r%s\nAC\n+\nII\n' 1 2 3 >in.fq
  cp in.fq other.fq
  for order in chunk seq rows any; do
    mrf-run -n 2 -c 30 --order $order -i in.txt -o x.vcf.BGZ -- cat
    bgzip -dc <x.vcf.BGZ | sort -n | cmp - in.txt
    mrf-run -n 2 --order $order -i in.sam -o x.sam.bgz -- cat
    bgzip -dc <x.sam.bgz | cmp - in.sam
  done
  # shellcheck disable=SC2016
  mrf-run -n 1 --side side.bgz -i in.txt -o out.txt -- sh -c 'tee "$MRF_SIDE"'
  bgzip -dc <side.bgz | cmp - in.txt
  mrf-run -n 1 --order any --key column:2 --missing none.bgz -i in.txt -o out.txt -- cat
  bgzip -dc <none.bgz | cmp - in.txt
  mrf-run -n 1 -i in.fq -i other.fq -o 1.fq.bgz -o 2.fastq.bgz --singles singles.bgz -- head -n 20
  for name in 1.fq 2.fastq; do bgzip -dc <$name.bgz | cmp - <(head -n 8 in.fq); done
  bgzip -dc <singles.bgz | grep -q ^@r3
  mrf-collect -l 1 -o all.bgz in.txt
  bgzip -dc <all.bgz | cmp - in.txt
  mrf-distribute -l 1 -i in.txt part.bgz
  bgzip -dc <part.bgz | cmp - in.txt
  mrf-bamwrite -o written.sam.bgz in.sam
  bgzip -dc <written.sam.bgz | cmp - in.sam
  run_apart mrf-chunks --side x.bgz -i in.txt -- cat
  assert_status 2
  assert_stderr_has "cannot write 'x.bgz': it is not compressed"
  mkfifo side.gz
  cat side.gz >side.txt & # a FIFO may have any name
  # shellcheck disable=SC2016
  mrf-chunks --side side.gz -i in.txt -- sh -c 'tee "$MRF_SIDE"' >out.txt
  wait "$!"
  cmp side.txt in.txt
}

@test "names of formats that no program writes are refused, with what writes them" {
  printf '@HD\tVN:1.6\nr\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\n' >in.sam
  seq 10 >in.txt
  printf '@r\nAC\n+\nII\n' >in.fq
  cp in.fq other.fq
  samtools view --no-PG -b -o in.bam in.sam
  declare -A way=([x.bz2]=bzip2 [x.XZ]=xz [x.fq.zst]=zstd [x.zip]=zip [x.lz4]=lz4 [x.bcf]="bcftools view -Ob")
  for name in $(some "${!way[@]}" x.gzip); do
    for words in "mrf-run -i in.txt -o $name -- cat" "mrf-run --order any -i in.txt -o $name -- cat" \
      "mrf-run --order seq -i in.txt -o $name -- cat" "mrf-run --dry-run --print-sh -i in.txt -o $name -- cat" \
      "mrf-run --side $name -i in.txt -o y -- cat" "mrf-run --key column:2 --missing $name -i in.txt -o y -- cat" \
      "mrf-run --singles $name -i in.fq -i other.fq -o 1.fq -o 2.fq -- cat" \
      "mrf-run -i in.fq -i other.fq -o 1.fq -o $name -- cat" "mrf-run -i in.sam -o $name -- cat" \
      "mrf-chunks --side $name -i in.txt -- cat" "mrf-chunks --header-lines 1 --header-to $name -i in.txt -- cat" \
      "mrf-collect -o $name in.txt" "mrf-collect --record bam -o $name in.bam" "mrf-distribute -i in.txt $name b" \
      "mrf-distribute --header-lines 1 --header-to $name -i in.txt b" "mrf-bamwrite -o $name in.sam" \
      "mrf-bamread -o $name in.sam"; do
      [[ $words != *--dry-run* ]] || words=${words/ --print-sh/}
      # shellcheck disable=SC2086
      run_apart $words
      assert_status 2
      assert_stderr_has "cannot write '$name': "
      case $words in
        mrf-bamread*) ;;
        mrf-c*|mrf-d*) [[ $name == x.bcf || $name == x.gzip ]] || assert_stderr_has "pipe it through '${way[$name]} >FILE'" ;;
        *) [[ $name == x.gzip ]] || assert_stderr_has "pipe it through '${way[$name]} >FILE'" ;;
      esac
    done
  done
  assert_files in.bam in.fq in.sam in.txt other.fq
}

@test "bytes, a FIFO, and what a filter saves by itself may have any name" {
  seq 100 >in.txt
  mrf-run -n 2 -c 30 --output-record fixed:1 -i in.txt -o x.bz2 -- bzip2
  bzip2 -dc x.bz2 | cmp - in.txt
  mrf-collect --record fixed:1 -o y.bz2 x.bz2
  cmp x.bz2 y.bz2
  mrf-run -n 2 --order any -i in.txt -o out.txt -- sh -c 'bzip2 >"$1"' - 'save:s.[i].bz2'
  bzip2 -dc s.0.bz2 s.1.bz2 | sort -n | cmp - in.txt
  mkfifo x.xz
  cat x.xz >got 3>&- &
  mrf-collect -o x.xz in.txt
  wait $!
  cmp got in.txt
}

@test "mrf-run: files whose names begin with a dash are files, not options of the jobs" {
  printf '@SQ\tSN:c\tLN:9\nr\t0\tc\t1\t60\t1M\t*\t0\t0\tA\tI\n' >-q60
  printf '@SQ\tSN:c\tLN:9\n' >empty.sam
  printf 'c\t0\t9\n' >-L.bed
  for order in chunk any; do
    rm -f ./-o
    run_apart mrf-run --order $order -i -q60 --input-format sam -L -L.bed --output-format sam -o -o -- cat <empty.sam
    assert_status 0
    cmp ./-o ./-q60
  done
}

@test "mrf-run: - is no file for --side, --missing and --singles, and save: needs a name" {
  seq 10 >in.txt
  printf '@r\nAC\n+\nII\n' >in.fq
  cp in.fq other.fq
  for words in "--side - -i in.txt -o y -- cat" "--order any --side - -i in.txt -o y -- cat" \
    "--key column:2 --missing - -i in.txt -o y -- cat" "--singles - -i in.fq -i other.fq -o 1.fq -o 2.fq -- cat"; do
    for dry in '' --dry-run; do
      # shellcheck disable=SC2086
      run_apart mrf-run $dry $words
      assert_status 2
      [[ $words =~ --(side|missing|singles) ]]
      assert_stderr_has "cannot use option '${BASH_REMATCH[0]}': standard output is for the output: name a file"
    done
  done
  run_apart mrf-chunks --side - -i in.txt -- cat
  assert_status 2
  assert_stderr_has "cannot use option '--side': standard output is for the outputs"
  for order in chunk any seq; do
    for word in save: --table=save: save:-; do
      for words in "-n 2" "-n 1"; do
        # shellcheck disable=SC2086
        run_apart mrf-run $words --order $order -i in.txt -o y -- tee "$word"
        assert_status 2
        assert_stderr_has "cannot use word '$word': save: needs the name of a file"
      done
    done
  done
  run_apart mrf-run -n 2 -i in.txt -o y --combine tee save: -- cat
  assert_status 2
  assert_stderr_has "cannot use word 'save:': save: needs the name of a file"
  echo 'a: seq 3 > save:-' >w.mrf
  run_apart mrf-run w.mrf
  assert_status 2
  assert_stderr_has "w.mrf:1: save: needs the path of a file"
  mkdir here
  for path in here/ there/; do
    for words in "-o $path" "-o y --side $path" "-o y --key name --missing $path"; do
      # shellcheck disable=SC2086
      run_apart mrf-run -i in.fq --record fastq $words -- cat
      assert_status 1
      assert_stderr_is "mrf-run: cannot open '$path': Is a directory"
    done
  done
  rmdir here
  assert_files in.fq in.txt other.fq w.mrf
}

@test "mrf-run --print and --dry-run refuse what a program of the chain would refuse: a number without room" {
  printf 'abcdef' >in.txt
  for form in fixed:2 fasta start:x; do
    for words in --print --dry-run --verbose; do
      run_apart mrf-run $words -n 2 --order seq --record $form -i in.txt -o out.txt -- cat
      assert_status 2
      assert_stderr_has "cannot use order 'seq': records of the form $form have no room for a number; --order chunk"
    done
  done
  assert_files in.txt
}

@test "standard output that is the input is refused, as cat does: what is written would be read again" {
  printf '@HD\tVN:1.6\nr\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\n' >x.sam
  cp x.sam y.sam
  for words in "mrf-chunks -- cat" "mrf-distribute -" "mrf-bamread" "mrf-bamwrite -O sam" "mrf-run -i - -o - -- cat" \
    "mrf-run -n 1 --order seq -i - -- cat" "mrf-collect -"; do
    # shellcheck disable=SC2086,SC2094
    run_apart bash -c "$words <x.sam >>x.sam"
    assert_status 2
    assert_stderr_has "the same file as input 'standard input'"
    cmp x.sam y.sam
    # shellcheck disable=SC2086
    bash -c "$words <x.sam | cat >out"
    grep -q ^r out
  done
  for words in "mrf-chunks -i x.sam -- cat" "mrf-distribute -i x.sam -" "mrf-bamread x.sam" "mrf-bamwrite -O sam x.sam" \
    "mrf-run -i x.sam -o - -- cat"; do
    run_apart bash -c "$words >>x.sam"
    assert_status 2
    assert_stderr_has "the same file as input 'x.sam'"
    cmp x.sam y.sam
  done
}

@test "--stats: room for the file is reserved before the work, so that a full disk leaves no result" {
  mkdir disk
  mount -t tmpfs -o size=64k tmpfs disk || skip "no right to mount a file system"
  dd if=/dev/zero of=disk/full bs=1k count=1024 2>/dev/null || true
  seq 10 >in
  printf '@HD\tVN:1.6\n' >in.sam
  for words in "mrf-run -n 2 -i in -o out" "mrf-collect -o out in" "mrf-bamwrite -o out in.sam" "mrf-distribute -i in out"; do
    filter=()
    [[ $words != mrf-run* ]] || filter=(-- cat)
    # shellcheck disable=SC2086
    run_apart $words --stats disk/stats "${filter[@]}"
    [[ $status == 1 ]] || break
    assert_stderr_has "disk/stats': No space left on device"
    [[ ! -e out ]] || break
  done
  umount disk
  assert_status 1
  assert_files disk in in.sam
}

@test "--side and --header-to replace neither the input nor another output" {
  printf 'a,b\n1,2\n' >x.csv
  cp x.csv kept
  ln -s x.csv link
  ln -s z to-z
  refused() {  # AS REASON WORDS: the shell's words
    rm -f z
    run_apart bash -c "$3"
    assert_status 2
    assert_stderr_is "${3%% *}: cannot use output '$1': the same file as $2; try '${3%% *} --help'"
    cmp x.csv kept
  }
  refused x.csv "input 'x.csv'" 'mrf-chunks --side x.csv -i x.csv -- cat'
  refused link "input 'x.csv'" 'mrf-chunks --side link -i x.csv -- cat'
  refused x.csv "input 'standard input'" 'mrf-chunks --side x.csv -- cat <x.csv'
  refused x.csv "input 'link'" 'mrf-chunks --header-lines 1 --header-to x.csv -i link -- cat'
  refused x.csv "input 'x.csv'" 'mrf-distribute --header-lines 1 --header-to x.csv -i x.csv o.a'
  refused x.csv "input 'standard input'" 'mrf-distribute --header-lines 1 --header-to x.csv o.a <x.csv'
  refused link "input 'x.csv'" 'mrf-distribute --key column:2 --missing link -i x.csv o.a'
  refused z "'standard output'" 'mrf-chunks --side z -i x.csv -- cat >z'
  refused to-z "'standard output'" 'mrf-chunks --header-lines 1 --header-to to-z -i x.csv -- cat >z'
  refused to-z "'z'" 'mrf-chunks --header-lines 1 --side to-z --header-to z -i x.csv -- cat'
  # shellcheck disable=SC2094 # that is what is refused
  run_apart mrf-chunks --header-lines 1 --side /dev/null --header-to /dev/null -i x.csv -- cat
  assert_status 0
}
