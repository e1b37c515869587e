// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "cli/option_set.h"

namespace {

using Words = std::vector<std::string>;

struct Values {
  std::string prefix;
  std::string style;
  bool verbose = false;
  bool all = false;
  int workers = 0;
  Words inputs;
  Words combine;
  Words arguments;
};

void declare_values(mrf::cli::OptionSet& set, Values& values) {
  set.add_option("ARGUMENT", values.arguments);
  set.add_option("--prefix TEXT", values.prefix, "");
  set.add_optional("--style STYLE", values.style, {"bar", "json:"}, "auto", "");
  set.add_flag("-v,--verbose", values.verbose, "");
  set.add_flag("-a", values.all, "");
  set.add_option("-n,--workers N", values.workers, "");
  set.add_repeatable("-i,--input FILE", values.inputs, "");
  set.add_repeatable("--combine COMMAND...", values.combine, "");
}

// "option=value[words]" of each piece.
Words pieces_of(const Words& words) {
  mrf::cli::OptionSet set("test", "", "");
  Values values;
  declare_values(set, values);
  Words texts;
  for (const auto& piece : set.pieces_of(words)) {
    std::string text = piece.option + "=" + piece.value + "[";
    for (const auto& word : piece.words) text += word + ",";
    texts.push_back(text + "]");
  }
  return texts;
}

}  // namespace

TEST_CASE("a value is no option, however it is spelled") {
  CHECK(pieces_of({"--prefix", "-v", "-i", "--prefix", "--prefix=--style", "-i-v"}) ==
        Words{"--prefix=-v[--prefix,-v,]", "--input=--prefix[-i,--prefix,]",
              "--prefix=--style[--prefix=--style,]", "--input=-v[-i-v,]"});
  CHECK(pieces_of({"--prefix", "--", "-v"}) == Words{"--prefix=--[--prefix,--,]", "--verbose=[-v,]"});
}

TEST_CASE("letters that share a word are taken apart") {
  CHECK(pieces_of({"-van4", "-an", "5", "-"}) == Words{"--verbose=[-v,]", "-a=[-a,]", "--workers=4[-n4,]",
                                                       "-a=[-a,]", "--workers=5[-n,5,]", "=-[-,]"});
}

TEST_CASE("a value that may be left out is taken when it is one of its own") {
  CHECK(pieces_of({"--style", "bar", "--style", "x", "--style=json:3", "--style", "json:4"}) ==
        Words{"--style=bar[--style,bar,]", "--style=[--style,]", "=x[x,]", "--style=json:3[--style=json:3,]",
              "--style=json:4[--style,json:4,]"});
}

TEST_CASE("what is behind -- and behind an option that takes all is left as it is") {
  CHECK(pieces_of({"-v", "--combine", "sort", "-v", "--prefix", "--", "grep", "-v", "--", "x"}) ==
        Words{"--verbose=[-v,]", "--combine=[--combine,sort,-v,--prefix,]", "--=[--,grep,-v,--,x,]"});
  CHECK(pieces_of({"--combine"}) == Words{"--combine=[--combine,]"});
}

TEST_CASE("an option that there is not, and one that lacks its value") {
  CHECK(pieces_of({"--none", "x", "-z", "--verbose=false", "--prefix"}) ==
        Words{"--none=[--none,]", "=x[x,]", "-z=[-z,]", "--verbose=false[--verbose=false,]",
              "--prefix=[--prefix,]"});
}

TEST_CASE("the help shows an optional value in brackets") {
  mrf::cli::OptionSet set("test", "", "");
  Values values;
  declare_values(set, values);
  CHECK(set.help().find("--style [STYLE]") != std::string::npos);
}
