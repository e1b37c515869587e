#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The kinds of input and output of mrf-run's short form, --key and --record bam.

load common

short() { run_apart timeout -k 5 300 mrf-run -n 3 "$@"; }

# FILE MATE RECORDS: the names end in /MATE.
make_fastq() {
  seq "$3" | awk -v mate="$2" '{ print "@r" $1 "/" mate "\nACGT" mate "\n+\nIIIII" }' >"$1"
}

@test "--record bam: the filter sees BAM; seq keeps the order although records are dropped" {
  bam=$(small_bam)
  for order in seq rows chunk; do
    short --record bam -c 100 --order "$order" -l 1 -i "$bam" -o out.bam -- samtools view -u --no-PG
    assert_status 0
    assert_same_sam "$bam" out.bam
  done
  short --record bam -c 7 -i "$bam" -o out.bam -- samtools view -u --no-PG -q 30
  assert_status 0
  cmp <(samtools view --no-PG -h -q 30 "$bam") <(sam_text out.bam)
  assert_files out.bam
  assert_nothing_left
}

@test "--record bam from SAM, CRAM and standard input, to SAM, CRAM and standard output" {
  bam=$(small_bam)
  samtools view --no-PG -h -o in.sam "$bam"
  samtools view --no-PG -C --output-fmt-option no_ref=1 -o in.cram "$bam"
  # IN OUT COLUMNS: samtools itself changes tags on the way into CRAM.
  record_bam() {
    short --record bam -i "$1" -o "$2" -- samtools view -u --no-PG
    assert_status 0
    cmp <(samtools view "$1" | cut -f "$3") <(samtools view "$2" | cut -f "$3")
  }
  record_bam in.sam out.bam 1-
  record_bam in.cram out.sam 1-
  record_bam in.sam out.cram 1-11
  run_apart bash -c 'timeout 300 mrf-run -n 2 --record bam -i - -- samtools view -u --no-PG < "$1" > piped.bam' _ "$bam"
  assert_status 0
  assert_same_sam "$bam" piped.bam
}

@test "--record bam of a file that is cut is status 3 without a result" {
  head -c 200000 "$(small_bam)" >cut.bam
  short --record bam -i cut.bam -o out.bam -- samtools view -u
  assert_status 3
  head -c -28 "$(small_bam)" >cut.bam
  short --record bam -i cut.bam -o out.bam -- samtools view -u
  assert_status 3
  assert_stderr_has cut.bam
  assert_files cut.bam
}

@test "--key: records of one key meet in one copy, and come back in order" {
  bam=$(small_bam)
  short --key name:12 -i "$bam" -o out.bam -- bash -c 'tee "part.$$"'
  assert_status 0
  assert_same_sam "$bam" out.bam
  ((3 == $(find . -name 'part.*' | wc -l)))
  [ -z "$(for part in part.*; do cut -c 1-12 "$part" | sort -u; done | sort | uniq -d)" ]
  short --key tag:CB -i "$bam" -o other.bam -- cat
  assert_status 3
  assert_stderr_has "has no tag CB"
  [ ! -e other.bam ]
}

@test "--key over lines: any order by default, exact with seq; a missing key is status 3" {
  for i in $(seq 3000); do echo "$i	$((i % 17))"; done >in.txt
  short --key column:2 -i in.txt -o out.txt -- awk '{ n[$2]++ } END { for (k in n) print k, n[k] }'
  assert_status 0
  cmp <(sort out.txt) <(awk '{ n[$2]++ } END { for (k in n) print k, n[k] }' in.txt | sort)
  short --key column:2 --order seq -i in.txt -o out.txt -- cat
  assert_status 0
  cmp in.txt out.txt
  rm out.txt
  echo "no column" >>in.txt
  short --key column:2 -i in.txt -o out.txt -- cat
  assert_status 3
  assert_files in.txt
  short --key colour -i in.txt -o out.txt -- cat
  assert_status 2
}

@test "FASTQ, plain and gzip, in and out" {
  make_fastq in.fq 1 5000
  gzip -k in.fq
  for order in chunk rows any; do
    short --order "$order" -i in.fq.gz -o "out-$order.fastq.gz" -- cat
    assert_status 0
    [ "$(head -c 2 "out-$order.fastq.gz" | od -An -tx1)" = " 1f 8b" ]
  done
  cmp in.fq <(zcat out-chunk.fastq.gz)
  cmp in.fq <(zcat out-rows.fastq.gz)
  cmp <(paste - - - - <in.fq | sort) <(zcat out-any.fastq.gz | paste - - - - | sort)
  short -l 0 -i in.fq -o stored.fq.gz -- cat
  assert_status 0
  (($(stat -c %s stored.fq.gz) > $(stat -c %s in.fq)))
  head -n -1 in.fq >cut.fq
  short -i cut.fq -o out.fq -- cat
  assert_status 3
  [ ! -e out.fq ]
}

@test "two FASTQ inputs in step: the filter sees mates by turns, each output gets its own" {
  make_fastq 1.fq 1 2000
  make_fastq 2.fq 2 2000
  gzip -k 2.fq
  keep_even='{ keep = !(substr($0, 3) % 2); for (i = 0; i < 8; i++) { if (keep) print; if (i < 7) getline } }'
  for order in chunk any; do
    short --order "$order" -c 10 -i 1.fq -i 2.fq.gz -o x.fq -o y.fq.gz -- awk "$keep_even"
    assert_status 0
    cmp <(paste - - - - <x.fq | sort) <(paste - - - - <1.fq | awk 'NR % 2 == 0' | sort)
    cmp <(cut -d/ -f1 x.fq | sed -n 1~4p) <(zcat y.fq.gz | cut -d/ -f1 | sed -n 1~4p)
  done
  short -i 1.fq -i 2.fq -- cat
  assert_status 0
  [ "$(head -n 8 <<<"$output" | sed -n 1~4p)" = $'@r1/1\n@r1/2' ]
  assert_files 1.fq 2.fq 2.fq.gz x.fq y.fq.gz
}

@test "two FASTQ inputs that are not in step are status 3 without a result" {
  make_fastq 1.fq 1 2000
  make_fastq 2.fq 2 1999
  short -i 1.fq -i 2.fq -o x.fq -o y.fq -- cat
  assert_status 3
  make_fastq 2.fq 2 2001
  short -i 1.fq -i 2.fq -o x.fq -o y.fq -- cat
  assert_status 3
  sed -i '4001s/.*/@other/' 2.fq
  short -i 1.fq -i 2.fq -o x.fq -o y.fq -- cat
  assert_status 3
  assert_files 1.fq 2.fq
  assert_nothing_left
}

@test "CRAM with a reference, in and out" {
  bam=$(small_bam 500)
  samtools view -H "$bam" | awk -F'[:\t]' '/^@SQ/ { print ">" $3; n = $5; s = ""; while (length(s) < 60) s = s "ACGT"
    for (at = 0; at < n && at < 3000000; at += 60) print substr(s, 1, n - at < 60 ? n - at : 60) }' >ref.fa
  samtools faidx ref.fa
  short -T ref.fa -i "$bam" -o out.cram -- cat
  assert_status 0
  samtools view -C --no-PG -T ref.fa -o expected.cram "$bam"
  cmp <(samtools view -T ref.fa expected.cram) <(samtools view -T ref.fa out.cram)
  short -T ref.fa -i out.cram -o back.bam -- cat
  assert_status 0
  cmp <(samtools view -T ref.fa expected.cram) <(samtools view back.bam)
}

# Serves ./data with a checksum of the body, right or not.
serve_with_md5() {
  mkfifo url
  python3 - "$1" >url 2>/dev/null 3>&- <<'END' &
import base64, hashlib, http.server, pathlib, sys
right = sys.argv[1] == "right"
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = pathlib.Path("data") / self.path[1:]
        if not path.exists():
            return self.send_error(404)
        body = path.read_bytes()
        self.send_response(200)
        digest = hashlib.md5(body if right else body + b"!").digest()
        self.send_header("Content-MD5", base64.b64encode(digest).decode())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
END
  SERVER=$!
  read -r URL <url
  rm url
}
stop_serving() {
  kill "$SERVER"
  wait "$SERVER" || unset SERVER
}

@test "a URL is verified on the way: a right checksum gives a result" {
  mkdir data && cp "$(small_bam)" data/in.bam && seq 1000 | gzip >data/in.txt.gz
  serve_with_md5 right
  short -i "$URL/in.bam" -o out.bam -- cat
  assert_status 0
  assert_same_sam data/in.bam out.bam
  short -i "$URL/in.txt.gz" -o out.txt -- cat
  assert_status 0
  cmp out.txt <(seq 1000)
}

@test "a checksum that is wrong at the very end leaves no result, whatever the chain" {
  mkdir data && cp "$(small_bam)" data/in.bam && seq 1000 >data/in.txt
  serve_with_md5 wrong
  for options in "-i $URL/in.bam -o out.bam" "-i $URL/in.bam --record bam -o out.bam" "-i $URL/in.txt -o out.txt" \
    "-i $URL/in.txt --order any -o out.txt.gz"; do
    # shellcheck disable=SC2086
    short $options -- cat
    assert_status 3
    assert_stderr "mrf-run: cannot finish 'fetch': exit status 3"
    assert_files data data/in.bam data/in.txt
  done
  short -i "$URL/missing.bam" -o out.bam -- cat
  assert_status 4
  assert_files data data/in.bam data/in.txt
  stop_serving
  assert_nothing_left
}

@test "options that contradict each other, or would do nothing, are refused before anything starts" {
  seq 10 >in.txt
  refused() {
    run_apart mrf-run "$@" -- cat
    assert_status 2
    assert_stderr_has "mrf-run: cannot "
    assert_files in.txt
  }
  refused -i in.txt -o out.bam --input-format bamm
  refused -i in.txt -o out.fq --output-record bam
  refused -i in.txt -o out.txt --record bam
  refused -i in.bam -o out.bam --record line
  refused -i in.bam -o out.bam --output-record bam
  refused -i in.bam -o out.fq --record bam --order seq
  refused -i in.bam -o out.bam --header-lines 1
  refused -i in.txt -o out.txt --header-lines 1 --header-prefix '#'
  refused -i in.txt -o out.txt --header-broadcast
  refused -i in.txt -o out.txt --missing skip
  refused -i in.txt -o out.txt --ok-status x
  refused -i in.txt -o out.txt -c auto --order any
  refused -i in.txt -o out.txt --key column:1 --missing ./in.txt
  refused -i a.fq -i b.fq -o x.fq -o y.fq --singles s.fq --order any
  refused -i in.bam -o out.bam --record bam --header-broadcast
  refused -i in.txt -o out.txt -l 1
  refused -i in.txt -o out.txt -T ref.fa
  refused -i in.txt -o out.txt --key column:1 --order rows
  refused -i in.txt -o out.txt --key column:1 --order chunk
  refused -i in.txt -o out.txt --key column:1 -c 10
  refused -i in.txt -o a -o b
  refused -i in.txt -i in.txt -o a -o b
  refused -i a.fq -i b.fq -o a -o a
  refused -i a.fq -i b.fq -i c.fq -o a
  refused -i a.fq -i b.fq -o a.fq -o -
  refused -i a.fq -i b.fq -o x.bam -o y.bam
  refused -i a.fq -i b.fq -o x.fq -o y.bam
  refused -i a.fq -i b.fq -o x.fq -o y.fa.gz
  refused -i a.fq -i b.fq -o x.fa -o y.fq
  refused -i a.fq -i b.fq -o x.fq -o y.fq -O bam
  refused -i a.fq -i b.fq -o x.fq -o y.fq -l 1
  refused -i in.txt -o out.txt -@ -1
  run_apart script -qec 'mrf-run -o out.txt -- cat' typescript
  [[ $output == *"it needs -i INPUT"* ]]
  rm typescript
  refused -i in.txt -o in.txt
}
