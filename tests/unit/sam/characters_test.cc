// SPDX-License-Identifier: MIT
#include "sam/characters.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sam/tags.h"

namespace {

using namespace std::string_literals;

bool is_printable(char c) { return c >= ' ' && c <= '~'; }
bool is_name_character(char c) { return is_printable(c) && c != ' ' && c != '@'; }

// Calls `step` with texts of up to 20 characters, each with every character at every place.
template <typename Step>
void each_text(Step step) {
  for (std::size_t size = 1; size <= 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(c);
        step(text, at);
      }
    }
  }
}

TEST_CASE("characters: each one counts wherever it stands") {
  bool right = mrf::sam::are_printable("") && mrf::sam::are_name_characters("");
  each_text([&](const std::string& text, std::size_t at) {
    right = right && mrf::sam::are_printable(text) == is_printable(text[at]);
    right = right && mrf::sam::are_name_characters(text) == is_name_character(text[at]);
  });
  CHECK(right);
}

TEST_CASE("characters: what is printable is copied up to the first that is not") {
  bool right = true;
  each_text([&](const std::string& text, std::size_t at) {
    std::string to(text.size(), '\0');
    const std::size_t size = mrf::sam::copy_printable(text, to.data());
    right = right && size == (is_printable(text[at]) ? text.size() : at);
    right = right && std::string_view(to).substr(0, size) == std::string_view(text).substr(0, size);
  });
  CHECK(right);
}

template <typename Integer>
void check_number(Integer number) {
  std::string to(mrf::sam::digits_room, 'x');
  const char* const end = mrf::sam::write_number(number, to.data());
  to.resize(static_cast<std::size_t>(end - to.data()));
  if (to != std::to_string(number)) FAIL_CHECK(to << " instead of " << number);
}

TEST_CASE("characters: numbers are written as printf(3) does") {
  for (std::uint32_t number = 0; number < 100'000; ++number) check_number(number);
  for (std::uint32_t number = 0; number < 10'000; ++number) {
    check_number(number * 10'000 + 9'999);
    check_number(number * 429'496);
  }
  for (std::uint32_t number = 1; number <= 1'000'000'000; number *= 10) {
    for (const std::uint32_t near : {number - 1, number, number + 1, 4 * number, UINT32_MAX / number}) {
      check_number(near);
      check_number(static_cast<std::int32_t>(near));
      check_number(-std::int64_t{near});
      check_number(std::int64_t{near} * 1'000'000'007);
      check_number(std::int64_t{near} * -1'000'000'007);
    }
    if (number == 1'000'000'000) break;
  }
  check_number(INT32_MIN);
  check_number(INT64_MIN);
  check_number(INT64_MAX);
}

TEST_CASE("tags: a text ends at its first NUL, whatever its length and what comes before it") {
  for (std::size_t before = 0; before < 10; ++before) {
    for (std::size_t size = 0; size < 20; ++size) {
      std::string tags;
      for (std::size_t i = 0; i < before; ++i) tags += "NHC\1"s;
      tags += "COZ"s + std::string(size, 'x');
      CHECK_FALSE(mrf::sam::are_tags(tags));
      tags += '\0';
      CHECK(mrf::sam::are_tags(tags));
      CHECK_FALSE(mrf::sam::are_tags(tags + '\0'));
      CHECK(mrf::sam::are_tags(tags + "XSs\0\1"s));
      CHECK_FALSE(mrf::sam::are_tags(tags + "XSs\0"s));
    }
  }
}

TEST_CASE("tag set: all names of two bytes are new once") {
  mrf::sam::TagSet seen;
  bool right = true;
  for (int round = 0; round < 2; ++round) {
    for (int first = 0; first < 256; ++first) {
      for (int second = 0; second < 256; ++second) {
        const char name[2] = {static_cast<char>(first), static_cast<char>(second)};
        right = right && seen.add(name) == (round == 0);
      }
    }
  }
  CHECK(right);
}

}  // namespace
