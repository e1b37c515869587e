#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The test files of htslib and samtools.

load common
load bam

# Every alignment file of the packages htslib-test and samtools-test.
corpus() {
  find /usr/share/htslib-test /usr/share/samtools -name '*.sam' -o -name '*.bam' -o -name '*.cram' -o -name '*.sam.gz'
}

@test "bamread: the corpora of htslib and samtools come out as samtools writes them, and back again" {
  [[ $(corpus | wc -l) -gt 200 ]] || skip "htslib-test and samtools-test are not installed"
  export REF_PATH=$PWD
  same=0 kept=0 refused=0 truncated=0
  while read -r file; do
    run_apart bash -c 'timeout 300 samtools view -h --no-PG "$1" >expected.sam' bash "$file"
    expected=$status
    run_apart bash -c 'timeout 300 mrf-bamread -@ 1 "$1" >found.sam' bash "$file"
    permissive=
    if [[ $status == 3 && $stderr == *"--permissive takes it"* ]]; then
      echo "$file: ${stderr##*: }" >>lax
      permissive=--permissive
      run_apart bash -c 'timeout 300 mrf-bamread --permissive -@ 1 "$1" >found.sam' bash "$file"
    fi
    if [[ $expected != 0 ]]; then
      echo "$file: expected to be refused"
      [[ $status == 3 || $status == 1 ]]
      refused=$((refused + 1))
    elif [[ $stderr == *"truncated: "* ]]; then
      truncated=$((truncated + 1))
    else
      echo "$file"
      assert_status 0
      if ! cmp expected.sam found.sam; then
        # What samtools makes unmapped, since it has no place or no CIGAR, stays as it is.
        cmp <(grep -v ^@ "$file") <(grep -v ^@ found.sam)
        kept=$((kept + 1))
        continue
      fi
      same=$((same + 1))
      run_apart samtools view --no-PG -b -o expected.bam expected.sam
      [[ $status == 0 ]] || continue
      bam_text expected.bam >expected.sam
      # shellcheck disable=SC2086 # nothing or an option
      mrf-bamwrite $permissive -o found.bam found.sam || echo "$file: not written" >>differ
      # shellcheck disable=SC2086
      mrf-bamread $permissive found.bam | cmp - expected.sam || echo "$file: another round trip" >>differ
    fi
  done < <(corpus | sort | sed -n "1~$(sanitized 4 1)p")
  cat lax
  echo "$same the same, $kept kept, $refused refused, $truncated truncated"
  [[ ! -e differ ]] || { cat differ && false; }
  [[ -z ${MRF_SANITIZED-} ]] || { ((same > 60)) && return; }
  [[ $same -gt 290 && $refused -gt 5 && $truncated == 2 ]]
}
