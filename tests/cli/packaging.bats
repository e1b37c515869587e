#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What is in packaging, with the programs that it is for.

# bats file_tags=unsanitized

load common

@test "snakemake: the wrapper, with alignments and with pairs, a filter of words and one for bash" {
  cp "$(small_bam 2000)" sample.bam
  for mate in 1 2; do
    awk -v mate=$mate 'BEGIN { for (i = 1; i <= 999; ++i) print "@r" i "/" mate "\nACGTACGTAC\n+\nIIIIIIIIII" }' |
      gzip >R$mate.fq.gz
  done
  printf 'NR %% 4 == 1 { drop = ++records %% 200 == 0 }\n!drop { print }\n' >trim.awk
  run_apart env HOME="$PWD" XDG_CACHE_HOME="$PWD/cache" snakemake --cores 16 \
    --snakefile "$ROOT/packaging/snakemake/mrf-run/test/Snakefile" --wrapper-prefix "file://$ROOT/packaging/snakemake/"
  assert_status 0
  cmp <(samtools view -F 0x400 sample.bam | awk '$5 >= 20') <(samtools view good.bam)
  samtools idxstats good.bam >idxstats.txt
  # The threads of the rule are --cpus.
  [[ $(jq -c ".jobs[1].command[0:3]" good.json) == '["mrf-chunks","-n","10"]' ]]
  [[ $(zcat T1.fq.gz | wc -l) == $((4 * 990)) ]]
  [[ $(zcat T1.fq.gz | wc -l) == $(zcat T2.fq.gz | wc -l) && $(zcat singles.fq.gz | wc -l) == 36 ]]
  assert_nothing_left
}

@test "snakemake: a filter that fails in the wrapper leaves no target, and its message is in the log" {
  cp "$(small_bam 2000)" sample.bam
  cat >Snakefile <<END
rule:
    input: "sample.bam"
    output: "out.bam"
    params: filter="head -n 3; exit 9"
    log: "out.log"
    wrapper: "file://$ROOT/packaging/snakemake/mrf-run"
END
  run_apart env HOME="$PWD" XDG_CACHE_HOME="$PWD/cache" snakemake --cores 1
  [[ $status != 0 && ! -e out.bam ]]
  grep -q 'exit status 9' out.log
  assert_nothing_left
}
