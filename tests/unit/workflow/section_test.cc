// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "plan_of.h"

namespace {

const mrf::workflow::PlannedFifo& fifo(const mrf::workflow::Plan& plan, const std::string& name) {
  const auto found = std::find_if(plan.fifos.begin(), plan.fifos.end(),
                                  [&](const mrf::workflow::PlannedFifo& one) { return one.name == name; });
  REQUIRE(found != plan.fifos.end());
  return *found;
}

}  // namespace

TEST_CASE("the jobs of a section are planned once for each value") {
  const auto plan = plan_of(
      "n = 2\n"
      "[each lane in 1 'a b' c[n]]  # comment\n"
      "read: cat $lane.txt > out:raw\n"
      "up[n]: tr a b < in:x[i] > out:y[i]\n"
      "cut: split in:raw out:x[n]\n"
      "put: cat in:y[n] > out:all\n"
      "[end]\n"
      "last: cat in:all\n");
  REQUIRE(plan.sections.size() == 1);
  REQUIRE(plan.sections[0].size() == 4);
  REQUIRE(plan.jobs.size() == 4 * 5 + 1);
  CHECK(plan.sections[0][1] == std::vector<std::size_t>{5, 6, 7, 8, 9});
  CHECK(plan.jobs[5].display_name() == "read@1");
  CHECK(plan.jobs[5].words[1][0].text == "a b.txt");
  CHECK(plan.jobs[15].words[1][0].text == "c1.txt");
  CHECK(plan.jobs[7].display_name() == "up[1]@1");
  CHECK(plan.jobs[20].display_name() == "last");
  CHECK(fifo(plan, "all").writers == std::vector<std::size_t>{4, 9, 14, 19});
  CHECK(fifo(plan, "all").reader == 20);
  CHECK(fifo(plan, "y[1]@2").writers == std::vector<std::size_t>{12});
  CHECK(fifo(plan, "y[1]@2").reader == 14);
}

TEST_CASE("a variable alone is a list of values, in quotes or within a word it is one value") {
  const auto values = [](const std::string& written) {
    std::vector<std::string> found;
    for (const auto& job : plan_of("v = ' a b  c*'\n[each x in " + written + "]\nj: echo $x\n[end]\n").jobs)
      found.push_back(job.words[1][0].text);
    return found;
  };
  CHECK(values("$v d") == std::vector<std::string>{"a", "b", "c*", "d"});
  CHECK(values("\"$v\" d") == std::vector<std::string>{" a b  c*", "d"});
  CHECK(values("x$v") == std::vector<std::string>{"x a b  c*"});
  CHECK(values("${v} 'by' 3 by 2") == std::vector<std::string>{"a", "b", "c*", "by", "3"});
  check_refused("[each x in 1 2]\nj: echo $x\n[end]\nx = 3\nlast: echo $x\n",
                "w.mrf:4: variable 'x' has a value already");
  check_refused("v = ' '\n[each x in $v]\nj: echo $x\n[end]\n",
                "w.mrf:2: [each] has no value: its list is empty");
}

TEST_CASE("rounds run side by side, as many as by says") {
  const auto at_a_time = [](const std::string& written) {
    return plan_of("k = 3\n[each x in " + written + "]\nj: echo $x\n[end]\n").rounds_at_a_time;
  };
  CHECK(at_a_time("a b $k") == std::vector<std::size_t>{1});
  CHECK(at_a_time("a b $k by 2") == std::vector<std::size_t>{2});
  CHECK(at_a_time("a b by $k") == std::vector<std::size_t>{3});
  for (const char* count : {"0", "x", "-1", "1x", "''"}) {
    check_refused(std::string("k = 3\n[each x in $k by ") + count + "]\nj: echo $x\n[end]\n",
                  std::string("w.mrf:2: 'by ") + (count[0] == '\'' ? "" : count) +
                      "' is no number of rounds that run side by side");
  }
  check_refused(
      "[each x in 1 2 by 2]\nj: echo $x > out:all\n[end]\nk: cat in:all\n",
      "w.mrf:2: FIFO 'all' leads out of rounds that run side by side, whose data would mix: write a "
      "result in each round, or leave 'by' out");
}

TEST_CASE("a section that is wrong is refused with its line") {
  check_refused("[each x in 1]\nj: true\n",
                "w.mrf:1: [each] has no [end]: write it behind the jobs of the section");
  check_refused("j: true\n[end]\n", "w.mrf:2: [end] has no [each] in front of it");
  check_refused("[each x in 1]\n[each y in 2]\n",
                "w.mrf:2: [each] stands inside that of line 1: write [end] in front of it");
  check_refused("[each x in 1]\n[end]\n", "w.mrf:2: there is no job between [each] and [end]");
  check_refused("[for x in 1]\n", "w.mrf:1: '[for x in 1]' is neither [each NAME in VALUE ...] nor [end]");
  check_refused("[each x in 1\n", "w.mrf:1: '[each x in 1' is neither [each NAME in VALUE ...] nor [end]");
  check_refused("[each x in]\n", "w.mrf:1: not [each NAME in VALUE ...]");
  check_refused("[each x of 1]\n", "w.mrf:1: not [each NAME in VALUE ...]");
  check_refused("[each x in 1 > f]\n", "w.mrf:1: not [each NAME in VALUE ...]");
  check_refused(
      "[each 1 in 1]\n",
      "w.mrf:1: '1' is no name for a variable: it takes letters, digits and _, and no digit in front");
  check_refused(
      "[each]\n",
      "w.mrf:1: '' is no name for a variable: it takes letters, digits and _, and no digit in front");
  check_refused("x = 1\n[each x in 1]\n", "w.mrf:2: variable 'x' has a value already");
  check_refused("[each x in 1]\ny = 1\n",
                "w.mrf:2: a variable gets its value outside of [each]: write this line in front of it");
  check_refused("[each x in $y]\nj: true\n[end]\n",
                "w.mrf:1: variable 'y' has no value; -D y=VALUE, or a line 'y = VALUE', gives it one");
  check_refused("[each x in in:p]\nj: true\n[end]\n",
                "w.mrf:1: a value of [each] is a text: in:, out: and save: go into the jobs");
  check_refused("[each x in 1]\nj: true\n[end]\nk: echo $x\n",
                "w.mrf:4: variable 'x' has no value; -D x=VALUE, or a line 'x = VALUE', gives it one");
  check_refused("[each x in 1 2]\nb: y in:gone\n[end]\n",
                "w.mrf:2: FIFO 'gone' has no writer; another job has to name out:gone");
  check_refused("[each x in 1 2]\nj: echo > save:r\n[end]\n", "w.mrf:2: result 'r' is written twice");
  check_refused("[each x in 1 2]\nj: cat in:p\n[end]\nk: echo > out:p\n",
                "w.mrf:2: FIFO 'p' is written outside of this [each]: its rounds would share it; write it "
                "inside, or read it outside");
  check_refused(
      "[each x in 1 2]\nj: echo > out:p\nk: echo > out:p\n[end]\nl: cat in:p\n",
      "w.mrf:3: FIFO 'p' has two writers: 'j@0' and 'k@0'; mrf-collect makes one stream of two FIFOs");
  check_refused("[each x in 1 2]\nj: cat in:q > out:p\nk: cat in:p > out:q\n[end]\n",
                "w.mrf:2: a cycle of jobs: j@0 -> k@0 -> j@0");
}

TEST_CASE("what was probably meant is shown") {
  check_refused("a: echo > out:parts\nb: cat in:part\n",
                "w.mrf:1: FIFO 'parts' has no reader; did you mean 'part'?");
  check_refused("b: cat in:hedaer\na: echo > out:header\n",
                "w.mrf:1: FIFO 'hedaer' has no writer; did you mean 'header'?");
  check_refused("input = x\na: cat $imput\n",
                "w.mrf:2: variable 'imput' has no value; did you mean 'input'?");
  check_refused("a: echo > out:one\nb: cat in:something\n",
                "w.mrf:1: FIFO 'one' has no reader; another job has to name in:one");
  CHECK_THROWS_WITH_AS(plan_of("out = x\na: echo > save:$out\n", {{"ouput", "y"}}),
                       "w.mrf:1: variable 'ouput' of -D is not used here; did you mean 'out'?",
                       mrf::workflow::WorkflowError);
}
