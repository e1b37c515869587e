// SPDX-License-Identifier: MIT
#include "workflow/plan.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "plan_of.h"

namespace {

std::string shown(const mrf::workflow::PlannedJob& job) {
  std::string all = job.display_name() + ":";
  for (const auto& word : job.words) {
    all += " ";
    for (const auto& part : word) {
      if (part.kind == mrf::workflow::WordPart::Kind::in) all += "<";
      if (part.kind == mrf::workflow::WordPart::Kind::out) all += ">";
      if (part.kind == mrf::workflow::WordPart::Kind::save) all += "!";
      all += part.text;
    }
  }
  return all;
}

}  // namespace

TEST_CASE("the workflow of the man page becomes jobs and FIFOs") {
  const auto plan = plan_of(
      "# reconstruct.mrf\n"
      "n = 2\n"
      "read:     mrf-bamread -@ 2 $in > out:sam\n"
      "split:    mrf-distribute --sam --header-to out:header \\\n"
      "            -i in:sam out:part[n]\n"
      "work[n]:  ./filter.py < in:part[i] > out:done[i]\n"
      "join:     mrf-collect --header in:header in:done[n] > out:all\n"
      "write:    mrf-bamwrite -o save:$out in:all\n",
      {{"in", "a b.bam"}, {"out", "c d.bam"}});
  REQUIRE(plan.jobs.size() == 6);
  CHECK(shown(plan.jobs[0]) == "read: mrf-bamread -@ 2 a b.bam");
  CHECK(shown(plan.jobs[1]) == "split: mrf-distribute --sam --header-to >header -i <sam >part[0] >part[1]");
  CHECK(shown(plan.jobs[3]) == "work[1]: ./filter.py");
  CHECK(shown(plan.jobs[4]) == "join: mrf-collect --header <header <done[0] <done[1]");
  CHECK(shown(plan.jobs[5]) == "write: mrf-bamwrite -o !c d.bam <all");
  CHECK(plan.fifos.size() == 7);
  CHECK(plan.results == std::vector<std::string>{"c d.bam"});
  for (const auto& fifo : plan.fifos) {
    if (fifo.name != "done[1]") continue;
    CHECK(fifo.writers == std::vector<std::size_t>{3});
    CHECK(fifo.reader == 4);
  }
}

TEST_CASE("variables: -D wins, values are never parsed again, blanks are kept") {
  const auto plan =
      plan_of("x = 1\ny = a  'b c' $x\njob: echo $x \"$y\" ${y}z '$x'\n", {{"x", "$y; in:q 'z"}});
  CHECK(shown(plan.jobs[0]) == "job: echo $y; in:q 'z a  b c $y; in:q 'z a  b c $y; in:q 'zz $x");
}

TEST_CASE("numbers: own and all, in FIFO names and in other words") {
  const auto plan = plan_of("k = 2\na[k]: x log.[i] all[k] [z] '[i]' > out:q[i]\nb: y in:q[k] [k]\n");
  CHECK(shown(plan.jobs[1]) == "a[1]: x log.1 all0 all1 [z] [i]");
  CHECK(shown(plan.jobs[2]) == "b: y <q[0] <q[1] 0 1");
  CHECK(plan_of("a[2]: x out:q[i]\nb: y --from=in:q[0] in:q[1]\n").jobs.size() == 3);
  CHECK(shown(plan_of("a[2]: x out:q[i]\nb: y --from=in:q[0] in:q[1]\n").jobs[2]) ==
        "b: y --from=<q[0] <q[1]");
}

TEST_CASE("numbers of a variable count in the names of results too") {
  const auto plan =
      plan_of("k = 2\na: x save:part[k] --table=save:t[k].tsv save:log[i] y[k] save:z[other]\n");
  CHECK(shown(plan.jobs[0]) == "a: x !part0 !part1 --table=!t0.tsv --table=!t1.tsv !log[i] y[k] !z[other]");
  CHECK(plan.results.size() == 6);
  check_refused("k = 2\na: x > save:part[k]\n", "w.mrf:2: a redirection goes to one file only");
  check_refused("k = abc\na: x save:part[k]\n", "w.mrf:2: 'abc' is no number of jobs (1 to 100000)");
  check_refused("k = 2\nm = 2\na[k]: x save:r[i]\nb[m]: x a[k][m]\n",
                "w.mrf:4: [k] and [m] stand in one word, which counts with one of them");
  CHECK(shown(plan_of("k = 2\na[k]: x a[k][i][k]\n").jobs[1]) == "a[1]: x a010 a111");
}

TEST_CASE("exit statuses that are success, and the size of the array") {
  const auto plan = plan_of("k = 2\na[k] ok 0,1: x\nb ok 3 : y\nc: z\n");
  CHECK(plan.jobs[1].display_name() == "a[1]");
  CHECK(plan.jobs[1].ok_statuses == std::set<int>{0, 1});
  CHECK(plan.jobs[1].count == 2);
  CHECK(plan.jobs[2].display_name() == "b");
  CHECK(plan.jobs[2].ok_statuses == std::set<int>{0, 3});
  CHECK(plan.jobs[3].ok_statuses == std::set<int>{0});
  for (const std::string list : {"1,", "x", "256", "-1", "0 1"}) {
    check_refused("a ok " + list + ": x\n",
                  "w.mrf:1: '" + list + "' is no list of exit statuses: write 'ok 0,1'");
  }
  check_refused(
      "a okay 1: x\n",
      "w.mrf:1: 'a okay 1' is no name for a job: it takes letters, digits and _-, and no digit in front");
}

TEST_CASE("references stand at the start of a word or behind its first =") {
  const auto plan = plan_of("a: x save:a=b.bam of=save:c if=x=in:p xin:p\n");
  CHECK(shown(plan.jobs[0]) == "a: x !a=b.bam of=!c if=x=in:p xin:p");
  const auto behind =
      plan_of("v = f=g\na: x o$v=save:b 'q'=save:'a b' \"a=\"x=save:c $v'save:d' o\"=save:e\"\n");
  CHECK(shown(behind.jobs[0]) == "a: x of=g=!b q=!a b a=x=!c f=gsave:d o=save:e");
  const auto numbered = plan_of("n = 2\na[n]: x to[i]=out:p[i]\nb: y from[n]=in:p[n]\n");
  CHECK(shown(numbered.jobs[1]) == "a[1]: x to1=>p[1]");
  CHECK(shown(numbered.jobs[2]) == "b: y from0=<p[0] from1=<p[1]");
}

TEST_CASE("quoted references are words") {
  const auto plan = plan_of("a: x 'in:p' \"out:p\" \\in:p\n");
  CHECK(plan.fifos.empty());
  CHECK(shown(plan.jobs[0]) == "a: x in:p out:p in:p");
}

TEST_CASE("what is wrong is told with its line") {
  check_refused("", "w.mrf:1: there is no job in it: write 'NAME: COMMAND' for each");
  check_refused("\njust words\n",
                "w.mrf:2: neither 'name: command' nor 'name = value'; \\ at the end of a line continues it");
  check_refused("a:\n", "w.mrf:1: job 'a' has no command: write it behind the colon");
  check_refused("a: x\na: y\n", "w.mrf:2: job 'a' is there already: give this one another name");
  check_refused("1a: x\n",
                "w.mrf:1: '1a' is no name for a job: it takes letters, digits and _-, and no digit in front");
  check_refused("x = 1\nx = 2\na: y $x\n", "w.mrf:2: variable 'x' has a value already");
  check_refused("a: y $x\n",
                "w.mrf:1: variable 'x' has no value; -D x=VALUE, or a line 'x = VALUE', gives it one");
  check_refused("a: y\n", "w.mrf:1: variable 'x' of -D is not used here", {{"x", "1"}});
  check_refused("a: x > out:p\n", "w.mrf:1: FIFO 'p' has no reader; another job has to name in:p");
  check_refused("split: x out:p\na: y in:split in:p\n",
                "w.mrf:2: FIFO 'split' has no writer; 'split' is a job, with FIFOs of other names");
  check_refused("b: y\na: x < in:p\n", "w.mrf:2: FIFO 'p' has no writer; another job has to name out:p");
  check_refused("a: x out:p out:p\nb: y in:p\n",
                "w.mrf:1: FIFO 'p' has two writers: 'a' and 'a'; mrf-collect makes one stream of two FIFOs");
  check_refused("a: x out:p\nb: y in:p\nc: z in:p\n",
                "w.mrf:3: FIFO 'p' has two readers: 'b' and 'c'; tee(1) writes one stream to two FIFOs");
  check_refused("a: x in:q out:p\nb: y in:p out:q\n", "w.mrf:1: a cycle of jobs: a -> b -> a");
  check_refused("a: x in:p out:p\n", "w.mrf:1: a cycle of jobs: a -> a");
  check_refused("a: x out:\n", "w.mrf:1: 'out:' does not name a FIFO");
  check_refused("a: x out:p/q\n", "w.mrf:1: 'out:p/q' does not name a FIFO");
  check_refused("a: x out:p[i]\nb: y in:p[0]\n",
                "w.mrf:1: [i] stands in a job that is not one of many: write 'NAME[n]: ...' for n of them");
  check_refused("n = 0\na[n]: x\n", "w.mrf:2: '0' is no number of jobs (1 to 100000)");
  check_refused("n = two\na[n]: x\n", "w.mrf:2: 'two' is no number of jobs (1 to 100000)");
  check_refused("a[i]: x\n", "w.mrf:1: [i] is a job's own number: the number of jobs needs another name");
  check_refused("a: x > in:p\nb: y out:p\n", "w.mrf:1: in: is for reading: < in:NAME");
  check_refused("a: x < out:p\nb: y in:p\n", "w.mrf:1: out: is for writing: > out:NAME");
  check_refused("a: x < save:p\n", "w.mrf:1: save: is for writing: > save:PATH");
  check_refused("a: x save:\n", "w.mrf:1: save: needs the path of a file");
  check_refused("a: x save:r\nb: y save:r\n", "w.mrf:2: result 'r' is written twice");
  check_refused("n = 2\na[n]: x save:r\n", "w.mrf:2: result 'r' is written twice");
  check_refused("a: x save:r\nb: y save:./r\n",
                "w.mrf:2: result './r' is written twice: 'r' is the same file");
  check_refused("a: x save:none/../r\nb: y save:r\n",
                "w.mrf:2: result 'r' is written twice: 'none/../r' is the same file");
  check_refused(
      "a[]: x\n",
      "w.mrf:1: 'a[]' is no name for a job: it takes letters, digits and _-, and no digit in front");
  check_refused(
      "a[ ]: x\n",
      "w.mrf:1: 'a[ ]' is no name for a job: it takes letters, digits and _-, and no digit in front");
  check_refused(std::string("b: y\na: x\0y\n", 11), "w.mrf:2: there is a NUL byte in it");
}

TEST_CASE("the output comes before the results beside it") {
  mrf::workflow::Plan plan;
  plan.results = {"missing", "1.fq", "singles", "2.fq"};
  mrf::workflow::set_outputs(plan, {"1.fq", "2.fq"});
  CHECK(plan.results == std::vector<std::string>{"1.fq", "2.fq", "missing", "singles"});
  CHECK(plan.outputs == std::vector<std::string>{"1.fq", "2.fq"});
  mrf::workflow::set_outputs(plan, {});
  CHECK(plan.outputs == std::vector<std::string>{"-"});
}

TEST_CASE("a newline in quotes is kept, and the next line has its own number") {
  const auto plan = plan_of("a: awk '{ print }  # it\\\n  }' \"x\ny\" # it's\nb: true\n");
  REQUIRE(plan.jobs.size() == 2);
  CHECK(plan.jobs[0].words[1][0].text == "{ print }  # it\\\n  }");
  CHECK(plan.jobs[0].words[2][0].text == "x\ny");
  CHECK(plan.jobs[1].line == 4);
  check_refused("a: echo 'x\n\nb: true\n", "w.mrf:1: a ' is never closed");
}
