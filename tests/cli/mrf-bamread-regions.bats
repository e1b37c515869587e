#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Regions, and inputs on servers.

load common
load bam
load ../servers/servers

setup_file() { start_nginx; }
teardown_file() { stop_servers; }

@test "bamread: regions select as in samtools view -M, from BAM with BAI and CSI, CRAM and compressed SAM" {
  sorted_bam
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram sorted.bam
  samtools view --no-PG -h -o in.sam.gz sorted.bam
  cp sorted.bam csi.bam
  samtools index in.cram && samtools index in.sam.gz && samtools index -c csi.bam
  for input in sorted.bam csi.bam in.cram in.sam.gz; do
    for threads in 0 2; do
      mrf-bamread -@ $threads -r chr1:1-50000 -r chr2 -r chr1:40000-60000 $input >found.sam
      samtools view -M -h --no-PG $input chr1:1-50000 chr2 chr1:40000-60000 | cmp - found.sam
    done
    [[ $(grep -vc ^@ found.sam) -gt 10 ]]
  done
  mrf-bamread -r '*' sorted.bam | cmp - <(samtools view -h --no-PG -M sorted.bam '*')
}

@test "bamread: a region that is ambiguous or malformed is refused with its own reason" {
  printf '@SQ\tSN:%s\tLN:1000\n' c c:3-4 d |
    samtools view --no-PG -b -o in.bam && samtools index in.bam
  refused() { # REGION REASON
    run_apart mrf-bamread -r "$1" in.bam
    assert_status 2
    assert_stderr_is "mrf-bamread: cannot use region '$1': $2; try 'mrf-bamread --help'"
  }
  refused c:3-4 "it is ambiguous: write '{c:3-4}' or '{c}:3-4'"
  for region in d:20-10 d:1-2-3 d:x '{c}:9-2'; do
    refused "$region" 'the part of the reference is not of the form FROM-TO'
  done
  for region in x x:1-2 '{x}:1-2' '{c' ':3'; do refused "$region" 'not in the header of the input'; done
  for region in '{c:3-4}' '{c}:3-4' d:0-5; do mrf-bamread -H -r "$region" in.bam >/dev/null; done
}

@test "bamread: a region that is unknown, an input without an index or from a pipe are errors" {
  sorted_bam
  run_apart mrf-bamread -r nowhere sorted.bam
  assert_status 2
  assert_stderr_is "mrf-bamread: cannot use region 'nowhere': not in the header of the input; try 'mrf-bamread --help'"
  rm sorted.bam.bai
  run_apart mrf-bamread -r chr1 sorted.bam
  assert_status 1
  assert_stderr_is "mrf-bamread: cannot read regions of 'sorted.bam': it has no index; see samtools-index(1)"
  : >sorted.bam.bai
  run_apart mrf-bamread -r chr1 sorted.bam
  assert_status 1
  assert_stderr_is "mrf-bamread: cannot read regions of 'sorted.bam': its index 'sorted.bam.bai' is cut off, or is none: samtools-index(1) makes it again"
  run_apart bash -c 'cat sorted.bam | mrf-bamread -r chr1'
  assert_status 1
  assert_stderr_is "mrf-bamread: cannot read regions of 'standard input': only a file with an index has regions"
}

@test "bamread: an index that is older than its file gives a warning, whichever of its names is read" {
  sorted_bam
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram sorted.bam
  samtools index in.cram
  warns() { # INDEX FILE WORD...
    run_apart mrf-bamread --no-header -o found.sam "${@:3}" "$2"
    assert_status 0
    local text="the index '$1' is older than '$2' and read before others: make it anew, or remove it"
    assert_stderr_is "${1:+mrf-bamread: $text}"
  }
  for file in sorted.bam in.cram; do
    index=$file.bai
    [[ $file == *.bam ]] || index=$file.crai
    warns '' $file -r chr1
    touch -d '2 days ago' $index
    warns $index $file -r chr1
    printf 'chr1\t1\t9\n' >some.bed
    warns $index $file -M -L some.bed
    warns '' $file -L some.bed
    warns '' $file -r chr1 --quiet
    mv $index ${file%.*}.${index##*.}
    warns ${file%.*}.${index##*.} $file -r chr1
  done
  touch sorted.bai
  samtools index -c sorted.bam
  touch -d '2 days ago' sorted.bam.csi
  warns sorted.bam.csi sorted.bam -r chr1
  touch -d '3 days ago' sorted.bam sorted.bai
  warns '' sorted.bam -r chr1
}

@test "bamread: regions of a file that is cut off are truncated" {
  sorted_bam
  samtools view --no-PG -h sorted.bam chr1 >expected.sam
  head -c -28 sorted.bam >cut.bam
  mv sorted.bam.bai cut.bam.bai
  touch cut.bam.bai # not older than what it is of
  run_apart mrf-bamread -r chr1 -o out.sam cut.bam
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot read 'cut.bam': truncated: the end-of-file block is missing"
  run_apart mrf-bamread -r chr1 --allow-truncated -o out.sam cut.bam
  assert_status 0
  assert_stderr_is "mrf-bamread: the input 'cut.bam' is truncated: the end-of-file block is missing"
  cmp out.sam expected.sam
}

@test "bamread: a URL is read like a file, by http and https, whole and by regions" {
  sorted_bam
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram sorted.bam
  samtools index in.cram
  mv sorted.bam* in.cram* "$WWW"
  export CURL_CA_BUNDLE=$CA
  for server in "$HTTP" "$HTTPS"; do
    for name in sorted.bam in.cram; do
      for threads in 0 2; do
        mrf-bamread -@ $threads "$server/$name" | cmp - <(bam_text "$WWW/$name")
        mrf-bamread -@ $threads -r chr2:1-200000 "$server/$name" >found.sam
        samtools view -h --no-PG "$WWW/$name" chr2:1-200000 | cmp - found.sam
        [[ $(grep -vc ^@ found.sam) -gt 10 ]]
      done
    done
  done
  mrf-bamwrite -o out.bam "$HTTP/sorted.bam"
  assert_same_sam out.bam "$WWW/sorted.bam"
  assert_files found.sam out.bam
}

@test "bamread: what the server refuses is status 4, and no message shows a secret" {
  run_apart mrf-bamread --stats stats "http://user:pass@${HTTP#http://}/none.bam?sig=secret"
  assert_status 4
  assert_stderr_is "mrf-bamread: cannot open '$HTTP/none.bam': the server has no such file"
  run ! grep -E 'secret|pass' stats
  run_apart mrf-bamread "$HTTP/s3error?status=403&sig=secret"
  assert_status 4
  assert_stderr_is "mrf-bamread: cannot open '$HTTP/s3error': the server denies access"
  for url in http://user:SE/CRET@127.0.0.1:1/x http://user:SE?CRET@127.0.0.1:1/x 'http://user:SE#CRET@127.0.0.1:1/x'; do
    run_apart mrf-bamread "$url"
    ((status == 4))
    [[ $stderr == "mrf-bamread: cannot open 'http://..."*"': the server refuses the request" ]]
    [[ $stderr != *SE* && $stderr != *CRET* ]]
  done
  for url in s3://AK:SECRET@b/x.bam gs://AK:SE/CRET@b/x.bam; do
    run_apart mrf-bamread "$url"
    assert_status 2
    grep -F "mrf-bamread: cannot read '${url%%:*}://...@b/x.bam': getm-fetch failed" <<<"$stderr"
    [[ $stderr != *SE* && $stderr != *CRET* ]]
    HTS_S3_HOST=127.0.0.1:1 GCS_OAUTH_TOKEN='' run_apart mrf-bamread -r chr1 "s3:${url#*:}"
    [[ $stderr == "mrf-bamread: cannot open 's3://...@b/x.bam': the server"* ]]
  done
  head -c -28 "$(small_bam)" >"$WWW/cut.bam"
  run_apart bash -c "mrf-bamread --add-pg '$HTTP/cut.bam?sig=secret' >out.sam"
  assert_status 3
  assert_stderr_is "mrf-bamread: cannot read '$HTTP/cut.bam': truncated: the BGZF end-of-file block is missing"
  grep -F "CL:mrf-bamread --add-pg $HTTP/cut.bam" out.sam
  run ! grep secret out.sam
}

@test "bamread: a server that is away, fails, or lets go in the middle is status 5" {
  cp "$(small_bam)" "$WWW/data"
  for url in http://127.0.0.1:1/in.bam "$HTTP/s3error?status=503" "$HTTP/s3error?status=500" "$HTTPS/data"; do
    run_apart mrf-bamread "$url"
    assert_status 5
    assert_stderr_is "mrf-bamread: cannot open '${url%%\?*}': the server cannot be reached or does not answer"
  done
  run_apart bash -c "mrf-bamread '$HTTP/short/?times=9' >out.sam"
  assert_status 5
  assert_stderr_is "mrf-bamread: cannot read '$HTTP/short/': the connection ended before the whole file came; getm-fetch asks for the rest of one: getm-fetch URL - | mrf-bamread -"
}

@test "--index: the index that samtools index makes, of BAM, CRAM and SAM in BGZF" {
  samtools sort --no-PG -o in.bam "$(small_bam)"
  samtools view -h --no-PG in.bam | bgzip >in.sam.gz
  samtools view -C --output-fmt-option no_ref -o in.cram in.bam
  mrf-bamread --index bam.bai in.bam
  mrf-bamread --index sam.bai -@ 2 in.sam.gz
  mrf-bamread --index cram.crai in.cram
  samtools index -b in.bam expected.bai && cmp expected.bai bam.bai
  samtools index -b in.sam.gz expected.bai && cmp expected.bai sam.bai
  samtools index in.cram && cmp <(gzip -dc in.cram.crai) <(gzip -dc cram.crai)
  samtools view -H --no-PG in.bam | sed 's/\tLN:[0-9]*/\tLN:600000000/' >long.sam
  samtools view -b --no-PG -o long.bam long.sam
  mrf-bamread --index long.csi long.bam
  [[ $(gzip -dc long.csi | head -c 3) == CSI ]]
}

@test "--index: what has none is status 3, what does not go with it status 2, and an earlier file stays" {
  echo earlier >x.bai
  samtools sort -n --no-PG -o names.bam "$(small_bam)"
  run_apart mrf-bamread --index x.bai names.bam
  assert_status 3
  assert_stderr_has "mrf-bamread: cannot index 'names.bam': its records are not sorted by position, one of them ends"
  samtools view -h --no-PG names.bam >in.sam
  run_apart mrf-bamread --index x.bai in.sam
  assert_status 3
  [[ $(cat x.bai) == earlier ]]
  run_apart mrf-bamread --index x.bai -r chr1 names.bam
  assert_status 2
  run_apart mrf-bamread --index x.bai - <names.bam
  assert_status 2
  run_apart mrf-bamread --index x.bai nowhere.bam
  assert_status 1
}
