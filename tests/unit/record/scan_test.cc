// SPDX-License-Identifier: MIT
#include "record/scan.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace {

mrf::record::Ends counted_one_by_one(const std::string& text, std::uint64_t at_most) {
  mrf::record::Ends found;
  for (std::size_t at = 0; at < text.size() && found.count < at_most; ++at) {
    if (text[at] != '\n') continue;
    ++found.count;
    found.end = at + 1;
  }
  return found;
}

}  // namespace

TEST_CASE("delimiters are counted and found as one by one") {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string text(random() % 1200, 'x');
    const auto sparse = 1 + random() % 60;
    for (char& c : text) c = random() % sparse == 0 ? '\n' : 'x';
    const std::uint64_t at_most = random() % 3 == 0 ? ~std::uint64_t{0} : random() % 60;
    const mrf::record::Ends expected = counted_one_by_one(text, at_most);
    const mrf::record::Ends found = mrf::record::find_ends(text, '\n', at_most);
    CAPTURE(round);
    CHECK(found.count == expected.count);
    CHECK(found.end == expected.end);
    CHECK(mrf::record::last_end(text, '\n') == text.rfind('\n') + 1);
  }
}

TEST_CASE("a word is found where it is first, as by the standard library") {
  std::mt19937 random(2);
  for (int round = 0; round < 20000; ++round) {
    std::string text(random() % 300, 'x');
    for (char& c : text) c = "\tCB:"[random() % 5];
    const std::size_t from = text.empty() ? 0 : random() % text.size();
    CAPTURE(round);
    CHECK(mrf::record::find_word(text, "\tCB:", from) == text.find("\tCB:", from));
  }
}
