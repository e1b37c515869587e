#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# docs/guide.md: every block, as it stands there, in the order of the page, and what the results have to be.

# bats file_tags=unsanitized

load common

setup_file() {
  cd "$BATS_FILE_TMPDIR" || return 1
  mkdir data bin
  ln -s "$(pysam_python)" bin/python3
  cd data || return 1
  export LC_ALL=C.UTF-8
  cp "$(small_bam 3000)" in.bam && samtools index in.bam
  "$ROOT/tests/data/make-reads" --pairs 300
  gzip R1.fq R2.fq
  bwa index ref.fa 2>/dev/null
  seq 300000 | awk '{ print $1, "n" $1 % 7 }' >words.txt
  cp "$ROOT/docs/guide.md" other.txt
  seq 500 | awk '{ bases = "A"; while (length(bases) < $1 % 99) bases = bases "ACG"; print ">s" $1 "\n" bases }' >in.fa
  seq 500 | xz >in.txt.xz
  seq 500 | jq -c '{name: "n\(.)", value: (. % 4)}' >in.jsonl
  (echo 'name,place,value' && seq 500 | awk '{ print "n" $1 ",p," $1 % 3 - 1 }') >table.csv
  {
    printf '##fileformat=VCFv4.2\n##contig=<ID=c1,length=100000>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n'
    seq 500 | awk -v OFS='\t' '{ print "c1", $1 * 10, ".", "A", "C", $1 % 60, ".", "." }'
  } | bgzip >in.vcf.gz
}

# The Python that has pysam: the system's, as a rule.
pysam_python() {
  local python
  for python in /usr/bin/python3 "$(type -P python3)"; do
    ! "$python" -c 'import pysam' 2>/dev/null || { echo "$python" && return; }
  done
  echo "no Python with pysam: scripts/setup --tests installs it" >&2
  return 1
}

setup() {
  common_setup
  export PATH="$BATS_FILE_TMPDIR/bin:$PATH" HOME=$PWD XDG_CACHE_HOME=$PWD/cache
  cp "$BATS_FILE_TMPDIR"/data/* .
}

# The blocks of a section, in the working directory.
follow() {
  run_apart timeout 300 "$ROOT/tests/cli/guide.py" "$ROOT/docs/guide.md" "$1"
  assert_status 0
  [[ -z $(find "$TMPDIR" -mindepth 1) ]] || show_result "left in TMPDIR: $(find "$TMPDIR" -mindepth 1)"
}

@test "guide: every section with a block is a test here" {
  local section
  while IFS= read -r section; do
    grep -qF "\"$section\"" "$BATS_TEST_FILENAME" || { echo "no test follows '$section'" && false; }
  done < <("$ROOT/tests/cli/guide.py" "$ROOT/docs/guide.md")
}

@test "guide: the first result" { follow "The first result"; }
@test "guide: what a run does" { follow "What a run does"; }
@test "guide: write a filter" {
  follow "Write a filter"
  cmp <(samtools view awk.bam) <(samtools view python.bam)
  cmp <(samtools view awk.bam) <(samtools view pysam.bam)
}
@test "guide: which order" {
  follow "Which order"
  cmp <(samtools view in.bam | ./filter.py) <(samtools view seq.bam)
  cmp <(samtools view seq.bam | sort) <(samtools view any.bam | sort)
}
@test "guide: jobs of your own" { follow "Jobs of your own"; }
@test "guide: cells and UMIs" {
  follow "Cells and UMIs"
  [[ $(samtools view -c white.bam) -ge 20 ]]
  cmp <(samtools view white.bam) <(samtools view same.bam)
}
@test "guide: paired reads" {
  follow "Paired reads"
  cmp <(zcat pairs.fq.gz) <(seqtk mergepe T1.fq.gz T2.fq.gz)
}
@test "guide: alignment" {
  follow "Alignment"
  [[ $(samtools view -c -f 3 interleaved.bam) -ge 500 && $(samtools view -c marked.bam) -ge 600 ]]
  ! samtools view -H sorted.bam | grep '^@PG.*held' || false
}
@test "guide: VCF, CSV, headers" {
  follow "VCF, CSV, headers"
  cmp table.csv same.csv
}
@test "guide: FASTA, JSON, NUL" {
  follow "FASTA, JSON, NUL"
  cmp <(seq 500 | grep -v 9) some.txt
}
@test "guide: map and reduce" {
  follow "Map and reduce"
  cmp <(sort words.txt) sorted.txt
  cmp <(echo '#number word' && sort words.txt) titled.txt
  [[ $(<distinct.txt) == 7 ]]
  cmp <(samtools view in.bam | cut -f 3 | sort | uniq -c | awk '{ print $1, $2 }') <(sort -k2 references.txt)
}
@test "guide: tables beside the result" {
  follow "Tables beside the result"
  [[ $(($(samtools view -c high.bam) + $(wc -l <low.tsv))) == 3000 ]]
}
@test "guide: downloads" {
  local run7=$PWD/web/run7
  mkdir -p "$run7" && cp in.bam R1.fq.gz web/ && cp R1.fq.gz "$run7/a_1.fq.gz" && cp R2.fq.gz "$run7/a_2.fq.gz"
  cp ref.fa "$run7/" && (cd "$run7" && md5sum ref.fa >md5sums.txt)
  mkdir web/bucket && cp in.bam web/bucket/
  serve "$PWD/web"
  export AWS_ENDPOINT_URL=$SERVED AWS_EC2_METADATA_DISABLED=true
  {
    printf 'run_accession\tfastq_ftp\tfastq_md5\n'
    printf 'a\t%s/run7/a_1.fq.gz;%s/run7/a_2.fq.gz\t%s;%s\n' "$SERVED" "$SERVED" \
      "$(md5sum <R1.fq.gz | cut -c1-32)" "$(md5sum <R2.fq.gz | cut -c1-32)"
  } >filereport.tsv
  rm ref.fa
  follow "Downloads"
  cmp web/run7/a_2.fq.gz reads/a_2.fq.gz
  cmp web/run7/ref.fa ref.fa
  cmp web/run7/a_2.fq.gz run7/a_2.fq.gz
}
@test "guide: Make, Snakemake, Nextflow" {
  mkdir -p web/run7 && cp in.bam web/run7/ && (cd web/run7 && md5sum in.bam >md5sums.txt)
  serve "$PWD/web"
  follow "Make, Snakemake, Nextflow"
  cmp in.filtered.bam in.kept.bam
  [[ $(make in.kept.bam) == *'up to date'* ]]
}
@test "guide: Slurm and shards" {
  ((EUID == 0)) || skip "Slurm's daemons start as root only"
  SLURM_CONF=$("$ROOT/tests/servers/slurm" start "$BATS_TEST_TMPDIR/slurm")
  export SLURM_CONF
  cp R1.fq.gz run7_1.fastq.gz && cp R2.fq.gz run7_2.fastq.gz
  run_apart timeout 300 "$ROOT/tests/cli/guide.py" "$ROOT/docs/guide.md" "Slurm and shards"
  "$ROOT/tests/servers/slurm" stop "$BATS_TEST_TMPDIR/slurm"
  assert_status 0
  cmp <(zcat R1.fq.gz) <(zcat filtered/run7_1.fastq.gz)
}
@test "guide: troubleshooting" { follow "Troubleshooting"; }

# FILE...: prints the links of these pages that lead nowhere.
dead_links() {
  python3 - "$@" <<'E'
import pathlib, re, sys

def anchors(path):
    text = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.M | re.S)
    titles = re.findall(r"^#+ +(.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}

for name in sys.argv[1:]:
    page = pathlib.Path(name)
    text = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        place = page.parent / target if target else page
        if not place.exists() or anchor and anchor not in anchors(place):
            print(f"{name}: {link}")
E
}

@test "links: those within the project lead to what is there" {
  local pages
  printf '# A title\n[x](#a-title) [y](#none) [z](gone.md) [w](https://example.org)\n' >page.md
  [[ $(dead_links page.md) == $'page.md: #none\npage.md: gone.md' ]]
  cd "$ROOT"
  mapfile -t pages < <(find . -name '*.md' -not -path './build*' -not -path './.git/*' | sort)
  ((${#pages[@]} > 15))
  run dead_links "${pages[@]}"
  assert_output_is ''
}
