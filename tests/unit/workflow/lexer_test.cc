// SPDX-License-Identifier: MIT
#include "workflow/lexer.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using mrf::workflow::WordPart;

namespace {

const mrf::workflow::Place place{"f.mrf", 3};

// Pieces as text: $name and [name] for the kinds, words in angle brackets.
std::string shown(const mrf::workflow::Word& word) {
  std::string text = "<";
  for (const auto& part : word) {
    if (part.kind == WordPart::Kind::variable) {
      text.append("{$").append(part.text).append("}");
    } else if (part.kind == WordPart::Kind::index) {
      text.append("{[").append(part.text).append("]}");
    } else {
      text += part.text;
    }
  }
  return text + ">";
}

std::string words(const std::string& text) {
  std::string all;
  for (const auto& word : mrf::workflow::split_command(place, text).words) all += shown(word);
  return all;
}

// The number and the text of every line.
std::string lines(const std::string& text) {
  std::string all;
  for (const auto& line : mrf::workflow::logical_lines(text)) {
    all.append(std::to_string(line.number)).append("<").append(line.text).append(">");
  }
  return all;
}

}  // namespace

TEST_CASE("words split and quote as in sh") {
  CHECK(words("a  b\tc") == "<a><b><c>");
  CHECK(words("'a b' \"c d\"e'f'") == "<a b><c def>");
  CHECK(words("a\\ b \\'") == "<a b><'>");
  CHECK(words("'' \"\"") == "<><>");
  CHECK(words("\"a\\\"b\\\\c\\d\"") == "<a\"b\\c\\d>");
  CHECK(words("'$x [i] \\'") == "<$x [i] \\>");
  CHECK(words("a=b c:d ~ * ? {x}") == "<a=b><c:d><~><*><?><{x}>");
}

TEST_CASE("a variable is a name behind $, any other $ is itself") {
  CHECK(words("$a ${b}c \"$d\" x$e.bam") == "<{$a}><{$b}c><{$d}><x{$e}.bam>");
  CHECK(words("$ $1 $$ ${ ${} ${1} \"$\" a$") == "<$><$1><$$><${><${}><${1}><$><a$>");
  CHECK(words("\\$a \"\\$a\"") == "<$a><$a>");
}

TEST_CASE("a name in brackets is an index, anything else in them is itself") {
  CHECK(words("part[n] [i] a[0-9]b [] [ x[3] \"[n]\" \\[n]") ==
        "<part{[n]}><{[i]}><a[0-9]b><[]><[><x[3]><[n]><[n]>");
}

TEST_CASE("redirections stand anywhere, with or without blanks") {
  const auto command = mrf::workflow::split_command(place, "cmd <in:a >out:b 2> err x>>log 2y");
  REQUIRE(command.redirections.size() == 4);
  CHECK(command.redirections[0].fd == 0);
  CHECK(shown(command.redirections[0].target) == "<in:a>");
  CHECK(command.redirections[1].fd == 1);
  CHECK(command.redirections[2].fd == 2);
  CHECK(shown(command.redirections[2].target) == "<err>");
  CHECK(command.redirections[3].fd == 1);
  CHECK(command.redirections[3].append);
  std::string rest;
  for (const auto& word : command.words) rest += shown(word);
  CHECK(rest == "<cmd><x><2y>");
}

TEST_CASE("what needs a shell or is never closed is refused with its place") {
  for (const char* text : {"a | b", "a & b", "a; b", "(a)", "`a`", "a 'b", "a \"b", "a \\", "a >", "a > > b",
                           "a 2>&1", "a << b", "a 3> b", "a 12>> b", "a 2< b", "a 1< b", "a 0> b"}) {
    CAPTURE(text);
    try {
      mrf::workflow::split_command(place, text);
      FAIL("accepted");
    } catch (const mrf::workflow::WorkflowError& error) {
      CHECK(std::string(error.what()).starts_with("f.mrf:3: "));
    }
  }
}

TEST_CASE("comments start at the start of a word, outside quotes") {
  CHECK(lines("a #b\nc") == "1<a >2<c>");
  CHECK(lines("# all\\\nb") == "1<>2<b>");
  CHECK(lines("a#b '# c' \"#\" \\# b\\ #c") == "1<a#b '# c' \"#\" \\# b\\ #c>");
  CHECK(lines("x\\\n#y \\\nz #c\nd") == "1<x#y z >4<d>");
}

TEST_CASE("a carriage return at the end of a line is dropped outside of quotes only") {
  CHECK(lines("a b\r\nc\\\r\nd\r") == "1<a b>2<cd>");
  CHECK(lines("a 'x\r\ny' \"x\r\ny\" b\r\nc") == "1<a 'x\r\ny' \"x\r\ny\" b>4<c>");
  CHECK(lines("a \"x\\\r\ny\\\nz\"\nb") == "1<a \"x\\\r\nyz\">4<b>");
  CHECK(lines("a\rb # c\r\nd") == "1<a\rb >2<d>");
}

TEST_CASE("blanks at the ends are no part of a statement, unless one is quoted") {
  CHECK(mrf::workflow::trim(" \ta b\t ") == "a b");
  CHECK(mrf::workflow::trim("a b\\  ") == "a b\\ ");
  CHECK(mrf::workflow::trim("a b\\\\  ") == "a b\\\\");
  CHECK(mrf::workflow::trim(" \\ ") == "\\ ");
  CHECK(mrf::workflow::trim("  ").empty());
}
