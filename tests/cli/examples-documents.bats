#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Every command of README.md, docs/cluster.md, docs/tldr and the EXAMPLES of the man pages, as it stands there, on data as users
# have it: reads without a cell, long stretches without a match, filters that drop a mate or a record. Only the server's
# name is replaced, and what an example supposes to be there is made.

# bats file_tags=unsanitized

load common
load ../servers/servers

setup() {
  common_setup
  mkdir data examples
  pushd data >/dev/null || return 1
  make_data
  serve "$PWD"
  popd >/dev/null || return 1
}

teardown() {
  stop_started
  common_teardown
}

script() {
  cat >"$1"
  chmod +x "$1"
}

make_filters() {
  script filter.py <<'END'
#!/usr/bin/python3
import sys
for number, line in enumerate(sys.stdin):
    if line.startswith("@") or number % 3 != 0:
        sys.stdout.write(line)
END
  cp filter.py filter && cp filter.py per-cell.py && cp filter.py stem.py
  printf '#!/bin/sh\nexec sed "/^@/!s/$/\\tXX:Z:a/"\n' | script annotate
  script trim-pairs <<'END'
#!/usr/bin/awk -f
# Drops the second mate of every hundredth pair.
NR % 4 == 1 { drop = ++records % 200 == 0 }
!drop { print }
END
  printf '#!/bin/sh\nexec ./trim-pairs\n' | script trim
  printf '#!/bin/sh\nseq 3 7\n' | script find-a
  printf '#!/bin/sh\nseq 5 9\n' | script find-b
  script tag.py <<'END'
#!/usr/bin/python3
import pysam
with pysam.AlignmentFile("-", "rb", check_sq=False) as source, pysam.AlignmentFile("-", "wb", template=source) as out:
    for record in source:
        record.set_tag("XX", "a")
        out.write(record)
END
}

fastq() { awk -v mate="$1" 'BEGIN { for (i = 1; i <= 1000; ++i) print "@r" i "/" mate "\nACGTACGTAC\n+\nIIIIIIIIII" }'; }

make_data() {
  make_filters
  samtools view -h --no-PG "$(small_bam 2000)" | sed 's/SN:chr2\tLN:[0-9]*/SN:chr7\tLN:159345973/; s/\tchr2\t/\tchr7\t/' >in.sam
  samtools view --no-PG -b -o in.bam in.sam && samtools index in.bam
  samtools view -H --no-PG in.bam >header.sam
  for name in a lane1 lane2 lane3 sample; do cp in.bam $name.bam; done
  cp in.sam sample.sam
  (yes 'only spam and error' | head -n 30000 && seq 100) >in.txt
  cp in.txt words.txt && cp in.txt reads.txt
  gzip -k in.txt && cp in.txt.gz words.gz && cp in.txt.gz log.gz
  (echo name,place,value && seq 3000 | awk '{ print "n" $1 ",p," $1 % 2 }') >table.csv
  tr , '\t' <table.csv >table.tsv
  fastq 1 | gzip >R1.fq.gz && fastq 2 | gzip >R2.fq.gz
  cp R1.fq.gz reads.fq.gz && fastq 1 >in.fastq && cp in.fastq lane1.fastq && cp in.fastq lane2.fastq
  awk 'BEGIN { srand(1); print ">chr1"; for (i = 0; i < 20; ++i) { for (j = 0; j < 60; ++j) printf "%s", substr("ACGT", 1 + int(rand() * 4), 1); print "" } }' >ref.fa
  bwa index ref.fa 2>/dev/null
  mrf-run --report sample.report.json -i in.txt -o unused.txt -- cat
  cp sample.report.json report.json
  for at in 0 1; do
    (cat header.sam && grep -v '^@' in.sam | awk -v OFS='\t' -v at=$at 'NR % 2 == at { print $0, "mi:i:" NR }') |
      samtools view --no-PG -b -o numbered.$at -
  done
  mrf-distribute -i in.txt p0 p1 p2 p3
  mrf-distribute -i in.txt part.0 part.1
  cat >prelude.smk <<'END'
urls = {"sample": "https://example.org/run7/sample.bam"}
END
  mkdir run7 && cp sample.bam run7/
  md5sum sample.bam >md5sums.txt && cp md5sums.txt run7/
  mkdir -p 1000genomes lab-data/run7 .aws ga4gh/drs/v1/objects
  echo changes >1000genomes/CHANGELOG && cp sample.bam lab-data/run7/
  printf '[lab]\naws_access_key_id = KEY\naws_secret_access_key = SECRET\n' >.aws/credentials
  printf '#!/bin/sh\necho token\n' | script gcloud
  printf 'chr1\t0\t100000\n' >exons.bed
}

# The stores and lists that examples name: an S3 and ENA beside the files, and a GA4GH server with TLS.
serve_stores() {
  local name
  for name in $(compgen -e | grep -E '^(AWS_|GCS_|STORAGE_)'); do unset "$name"; done
  export AWS_EC2_METADATA_DISABLED=true AWS_ENDPOINT_URL=$SERVED CURL_CA_BUNDLE=$PWD/ca.pem
  printf 'run_accession\tfastq_ftp\tfastq_md5\tfastq_bytes\nr\t%s/R1.fq.gz\t%s\t%s\n' "$SERVED" \
    "$(md5sum <data/R1.fq.gz | cut -c1-32)" "$(stat -c %s data/R1.fq.gz)" >data/filereport
  make_certificates "$PWD"
  cat >tls.py <<'END'
import functools, http.server, ssl, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[2])
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
END
  start_server https://127.0.0.1:@PORT@/ python3 tls.py @PORT@ "$PWD/data"
  DRS=localhost:${SERVER_URL##*:} DRS=${DRS%/}
  jq -n --arg url "https://$DRS/run7/sample.bam" --arg md5 "$(md5sum <data/sample.bam | cut -c1-32)" \
    '{id: "314159", name: "object.bam", checksums: [{type: "md5", checksum: $md5}],
      access_methods: [{type: "https", access_url: {url: $url}}]}' >data/ga4gh/drs/v1/objects/314159
}

# What FILE, an example of KIND, is run by, in a directory of its own.
run_example() {
  local file=$1 command target
  export HOME=$PWD XDG_CACHE_HOME=$PWD/cache
  case $2 in
    sh) bash -e -o pipefail "$file" ;;
    make)
      target=$(grep -o '^[^ :&]*' "$file" | head -n 1)
      target=${target/\%/sample}
      rm -f "$target"
      make -f "$file" "$target" && [[ -e $target ]]
      ;;
    snakemake)
      target=$(sed -n 's/^ *output: .*"\(.*\)".*/\1/p' "$file")
      target=${target//\{sample\}/sample}
      target=${target/\{i\}/0}
      rm -f "$target"
      cat prelude.smk "$file" >Snakefile
      snakemake "$target" --cores 4 --quiet && [[ -e $target ]]
      ;;
    workflow)
      command=$(sed -n '1s/^# [^ ]*: \(mrf-run .*\)/\1/p' "$file")
      if [[ -n $command ]]; then
        cp "$file" "${command##* }"
      else
        command="mrf-run -D out=out.bam $file"
        # shellcheck disable=SC2016
        ! grep -q '\$in' "$file" || command="mrf-run -D in=in.bam -D out=out.bam $file"
      fi
      bash -e -c "$command"
      ;;
  esac
}

assert_examples() {
  local document=$1 example name result results
  "$ROOT/tests/cli/document_examples.py" "$ROOT/$document" examples
  for example in examples/*; do
    ! grep -q '^\(scripts/demo\|meson \)' "$example" || sed -i '/^scripts\/demo\|^meson /d' "$example"
    sed -i "s,https://example.org,$SERVED,; s,getm-fetch URL,getm-fetch $SERVED/in.bam,
      s,drs://drs.example.org,drs://${DRS-},; s,https://www.ebi.ac.uk/ena/portal/api/filereport,$SERVED/filereport," "$example"
    name=$(basename "$example")
    rm -rf "$name" && cp -r data "$name"
    sed -i "s,https://example.org,$SERVED," "$name/prelude.smk"
    jq -n --arg url "$SERVED/in.bam" '[{url: $url, filepath: "fetched.bam"}]' >"$name/manifest.json"
    if ! grep -q mkfifo "$example"; then
      for at in 0 1; do mv "$name/numbered.$at" "$name/out.$at"; done
    fi
    cp "$example" "$name/example"
    run_apart timeout 300 bash -c "$(declare -f run_example); cd '$name' && PATH=\$PWD:\$PATH URL=$SERVED/in.bam run_example example ${name##*.}" </dev/null
    [[ $status == 0 ]] || show_result "$document: $(cat "$example")"
    mapfile -t results < <(grep -o -- '-o [a-zA-Z][a-zA-Z0-9]*\.[a-z.]*' "$example" | cut -d ' ' -f 2)
    for result in "${results[@]}"; do
      if grep -q -- '--try' "$example"; then
        [[ ! -e $name/$result ]] || show_result "$result written: $(cat "$example")"
        continue
      fi
      [[ -s $name/$result ]] || show_result "no $result: $(cat "$example")"
      [[ $result != *.bam ]] || samtools quickcheck "$name/$result"
    done
    rm -rf "$name"
  done
}

@test "README.md" { assert_examples README.md; }
@test "docs/cluster.md" { assert_examples docs/cluster.md; }
@test "docs/tldr: one screen for each program" {
  local page
  for page in "$ROOT"/man/*.1; do
    page=docs/tldr/$(basename "$page" .1).md
    [[ $(wc -l <"$ROOT/$page") -le 30 ]] || { echo "$page is longer than a screen" && false; }
    assert_examples "$page"
    rm -rf examples/*
  done
}
@test "mrf-report(1)" { assert_examples man/mrf-report.1; }
@test "mrf-run(1)" { assert_examples man/mrf-run.1; }
@test "mrf-chunks(1)" { assert_examples man/mrf-chunks.1; }
@test "mrf-collect(1)" { assert_examples man/mrf-collect.1; }
@test "mrf-distribute(1)" { assert_examples man/mrf-distribute.1; }
@test "mrf-bamread(1), mrf-bamwrite(1)" { assert_examples man/mrf-bamread.1 && assert_examples man/mrf-bamwrite.1; }
@test "getm-fetch(1)" {
  serve_stores
  assert_examples man/getm-fetch.1
}
@test "mrf-workflow(5)" { assert_examples man/mrf-workflow.5; }
