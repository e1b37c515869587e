#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The forms of lists: checksum lists, filereports of ENA, URLs; and what is wrong with them.
load common
load getm-fetch

setup_file() {
  serve_many_samples
  mkdir -p "$WWW/run/deep"
  head -c 700 /dev/urandom >"$WWW/run/reads.bam"
  head -c 900 /dev/urandom >"$WWW/run/deep/4075_8#12 50%+?.bam"
}
teardown_file() { stop_servers; }

sum_of() { "${1}sum" <"$2" | cut -d' ' -f1; }
upper() { tr a-f A-F <<<"$1"; }
# refused REASON: the list `l` is status 2, and nothing is fetched
refused() {
  fetch "${@:2}" -m l
  assert_status 2
  assert_stderr_is "getm-fetch: cannot use manifest 'l': $1"
  assert_files l
}

@test "-O puts the files of every kind of list below a directory" {
  local f=$WWW/many kind
  printf '[{"url":"%s","filepath":"a/"},{"url":"%s"},{"url":"%s","filepath":"deep"}]' "$HTTP"/many/f{1,2,3} >json
  printf '%s  f1\n%s  a/f2\n' "$(sum_of md5 "$f/f1")" "$(sum_of md5 "$f/f2")" >sums
  printf 'run_accession\tfastq_ftp\nR1\t%s\n' "$HTTP/many/f4" >report
  echo "$HTTP/many/f5" >urls
  mkdir -p d/deep
  fetch -q -O d -m json
  assert_status 0
  mkdir "$WWW/sums"
  cp "$f/f1" "$WWW/sums"
  cp -r "$f" "$WWW/sums/a"
  fetch -q -O made/d/ --base-url "$HTTP/sums" -m sums
  assert_status 0
  for kind in report urls; do
    fetch -q -O d/ -m "$kind"
    assert_status 0
  done
  [[ $(find . -type f | sort | tr '\n' ' ') == "./d/a/f1 ./d/deep/f3 ./d/f2 ./d/f4 ./d/f5 ./json ./made/d/a/f2 ./made/d/f1 ./report ./sums ./urls " ]]
  fetch --verify-only -O made/d -m sums
  assert_status 0
  assert_stderr_has "verified 2 of 2 files"
  printf '[{"url":"%s","filepath":"../f1"}]' "$HTTP/many/f1" >json
  fetch -O d -m json
  assert_status 2
  assert_stderr_has "has the target 'd/../f1', which is outside of '$PWD/d'"
  fetch -O none -m urls
  assert_status 2
  assert_stderr_has "cannot use option '--filepath': the files of a manifest need a directory: DIR/, or one that exists"
  fetch -m urls data/
  assert_status 2
  assert_stderr_has "cannot use 'data/': nothing goes beside a manifest; -O DIR/ puts the files of the list below DIR"
}

@test "a checksum list in each form that md5sum and its kin write or read" {
  local f=$WWW/many
  {
    printf '# a comment\n\n'
    printf '%s  f1\r\n' "$(sum_of md5 "$f/f1")"
    printf '%s *./f2\n' "$(upper "$(sum_of md5 "$f/f2")")"
    printf 'MD5 (f3) = %s\n' "$(sum_of md5 "$f/f3")"
    printf 'SHA2-256(.//f4)= %s\n' "$(sum_of sha256 "$f/f4")"
    printf '%s\tf5\n' "$(sum_of sha1 "$f/f5")"
    printf '%s f6\n' "$(sum_of sha512 "$f/f6")"
    printf 'SHA256 (f7) = %s\n' "$(base64_of "$(sum_of sha256 "$f/f7")")"
    printf '%s  %s/many/f8' "$(sum_of sha256 "$f/f8")" "$HTTP"
  } >l
  fetch --require-checksum --progress json --base-url "$HTTP/many" -m l
  assert_status 0
  for i in {1..8}; do cmp "f$i" "$f/f$i"; done
  [[ $(grep '^{' <<<"$stderr" | jq -r 'select(.event == "file") | .target + " " + .verified_by' | sort | xargs) == \
    "f1 md5 f2 md5 f3 md5 f4 sha256 f5 sha1 f6 sha512 f7 sha256 f8 sha256" ]]
  md5sum -c --quiet <(grep -E '^[0-9A-Fa-f]{32} |^MD5' l | tr -d '\r')
}

@test "names with everything that a name may hold, in both directions" {
  local name
  cp "$WWW/one" 'a b'
  for name in $'new\nline' 'back\slash' $'re\rturn' ' blank' '*star' 'p(a) = b' 'h#a?s%41&é' ./-; do
    printf '%s' "$name" >"$WWW/many/$name"
    (cd "$WWW/many" && md5sum -- "$name") >>l
    [[ $name == *$'\n'* || $name == *[\\]* || $name == *$'\r'* ]] || (cd "$WWW/many" && md5sum --tag -- "$name") >>tags
  done
  fetch --require-checksum --base-url "$HTTP/many/" -m l
  assert_status 0
  for name in $'new\nline' 'back\slash' $'re\rturn' ' blank' '*star' 'p(a) = b' 'h#a?s%41&é' ./-; do
    [[ $(cat <"./$name") == "$name" ]]
  done
  fetch --verify-only --write-checksums again.md5 -m l
  assert_status 0
  md5sum -c --quiet again.md5
  cmp again.md5 l
  fetch --verify-only -m tags
  assert_status 0
  rm -- "$WWW/many/$name"
}

@test "what is no line of a list is named with its number" {
  local line reason good
  good=$(printf '%s  f1' "$(sum_of md5 "$WWW/many/f1")")
  while IFS='|' read -r line reason; do
    printf '%s\n%b\n' "$good" "${line//@/$HTTP}" >l
    refused "line 2${reason//@/$HTTP}" --base-url "$HTTP/many"
  done <<'END'
hello| is neither a URL nor a line of md5sum(1) or sha256sum(1): 'hello'
@/many/f1 out| is neither a URL nor a line of md5sum(1) or sha256sum(1): '@/many/f1 out'
<html>| is neither a URL nor a line of md5sum(1) or sha256sum(1): '<html>'
d41d8cd98f00b204e9800998ecf8427  f2| has a checksum of 31 digits; md5 has 32, sha1 40, sha256 64, sha512 128
d41d8cd98f00b204e9800998ecf8427e| has a checksum without a name
d41d8cd98f00b204e9800998ecf8427e  -| names standard input
d41d8cd98f00b204e9800998ecf8427e  d/| names 'd/', which cannot be a file
d41d8cd98f00b204e9800998ecf8427e  f1| has another checksum of 'f1' than line 1: a file has one
SHA1 (f1) = da39a3ee5e6b4b0d3255bfef95601890afd80709| has another checksum of 'f1' than line 1: a file has one
@/f1| has the target of line 1, 'f1'; in a JSON manifest, "filepath" gives files their names
\\d41d8cd98f00b204e9800998ecf8427e  a\\tb| has a name with an escape other than \\, \n and \r: 'a\tb'
BLAKE2b (f2) = 00| has a checksum of kind 'BLAKE2b', which is none of MD5, SHA1, SHA256, SHA512
MD5 (f2) = 00| has '00', which is no MD5
d41d8cd98f00b204e9800998ecf8427e  ../f2|: cannot use name '../f2': ".." in it leaves the base URL
d41d8cd98f00b204e9800998ecf8427e  a/../f2|: cannot use name 'a/../f2': ".." in it leaves the base URL
d41d8cd98f00b204e9800998ecf8427e  /f2|: cannot use name '/f2': it is absolute, not below the base URL
@/| has '@/', which does not end in a file name
@/a%0ab| has '@/a%0ab', which does not end in a file name: it has no control characters, and is not '.' or '..'
gopher://h/x|: cannot use URL 'gopher://h/x': none of http, https, ftp, ftps, s3, gs, drs
END
  local long
  long=$(printf 'n%.0s' {1..256})
  printf '%s\n' "$HTTP/$long" >l
  refused "line 1 would write '$long', with a name of more than 255 bytes"
  printf 'd41d8cd98f00b204e9800998ecf8427e  %s/f\n' "$long" >l
  refused "line 1 would write '$long/f', with a name of more than 255 bytes" --base-url "$HTTP/many"
  printf '%s\n' "$good" >l
  fetch --base-url many -m l
  assert_status 2
  assert_stderr_has "cannot use URL 'many': "
  refused "line 1 names 'f1', which is no URL; --base-url says where the files are"
  echo 'http//me:pAssw0rd@h/o' >l
  refused "line 1 is neither a URL nor a line of md5sum(1) or sha256sum(1): '...@h/o'"
  printf 'x\0y\n' >l
  refused "it has NUL bytes, as md5sum -z writes them: lines end with a line feed"
  printf '\xff\xfeh\0' >l
  refused "it is UTF-16; 'iconv -f UTF-16 -t UTF-8' makes UTF-8 of it"
  printf '\xfe\xff\0h' >l
  refused "it is UTF-16; 'iconv -f UTF-16 -t UTF-8' makes UTF-8 of it"
  printf '\n# nothing\n' >l
  refused "it lists no file"
  : >l
  refused "it lists no file"
}

@test "a list that names itself, and lines that are there twice, are passed over with a warning" {
  local md5
  md5=$(md5_of "$WWW/many/f1")
  printf '%s  f1\nd41d8cd98f00b204e9800998ecf8427e  sums\n%s  ./f1\n%s  f1\n' "$md5" "$md5" "$md5" >sums
  cp sums before
  fetch --base-url "$HTTP/many" -m sums
  assert_status 0
  assert_stderr "getm-fetch: cannot use all of manifest 'sums': line 2 names the list itself, and is passed over"
  assert_stderr "getm-fetch: cannot use all of manifest 'sums': 2 of its lines repeat earlier ones, the first is line 3"
  assert_stderr_has "fetched 1 of 1 files, 100 bytes in "
  cmp sums before
  mkdir d
  cp sums d
  rm sums
  fetch --base-url "$HTTP/many" -m d/sums
  assert_status 0
  assert_stderr_has "line 2 names the list itself"
  fetch --base-url "$HTTP/many" -m - <d/sums
  assert_status 4
  printf '%s  f1\n%s  f1\n' "$md5" "$(wrong "$md5")" >l
  fetch --base-url "$HTTP/many" -m l
  assert_status 2
  assert_stderr_is "getm-fetch: cannot use manifest 'l': line 2 has another checksum of 'f1' than line 1: a file has one"
  printf '[{"url":"%s","filepath":"l"}]' "$HTTP/one" >l
  fetch -m l
  assert_status 2
  assert_stderr_is "getm-fetch: cannot use manifest 'l': entry 1 would write 'l', which is the manifest itself"
}

@test "--base-url: a query stays behind the names, and no message shows its secret" {
  printf '%s  f1\n%s  sub/none\n' "$(md5_of "$WWW/many/f1")" "$(md5_of "$WWW/many/f1")" >l
  fetch -c --base-url "$HTTP/many?sig=hidden#x" --progress json --report report -m l
  assert_status 4
  cmp f1 "$WWW/many/f1"
  assert_stderr_has "cannot fetch '$HTTP/many/sub/none?sig=...': Not Found"
  [[ $(logged) == *"GET /many/f1?sig=hidden "* ]]
  run ! grep -r hidden report <<<"$stderr"
  [[ $stderr != *hidden* ]]
  printf '[]' >m.json
  fetch --base-url "$HTTP/many" -m m.json
  assert_status 2
  assert_stderr_has "cannot use option '--base-url': the manifest is JSON, which has the URLs"
}

@test "a list at a URL: its names are beside it, and its own is passed over" {
  mkdir "$WWW/set"
  cp "$WWW/many/f1" "$WWW/many/f2" "$WWW/set"
  (cd "$WWW/set" && { md5sum f1 f2 && md5sum f1 | sed 's/  f1/  sums.txt/'; } >"$TMPDIR/sums" && mv "$TMPDIR/sums" sums.txt)
  fetch --require-checksum --report report -m "$HTTP/set/sums.txt?sig=hidden/x"
  assert_status 0
  run ! grep hidden report <<<"$stderr"
  [[ $stderr != *hidden* ]]
  rm f1 f2
  fetch --require-checksum --report report -m "$HTTP/set/sums.txt"
  assert_status 0
  cmp f1 "$WWW/many/f1"
  assert_stderr_has "cannot use all of manifest '$HTTP/set/sums.txt': line 3 names the list itself"
  [[ $(jq -r .list report) == "$HTTP/set/sums.txt" ]]
  forget_log
  fetch --verify-only -m "$HTTP/set/sums.txt"
  assert_status 0
  (($(logged | wc -l) == 1))
  fetch -m "$HTTP/set/none?sig=hidden" --report report
  assert_status 4
  assert_stderr_is "getm-fetch: cannot fetch '$HTTP/set/none?sig=...': Not Found (HTTP 404)"
}

@test "a list at a URL: a warning without a length, a limit of 256 MiB, and a token from a pipe" {
  start_server "http://127.0.0.1:@PORT@" python3 "$ROOT/tests/servers/raw-answers" @PORT@
  printf x >x
  fetch -m "$SERVER_URL/list-no-size" --verify-only
  stop_started || true
  assert_status 0
  assert_stderr_has "getm-fetch: read list '$SERVER_URL/list-no-size', its size unchecked: the server did not say how many bytes there are; 21 came"
  truncate -s 257M "$WWW/huge"
  fetch -m "$HTTP/huge"
  rm "$WWW/huge"
  assert_status 3
  assert_stderr_is "getm-fetch: cannot read list '$HTTP/huge': it has more than 256 MiB"
  (cd "$WWW/many" && md5sum f1) >"$WWW/many/one.sums"
  fetch -q --bearer-file <(echo token) -m "$HTTP/many/one.sums"
  assert_status 0
  cmp f1 "$WWW/many/f1"
}

@test "a list at a URL that is refused is fetched from the one that --refresh-command prints" {
  (cd "$WWW/many" && md5sum f1) >"$WWW/many/one.sums"
  fetch -q --base-url "$HTTP/many/" --refresh-command "env >>seen; echo '$HTTP/many/one.sums'" \
    -m "$HTTP/raw/?head=403%20Expired"
  assert_status 0
  cmp f1 "$WWW/many/f1"
  [[ $(grep ^GETM_TARGET seen) == GETM_TARGET= ]]
}

@test "a list that is one of b2sum by its name is refused, unless a line says its kind or is too short" {
  local name line
  for name in b2sums.txt BLAKE2b.txt; do
    b2sum "$WWW/one" | sed "s, .*/,  ," >"$name"
    fetch --base-url "$HTTP/" -m "$name"
    assert_status 2
    assert_stderr "getm-fetch: cannot use manifest '$name': line 1 has a checksum of BLAKE, by the name of the list, which is none of MD5, SHA1, SHA256, SHA512"
    [[ ! -e one ]]
  done
  for line in "$(md5_of "$WWW/one")  one" "SHA256 (one) = $(sha256sum <"$WWW/one" | cut -d ' ' -f 1)"; do
    echo "$line" >b2sums.txt
    fetch -q --base-url "$HTTP/" -m b2sums.txt
    assert_status 0
    rm one
  done
}

@test "--verify-only of a checksum list needs no URL" {
  cp "$WWW/many/f1" "$WWW/many/f2" .
  printf '%s  f1\n%s  f2\n' "$(md5_of f1)" "$(md5_of f1)" >l
  forget_log
  fetch --verify-only -m l
  assert_status 3
  assert_stderr "getm-fetch: cannot verify 'f2': md5 is $(md5_of f1), but the data has $(md5_of f2)"
  assert_stderr "getm-fetch: verified 1 of 2 files; 0 unverified, 1 failed"
  [[ -z $(logged) ]]
  printf '%s  %s\n' "$(md5_of f1)" "$PWD/f1" >l
  fetch --verify-only -m l
  assert_status 0
}

@test "a list of URLs" {
  printf '\xef\xbb\xbf%s/many/f1?sig=a#b\r\n# no\n  %s/many/f2  \n%s/many/f1?sig=a#b\n' "$HTTP" "$HTTP" "$HTTP" >l
  fetch -m l
  assert_status 0
  cmp f1 "$WWW/many/f1"
  cmp f2 "$WWW/many/f2"
  assert_stderr_has "line 4 repeats an earlier one"
  assert_stderr "getm-fetch: 2 files are unverified, the first is 'f1': the server names no checksum; their sizes agree"
  assert_stderr_has "fetched 2 of 2 files, 300 bytes in "
}

# report LINE...: l is a filereport, @ standing for the server without a scheme, % for a tab
report() { printf '%s\n' "${@//@/${TLS#https://}}" | tr % '\t' >l; }
ena() { fetch --cacert "$CA" "$@" -m l; }

@test "a filereport: lists in step, https without a scheme, paths as they are on disk" {
  local a b
  a=$(md5_of "$WWW/many/f1") b=$(md5_of "$WWW/many/f2")
  report 'run_accession%fastq_ftp%fastq_md5%fastq_bytes%sample_title' \
    "R1%@/many/f1;@/many/f2%$a;$b%100;200%two; of them" \
    "R2%@/run/reads.bam;%$(md5_of "$WWW/run/reads.bam");%700%" \
    "R3%@/run/deep/4075_8#12 50%+?.bam%%900%"
  sed -i 's/50\t+/50%+/' l
  ena --require-checksum -c --progress json --report report
  assert_status 3
  cmp f1 "$WWW/many/f1"
  cmp f2 "$WWW/many/f2"
  cmp reads.bam "$WWW/run/reads.bam"
  assert_stderr_has "4075_8%2312%2050%25%2B%3F.bam': the server names no checksum"
  [[ $(jq -r '.outcomes[] | "\(.target)=\(.verified_by)"' report | head -n 3 | xargs) == \
    "f1=fastq_md5 f2=fastq_md5 reads.bam=fastq_md5" ]]
  ena
  assert_status 0
  cmp '4075_8#12 50%+?.bam' "$WWW/run/deep/4075_8#12 50%+?.bam"
  assert_stderr_has "fetched 1 of 4 files, 900 bytes in "
  assert_stderr_has "; 3 there already, 1 unverified, 0 failed"
}

@test "a filereport that is out of step is refused, and nothing is paired by chance" {
  local line reason md5=d41d8cd98f00b204e9800998ecf8427e
  while IFS='|' read -r line reason; do
    report 'run_accession%fastq_ftp%fastq_md5%fastq_bytes' "R0%@/many/f3%$md5%300" "${line//MD5/$md5}"
    ena
    assert_status 2
    assert_stderr_is "getm-fetch: cannot use manifest 'l': line 3 ${reason//@/${TLS#https://}}"
  done <<'END'
R1%@/many/f1;@/many/f2%MD5%1;2|has 2 files in fastq_ftp, but 1 values in fastq_md5
R1%@/many/f1%MD5;MD5%1|has 1 files in fastq_ftp, but 2 values in fastq_md5
R1%@/many/f1;@/many/f2%MD5;MD5%1|has 2 files in fastq_ftp, but 1 values in fastq_bytes
R1%%MD5%|has 0 files in fastq_ftp, but 1 values in fastq_md5
R1%@/many/f1;;@/many/f2%MD5;MD5;MD5%1;2;3|has an empty place among the files in fastq_ftp
R1%@/many/f1%MD5|has 3 columns, but the first line 4
R1%@/many/f1%MD5%1%x|has 5 columns, but the first line 4
R1%@/many/f1%MD%1|column 'fastq_md5': cannot use checksum 'MD': it is no md5
R1%@/many/f1%MD5%1 KB|has '1 KB' in fastq_bytes, which is no size
R1%f1%MD5%1|column 'fastq_ftp': cannot use name 'f1': it is neither a URL nor a host and a path
R1%@/many/%MD5%1|has '@/many/' in fastq_ftp, which names no file
R1%@/run/f3%MD5%1|has the target of line 2, 'f3'; in a JSON manifest, "filepath" gives files their names
END
  report 'fastq_ftp%fastq_ftp' 'a/b%a/c'
  ena
  assert_stderr_is "getm-fetch: cannot use manifest 'l': line 1 has column 'fastq_ftp' twice"
  report 'fastq_ftp%fastq_bytes' '@/many/f1%101'
  ena
  assert_status 3
  assert_stderr_has "cannot verify '$TLS/many/f1': it is to have 101 bytes, but has 100"
  assert_files l
}

@test "the kinds of files of a filereport, runs without any, columns that miss or are not known" {
  report 'run_accession%submitted_ftp%submitted_md5%fastq_ftp%fastq_md5sum%sra_ftp' \
    "R1%@/run/reads.bam%$(md5_of "$WWW/run/reads.bam")%@/many/f1%x%@/one" 'R2%%%%%' 'R3%%%%%'
  ena
  assert_status 0
  assert_stderr "getm-fetch: cannot use all of manifest 'l': it has no column 'fastq_md5': only what the server says can verify those files"
  assert_stderr "getm-fetch: cannot use all of manifest 'l': column 'fastq_md5sum' is not known, and ignored"
  assert_stderr "getm-fetch: cannot use all of manifest 'l': 2 of its rows have no files, the first is line 3 (R2)"
  assert_stderr_has "fetched 1 of 1 files"
  assert_files l f1
  ena -q --ena-files submitted,sra
  assert_status 0
  assert_files l f1 reads.bam one
  ena --ena-files bam
  assert_status 2
  assert_stderr_is "getm-fetch: cannot use manifest 'l': line 1 has no column 'bam_ftp'"
  report 'run_accession%sra_ftp%submitted_ftp' 'R1%@/one%@/many/f2'
  ena -q
  assert_status 0
  cmp f2 "$WWW/many/f2"
  printf '%s/one' "$HTTP" >l
  ena --ena-files sra
  assert_status 2
  assert_stderr_has "cannot use option '--ena-files': the manifest is no filereport of ENA"
}

@test "the JSON form of a filereport" {
  jq -n --arg at "${TLS#https://}/many" --arg a "$(md5_of "$WWW/many/f1")" --arg b "$(md5_of "$WWW/many/f2")" \
    '[{run_accession: "R1", fastq_ftp: "\($at)/f1;\($at)/f2", fastq_md5: "\($a);\($b)", fastq_bytes: "100;200"},
      {run_accession: "R2", fastq_ftp: "", fastq_md5: "", fastq_bytes: ""}]' >l
  ena --require-checksum
  assert_status 0
  cmp f1 "$WWW/many/f1"
  cmp f2 "$WWW/many/f2"
  assert_stderr_has "manifest 'l': entry 2 (R2) has no files"
}

@test "a filereport without a file is refused: a mistyped accession is no success" {
  printf 'run_accession\tfastq_ftp\tfastq_md5\n' >l
  run_apart getm-fetch -m l
  assert_status 2
  assert_stderr_is "getm-fetch: cannot use manifest 'l': it lists no file"
  printf 'run_accession\tfastq_ftp\tfastq_md5\nERR1\t\t\n' >l
  run_apart getm-fetch --verify-only -m l
  assert_status 2
  assert_stderr_has "cannot use manifest 'l': it lists no file"
}
