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

# The script of the module, with its variables as Nextflow would set them.
module_script() {
  python3 - "$ROOT/packaging/nextflow/modules/mrftools/run/main.nf" <<'END'
import re, sys
text = open(sys.argv[1]).read().split("script:")[1].split('"""')[1]
known = {"prefix": "test.filtered", "suffix": "bam", "args": "-c 5", "reads": "sample.sam", "filter": "keep_mapped.awk",
         "filter_args": "", "task.cpus": "2", "meta.id": "test", "task.process": "MRFTOOLS_RUN"}
text = re.sub(r"(?<!\\)\$\{([\w.]+)\}", lambda name: known[name[1]], text)
print(re.sub(r"^    ", "", text, flags=re.M).replace("\\\\", "\\").replace("\\$", "$"))
END
}

@test "nextflow: the command of the module, with its test data" {
  cp "$ROOT"/packaging/nextflow/modules/mrftools/run/tests/{sample.sam,keep_mapped.awk} .
  module_script >script.sh
  run_apart bash -euo pipefail script.sh
  assert_status 0
  samtools view test.filtered.bam | cmp - <(awk -F '\t' '!/^@/ && $2 != 4' sample.sam)
  jq -e '.status == 0' test.filtered.report.json
  jq -e '.data | keys == ["test"]' test.filtered_mqc.json
  [[ $(<versions.yml) == *'"MRFTOOLS_RUN":'*"mrf-tools: $(mrf-run --version | sed -n '1s/.* //p')" ]]
}

@test "multiqc: the commands of its page" {
  cp "$(small_bam 500)" one.bam
  cp one.bam two.bam
  cp "$ROOT/packaging/multiqc/multiqc_config.yaml" .
  sed -n 's/^    //p' "$ROOT/packaging/multiqc/README.md" >commands.sh
  HOME=$PWD MPLCONFIGDIR=$PWD bash -euo pipefail commands.sh >said 2>&1 || { cat said && false; }
  cmp <(samtools view one.bam | awk '$5 >= 20') <(samtools view one.filtered.bam)
  [[ $(tail -n +2 multiqc_data/*mrf_run*.txt | cut -f 1 | xargs) == 'one two' ]]
}

# The packages of the build as NAME and least version, from what meson.build asks for.
asked_for() {
  sed -nE "s/^[a-z0-9_]+_dep = dependency\('([A-Za-z0-9_]+)', version: '>=([0-9.]+)'.*/\1 \2/p" "$ROOT/meson.build"
}

# MESON'S-NAME OTHER'S-NAME...: asked_for() with other names.
renamed() {
  local -A names
  while (($# > 0)); do
    names[$1]=$2
    shift 2
  done
  asked_for | while read -r name version; do echo "${names[$name]-$name} $version"; done | sort
}

@test "debian: the build's packages are those of meson.build and scripts/setup" {
  sed -n '/^Build-Depends:/,/^Standards/p' "$ROOT/packaging/debian/control" >depends
  renamed zlib zlib1g-dev libcurl libcurl4-gnutls-dev htslib libhts-dev libcrypto libssl-dev CLI11 libcli11-dev \
    nlohmann_json nlohmann-json3-dev libdeflate libdeflate-dev fmt libfmt-dev libhwy libhwy-dev libxxhash libxxhash-dev \
    libisal libisal-dev >needed
  (($(wc -l <needed) == 11))
  while read -r package version; do
    grep -qE "^ $package( \(>= ${version//./\\.}\)|,|\$)" depends || { echo "not in control: $package $version" && false; }
  done <needed
  "$ROOT/scripts/setup" --list >listed
  sed -nE 's/^ ([a-z0-9.+-]+).*/\1/p' depends | grep -vxE 'debhelper-compat|doctest-dev|python3' | sort |
    comm -23 - listed | cmp - /dev/null
}

@test "debian: the packaging is one that debhelper can read" {
  command -v dpkg-parsechangelog >/dev/null || skip "no dpkg-dev"
  cp -r "$ROOT/packaging/debian" debian
  [[ $(dpkg-parsechangelog -S Version) == "$(mrf-run --version | sed -n '1s/.* //p')-"* ]]
  perl -MDpkg::Control::Info -e 'my $info = Dpkg::Control::Info->new("debian/control");
    print join(" ", map { $_->{Package} } $info->get_packages()), "\n"' >packages
  [[ $(<packages) == 'mrf-tools libmrf-fetch1 libmrf-fetch-dev' ]]
  while read -r name; do [[ -x debian/tests/$name ]]; done < <(sed -n 's/^Tests: //p' debian/tests/control)
}

@test "conda: the recipe is YAML, has the version and the packages of the build, and its commands pass" {
  cat >render.py <<'END'
import sys
import jinja2, yaml
text = jinja2.Template(open(sys.argv[1]).read()).render(
    compiler=lambda name: name + "-compiler", pin_subpackage=lambda name, max_pin: name + " " + max_pin)
recipe = yaml.safe_load(text)
if sys.argv[2] == "version":
    print(recipe["package"]["version"])
if sys.argv[2] == "host":
    print("\n".join(line.replace(" >=", " ") for line in recipe["requirements"]["host"]))
if sys.argv[2] == "commands":
    print("\n".join(recipe["test"]["commands"]))
END
  # shellcheck disable=SC2209
  local python=/usr/bin/python3 recipe=$ROOT/packaging/conda/meta.yaml
  "$python" -c 'import jinja2, yaml' || skip "no jinja2 and yaml"
  [[ $("$python" render.py "$recipe" version) == "$(mrf-run --version | sed -n '1s/.* //p')" ]]
  renamed CLI11 cli11 libcrypto openssl libxxhash xxhash libisal isa-l >needed
  "$python" render.py "$recipe" host | sort >host
  # CRAM needs a later htslib than the build.
  sed -i 's/^htslib .*/htslib 1.16/' needed
  cmp needed host
  "$python" render.py "$recipe" commands | grep -v PREFIX >commands.sh
  bash -euo pipefail commands.sh >/dev/null
  bash -n "$ROOT/packaging/conda/build.sh"
}

@test "containers: the packages are those whose libraries the programs need" {
  command -v dpkg-query >/dev/null || skip "no dpkg"
  for program in getm-fetch mrf-{bamread,bamwrite,chunks,collect,distribute,report,run}; do
    objdump -p "$BIN/$program" | sed -n 's/^ *NEEDED *//p'
  done | sort -u >libraries
  grep -q libhts libraries
  while read -r library; do
    package=$(dpkg-query -S "*/*-linux-gnu/$library" | sed -n '1s/:.*//p')
    [[ $package == libc6 ]] || for file in Dockerfile mrf-tools.def; do
      tr ' ' '\n' <"$ROOT/packaging/containers/$file" | grep -qxF "$package" || { echo "$file: no $package" && false; }
    done
  done <libraries
}

@test "containers: both files run the same commands, and the programs come to the same place" {
  local here=$ROOT/packaging/containers
  sed ':again;/\\$/{N;s/\\\n *//;b again}; s/^RUN //; t; d' "$here/Dockerfile" | sed 's/ *&& */\n/g' >docker
  sed -n '/^%post/,/^$/s/^    //p' "$here/mrf-tools.def" | sed ':again;/\\$/{N;s/\\\n *//;b again}' >apptainer
  grep -q '^meson setup' docker && grep -q '^apt-get install' docker
  diff docker <(grep -vx 'cd /source' apptainer)
  grep -qx 'COPY --from=build /result/ /' "$here/Dockerfile"
  # Apptainer copies into a directory that is there, as /usr is.
  [[ $(sed -n '/^%files from build/{n;p}' "$here/mrf-tools.def" | xargs) == '/result/usr/local /usr' ]]
}

@test "docs/install.md has the least versions that meson.build asks for" {
  renamed zlib zlib libcurl libcurl libhwy Highway fmt fmt libxxhash xxHash libisal ISA-L libcrypto 'libcrypto (OpenSSL)' \
    nlohmann_json nlohmann-json >needed
  while read -r line; do
    grep -qF "| ${line% *} | ${line##* } |" "$ROOT/docs/install.md" || { echo "not there: $line" && false; }
  done <needed
  grep -qF "| Meson | $(sed -n "s/^  meson_version: '>=\(.*\)',$/\1/p" "$ROOT/meson.build") |" "$ROOT/docs/install.md"
}

@test "docs/install.md: programs find a htslib of one's own when they are built and when they run" {
  local libraries
  libraries=$(pkg-config --variable=libdir htslib)
  mkdir -p .local/lib/pkgconfig .local/include source
  cp -r "$(pkg-config --variable=includedir htslib)/htslib" .local/include
  cp -L "$libraries/libhts.so" .local/lib/libhts.so.3 && ln -s libhts.so.3 .local/lib/libhts.so
  sed "s,^prefix=.*,prefix=$PWD/.local,; s,^libdir=.*,libdir=\${prefix}/lib," "$libraries/pkgconfig/htslib.pc" \
    >.local/lib/pkgconfig/htslib.pc
  printf '#include <htslib/hts.h>\nint main() { return hts_version() == nullptr; }\n' >source/one.cc
  printf "project('one', 'cpp')\nexecutable('one', 'one.cc', dependencies: dependency('htslib'), install: true)\n" \
    >source/meson.build
  grep -A 2 'PKG_CONFIG_PATH=\$HOME' "$ROOT/docs/install.md" | sed -n 's/^    //p' >commands
  [[ $(wc -l <commands) == 2 ]]
  (cd source && HOME=${PWD%/*} && . ../commands && ninja -C build && DESTDIR=$PWD/root meson install -C build) >log
  [[ $(ldd "$(find source/root -name one)") == *"$PWD/.local/lib/libhts.so.3"* ]]
}
