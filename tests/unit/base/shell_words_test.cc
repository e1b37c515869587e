// SPDX-License-Identifier: MIT
#include "base/shell_words.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace {

using namespace mrf::base;
using Words = std::vector<std::string>;

Words split(const char* text) { return split_shell_words("--x", text); }

}  // namespace

TEST_CASE("words are split and quoted as in sh") {
  CHECK(split("").empty());
  CHECK(split(" \t\n").empty());
  CHECK(split("-p long  --time=60") == Words{"-p", "long", "--time=60"});
  CHECK(split("--comment='a b' \"c d\"e") == Words{"--comment=a b", "c de"});
  CHECK(split("'' a\"\"") == Words{"", "a"});
  CHECK(split(R"(a\ b '\' "\"\n" \\)") == Words{"a b", "\\", "\"\\n", "\\"});
  CHECK(split("$HOME * `x`") == Words{"$HOME", "*", "`x`"});
  CHECK_THROWS_WITH_AS(split("a 'b"), "cannot use option '--x': a quote has no end", UsageError);
}

TEST_CASE("names in a script") {
  using Names = std::vector<std::string>;
  CHECK(mrf::base::names_in_script("sign <keys.json>>log;cat 'ab'&&x --by=\"cd\"=e") ==
        Names{"sign", "keys.json", "log", "cat", "ab", "x", "cd=e", "--by=cd=e"});
  CHECK(mrf::base::names_in_script("cat 'a b'") == Names{"cat", "a", "b", "a b"});
  CHECK(mrf::base::names_in_script("u=\"$(sign 'k e')\"").size() == 8);
  CHECK(mrf::base::names_in_script("sh -c \"cat 'a b'\"") ==
        Names{"sh", "-c", "cat", "a", "b", "a b", "cat 'a b'"});
  CHECK(mrf::base::names_in_script("x=`cat u`; echo 'open").size() == 6);
  CHECK(mrf::base::names_in_script("").empty());
}

TEST_CASE("what is quoted is split into what it was") {
  const Words words{"",         "a",   "a b", "it's", "\"$x\"", "a\\b", "*", "--a=b,c/d.e:f@g%h+i_j",
                    "\xc3\xa4", "a\nb"};
  CHECK(split(quote_shell_words(words).c_str()) == words);
  CHECK(quote_shell_word("--a=b,c/d.e:f@g%h+i_j") == "--a=b,c/d.e:f@g%h+i_j");
  CHECK(quote_shell_word("it's") == R"('it'\''s')");
}
