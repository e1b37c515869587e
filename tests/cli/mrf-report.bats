#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What mrf-report makes of the report of a run.

load common
load run

# Copies, a FIFO that passes a row of jobs, an input and two results.
make_report() {
  seq 20000 >in.txt
  workflow --report report.json <<'E'
split: mrf-distribute --header-lines 1 --header-to out:header -i in.txt out:part[0] out:part[1] out:part[2]
work[3]: grep -v 7 < in:part[i] > out:done[i]
join: mrf-collect --order any --header in:header in:done[0] in:done[1] in:done[2] > out:all
last: tee save:copy.txt < in:all > save:out.txt
E
  assert_status 0
}

# FILE: well-formed, without scripts and without anything that is fetched.
is_harmless() {
  python3 - "$1" <<'END'
import html.parser, sys
class Checker(html.parser.HTMLParser):
    open = []
    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "iframe", "object", "embed", "img", "link", "base", "form", "a", "use"), tag
        for name, value in attributes:
            assert not name.startswith("on") and name not in ("src", "href", "xlink:href", "action"), name
            assert "url(" not in (value or "") or value == "url(#tip)", value
        if tag not in ("meta", "br"):
            self.open.append(tag)
    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
checker = Checker()
checker.feed(open(sys.argv[1], encoding="utf-8").read())
checker.close()
assert not checker.open, checker.open
END
}

well_formed() { python3 -c 'import sys, xml.etree.ElementTree as t; t.parse(sys.argv[1])' "$1"; }

@test "the page has the outcome, the flow, the jobs with their copies, the FIFOs and the results" {
  make_report
  run_apart mrf-report -o page.html report.json
  assert_status 0
  assert_output_is ''
  is_harmless page.html
  grep -q '^<p>Succeeded after ' page.html
  for text in '<b>work ×3</b>' '<b>part ×3</b>' '<code>out.txt</code>' '<code>copy.txt</code>' '>in.txt</text>' \
    '<code>grep -v 7</code>' '<h2>Flow</h2>'; do
    grep -qF "$text" page.html || { echo "no $text" && false; }
  done
  cmp page.html <(mrf-report <report.json)
  cmp page.html <(mrf-report - <report.json)
}

@test "the picture and the graph have each job once, each result, and each line between them" {
  make_report
  mrf-report --format svg report.json >flow.svg
  well_formed flow.svg
  (($(grep -c '<g class="job">' flow.svg) == 4))
  (($(grep -c '<g class="note">' flow.svg) == 3))
  (($(grep -c '<g class="fifo">' flow.svg) == 4))
  (($(grep -c 'marker-end' flow.svg) == 4 + 3))
  mrf-report --format dot report.json | dot -Tplain >drawn
  (($(grep -c ^node drawn) == 4 + 3))
  (($(grep -c ^edge drawn) == 4 + 3))
  mrf-report --format dot report.json | grep -q 'fillcolor="#'
  sed -i 's/"-v", "7"/"a\&amp;b"/; s/"7"/"a\&amp;b\&c"/' report.json
  mrf-report --format dot report.json | dot -Tsvg | grep -qF 'a&amp;amp;b&amp;c'
}

@test "the table is the one that mrf-run -v prints" {
  echo 'a: seq 3' >w.mrf
  run_apart mrf-run -v --report report.json w.mrf
  assert_status 0
  printf '%s\n' "$stderr" | sed -n '/^JOB/,$p' >printed
  mrf-report --format table report.json | cmp - printed
}

@test "a run that failed: the page has its status, the job and its last messages" {
  workflow --report report.json <<'E'
a: bash -c 'echo "<b>no & such</b>" >&2; exit 9' > out:x
b: cat in:x
E
  assert_status 9
  mrf-report -o page.html report.json
  is_harmless page.html
  grep -qF '<span class="failed">Failed with status 9</span> of <b>a</b>' page.html
  grep -qF '&lt;b&gt;no &amp; such&lt;/b&gt;' page.html
}

@test "names, commands, messages and values that hold markup are text in each form" {
  python3 - <<'END'
import json
bad = "</script></title></svg></pre>]]><script>alert(1)</script>\"'\\\n&amp;<img src=x onerror=y>\0\x1b[2J\uffff\U0001f600"
job = {"name": bad, "number": 0, "command": [bad, bad], "status": 3, "signal": None, "wall_s": 1, "user_s": 1,
       "sys_s": 1, "max_rss_bytes": 1, "stderr": [bad], "inputs": [bad, "2", "3", "4"], "results": [bad],
       "result": {bad: bad}, "tools": []}
other = {"name": "c", "number": None, "command": [], "result": bad}
fifo = {"name": bad, "writer": bad, "reader": "c", "records": 1, "bytes": 1, "empty": 0, "full": 1}
curve = {"at_s": [0, 1, 2], "bytes": [0, 5, 9], "records": [1, 2, 3], "bytes_total": 9}
report = {"workflow": bad, "status": 3, "wall_s": 2, "failed": bad, "bottleneck": bad, "results": [bad],
          "jobs": [job, other], "fifos": [fifo], "throughput": curve}
json.dump(report, open("report.json", "w"))
END
  mrf-report -o page.html report.json
  is_harmless page.html
  mrf-report --format svg report.json >flow.svg
  well_formed flow.svg
  mrf-report --format dot report.json | dot -Tsvg >drawn.svg
  well_formed drawn.svg
  mrf-report --format multiqc report.json | jq -e '.data | keys | length == 1'
  run_apart mrf-report --format table report.json
  assert_status 0
  [[ $output != *$'\e'* ]]
}

@test "what is no report is status 3, with what to do" {
  for text in '' x '[' '[]' 3 null '{}' '{"fifos": []}' '{"jobs": 3, "fifos": []}' '{"jobs": [], "fifos": []}' '{"jobs": [{}], "fifos": []}'; do
    printf '%s' "$text" >bad.json
    run_apart mrf-report -o page.html bad.json
    assert_status 3
    [[ $stderr == "mrf-report: cannot read 'bad.json': it "*"mrf-run"* ]]
    [[ ! -e page.html ]]
  done
  run_apart mrf-report no-such.json
  assert_status 1
  assert_stderr_is "mrf-report: cannot open 'no-such.json': No such file or directory"
  run_apart mrf-report a b
  assert_status 2
  run_apart mrf-report --format pdf bad.json
  assert_status 2
  run_apart mrf-report --sample x bad.json
  assert_status 2
}

@test "members that are missing or of another type are unknown" {
  for fifos in '' ', "fifos": 3' ', "fifos": [3, {}], "results": {}, "throughput": [1]'; do
    printf '{"jobs": [{"name": "a", "tools": 7, "command": {}}]%s}' "$fifos" >odd.json
    for format in html svg dot multiqc table; do
      run_apart mrf-report --format "$format" odd.json
      assert_status 0
      assert_stderr_is ''
    done
  done
}

@test "the chunks that --skip-failed left out, and the records of chunks" {
  seq 100 >in.txt
  run_apart mrf-run -c 30 --skip-failed --report left.json -i in.txt -o out.txt -- bash -c '((MRF_CHUNK == 2)) && exit 7; cat'
  assert_status 3
  mrf-report --format table left.json >table
  grep -qE '^work +1 +3 .* 100 +-$' table
  grep -qx 'LEFT OUT: 1 chunk' table
  grep -qx 'chunk 2, records 61 to 90: exit status 7' table
  mrf-report left.json >page.html
  is_harmless page.html
  grep -qF '<h2>Chunks left out: 1</h2>' page.html
  grep -qF '<code>chunk 2, records 61 to 90: exit status 7</code>' page.html
  mrf-report --format multiqc left.json | jq -e '.data[] | .left_out == 1 and .records_in == 100'
  run_apart mrf-run -c 30 --report all.json -i in.txt -o out.txt -- cat
  mrf-report --format multiqc all.json | jq -e '.data[] | .left_out == null and .records_in == 100'
  mrf-report --format table all.json >table
  if grep 'LEFT OUT' table; then false; fi
}

@test "the report is not overwritten" {
  echo '{"jobs": [{"name": "a"}], "fifos": []}' >r.json
  cp r.json kept.json
  ln -s r.json link.json
  for options in '-o r.json r.json' '-o link.json r.json' '-o ./r.json link.json'; do
    # shellcheck disable=SC2086
    run_apart mrf-report $options
    assert_status 2
    assert_stderr_has "mrf-report: cannot write '$(cut -d' ' -f2 <<<"$options")': the report itself"
    cmp r.json kept.json
  done
  run_apart bash -c 'mrf-report -o r.json <r.json'
  assert_status 2
  for command in 'mrf-report r.json >>r.json' 'mrf-report <r.json >>r.json' 'mrf-report 1<>r.json r.json'; do
    run_apart bash -c "$command"
    assert_status 2
    assert_stderr_has "mrf-report: cannot use output 'standard output': the same file as input"
    cmp r.json kept.json
  done
}

@test "reports as no run writes them: cycles, thousands of jobs, hundreds of lines" {
  echo '{"jobs": [{"name": "a"}, {"name": "b"}], "fifos": [{"name": "x", "writer": "a", "reader": "b"},
    {"name": "y", "writer": "b", "reader": "a"}, {"name": "z", "writer": "a", "reader": "a"}]}' >cycle.json
  jq -n '{jobs: [range(5000) | {name: "j\(.)"}],
    fifos: [range(4999) | {name: "f", writer: "j\(.)", reader: "j\(. + 1)"}]}' >many.json
  jq -n '{jobs: [range(150) | {name: "j\(.)"}],
    fifos: [range(149) | {name: "f", writer: "j0", reader: "j\(. + 1)"}, {name: "g", writer: "j\(.)", reader: "j\(. + 1)"}]}' >dense.json
  for odd in cycle many dense; do
    for format in html svg dot multiqc table; do
      run_apart timeout 300 mrf-report --format "$format" -o out.file $odd.json
      assert_status 0
      [[ $format != html ]] || is_harmless out.file
      [[ $format != svg ]] || well_formed out.file
      [[ $odd.$format != many.svg ]] || grep -q '5000 jobs are too many for a picture' out.file
      # No line leads up.
      [[ $odd.$format != cycle.svg ]] || (($(grep -c 'marker-end' out.file) == 0))
    done
  done
}

@test "MultiQC shows a row for each run" {
  make_report
  for sample in one two; do mrf-report --format multiqc --sample "$sample" -o "${sample}_mqc.json" report.json; done
  jq -e '.id == "mrf_run" and .plot_type == "table" and
    (.data.one | .status == 0 and .records_out > 0 and .wall_s > 0) and (.headers | has("wall_s"))' one_mqc.json
  mrf-report --format multiqc report.json | jq -e '.data | keys == ["copy"]'
  command -v multiqc >/dev/null || skip "no multiqc"
  HOME=$PWD MPLCONFIGDIR=$PWD multiqc -q -o shown . >said 2>&1 || { cat said && false; }
  table=$(find shown -name '*mrf_run*.txt' | head -n 1)
  [[ -n $table && $(tail -n +2 "$table" | cut -f 1 | xargs) == 'one two' ]] || { find shown && cat said && false; }
}

has_two_events() { (($(grep -c '"bytes":[1-9]' said) >= 2)); }
@test "the curve of the input is in the report" {
  seq 5000000 >in # more than fits into the FIFOs: the reader has it open
  mkfifo gate
  exec {gate}<>gate
  mrf-run --progress json:9 --report report.json -n 1 --order rows -i in -o out -- \
    bash -c 'read -r go <gate; cat' 9>said <&0 3>&- &
  wait_until has_two_events
  echo go >&"$gate"
  wait $!
  jq -e '.throughput | (.at_s | length) as $n | $n >= 1 and $n <= 240 and (.bytes | length) == $n and
    (.records | length) == $n and .bytes_total == 38888896 and .at_s == (.at_s | sort) and .bytes == (.bytes | sort) and
    .bytes[-1] > 0' report.json
  mrf-report report.json | grep -q '<h2>Input read</h2>'
}

@test "the curve of a pipe has what mrf-chunks read of it once, whatever else it reads and writes" {
  mkfifo gate
  exec {gate}<>gate
  (seq 3000000; read -r <gate; echo last) | mrf-run --progress json:9 --report report.json -n 2 -c 10000 -o out -- \
    cat 9>said 3>&- &
  wait_until grep -q '"bytes":[1-9]' said
  echo go >&"$gate"
  wait $!
  jq -e '.throughput.bytes | all(. <= 22888901) and .[-1] > 0' report.json
}

@test "in a run that has succeeded no job has failed, whatever its status" {
  seq 1000000 >in.txt
  workflow --report report.json <<'E'
all: cat in.txt > out:all
first: head -n 1 < in:all > save:first
none ok 0,1: grep -c nothing in.txt > save:none
E
  assert_status 0
  jq -e '[.jobs[].status] == [141, 0, 1]' report.json
  mrf-report report.json >page.html
  grep -q '^<p>Succeeded after ' page.html
  mrf-report --format svg report.json >flow.svg
  run_apart mrf-run -c 30 --skip-failed --report left.json -i <(seq 100) -o out.txt -- bash -c '((MRF_CHUNK == 2)) && exit 7; cat'
  assert_status 3
  mrf-report left.json >left.html
  grep -q '^<p>Succeeded without the chunks that were left out, status 3, after ' left.html
  mrf-report --format svg left.json >left.svg
  for file in page.html flow.svg left.html left.svg; do
    if grep -E 'class="[^"]*failed|#c00|\(status ' $file; then false; fi
  done
}
