// SPDX-License-Identifier: MIT
#include "random_record.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace mrf::bam::test {

namespace {

template <typename Number>
std::string bytes_of(Number number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

std::size_t size_of(char type) {
  const std::string_view one = "AcC";
  const std::string_view two = "sS";
  return one.find(type) != one.npos ? 1 : two.find(type) != two.npos ? 2 : 4;
}

}  // namespace

std::string RandomRecords::text(std::size_t size, char first, char last) {
  std::string result(size, ' ');
  for (char& c : result)
    c = static_cast<char>(number(static_cast<unsigned char>(first), static_cast<unsigned char>(last)));
  return result;
}

// Bits of every kind: small and large numbers, and for reals round ones too.
std::string RandomRecords::value(char type) {
  if (type == 'A') return text(1, '!', '~');
  if (type == 'f' && number(0, 1) == 0) return bytes_of(static_cast<float>(number(0, 1000)) / 8);
  std::uint64_t bits = number(0, std::numeric_limits<std::uint64_t>::max()) >> (8 * number(0, 7));
  if (type == 'f' && !std::isfinite(std::bit_cast<float>(static_cast<std::uint32_t>(bits)))) bits &= 0x7fffff;
  return bytes_of(bits).substr(0, size_of(type));
}

void RandomRecords::add_field(bam1_t& record, int index) {
  constexpr std::string_view types = "AcCsSiIfZHB";
  constexpr std::string_view elements = "cCsSiIf";
  const char type = types[number(0, types.size() - 1)];
  std::string data;
  if (type == 'Z') {
    data = text(number(0, 40), ' ', '~') + '\0';
  } else if (type == 'H') {
    data = text(2 * number(0, 8), '0', '9') + '\0';
  } else if (type == 'B') {
    data = elements[number(0, elements.size() - 1)];
    const auto count = static_cast<std::uint32_t>(number(0, 20));
    const char element = data[0];
    data += bytes_of(count);
    for (std::uint32_t i = 0; i < count; ++i) data += value(element);
  } else {
    data = value(type);
  }
  const char tag[] = {'X', static_cast<char>('a' + index), '\0'};
  REQUIRE(bam_aux_append(&record, tag, type, static_cast<int>(data.size()),
                         reinterpret_cast<const std::uint8_t*>(data.data())) == 0);
}

sam::RecordPtr RandomRecords::next() {
  auto record = sam::make_record();
  std::string name = text(number(1, 60), '!', '~');
  std::replace(name.begin(), name.end(), '@', '_');
  const std::size_t size = number(0, 3) == 0 ? number(0, 1000) : number(0, 160);
  const std::string qualities = text(size, '\0', size == 1 ? 8 : 93);
  const std::string bases = [&] {
    std::string letters = text(size, 0, 15);
    const bool common = number(0, 1) == 0;
    for (char& c : letters) c = common ? "ACGT"[c & 3] : "=ACMGRSVTWYHKDBN"[static_cast<unsigned char>(c)];
    return letters;
  }();
  std::vector<std::uint32_t> cigar;
  if (size > 0 && number(0, 2) > 0) {
    const auto clipped = static_cast<std::uint32_t>(number(0, size - 1));
    cigar.push_back(static_cast<std::uint32_t>(size - clipped) << BAM_CIGAR_SHIFT | BAM_CMATCH);
    cigar.push_back(static_cast<std::uint32_t>(number(1, 100000)) << BAM_CIGAR_SHIFT | BAM_CDEL);
    if (clipped > 0) cigar.push_back(clipped << BAM_CIGAR_SHIFT | BAM_CINS);
  }
  const auto any = [&](std::int64_t least, std::int64_t most) {
    return static_cast<std::int64_t>(number(0, static_cast<std::uint64_t>(most - least))) + least;
  };
  const auto tid = static_cast<std::int32_t>(cigar.empty() ? -1 : any(0, 1));
  const auto flag = static_cast<std::uint16_t>(tid < 0 ? number(0, 4095) | BAM_FUNMAP : number(0, 4095));
  const auto mtid = static_cast<std::int32_t>(any(-1, 1));
  const bool no_quality = number(0, 9) == 0;
  REQUIRE(bam_set1(record.get(), name.size(), name.data(), flag, tid, tid < 0 ? -1 : any(0, 1 << 30),
                   static_cast<std::uint8_t>(number(0, 255)), cigar.size(), cigar.data(), mtid,
                   mtid < 0 ? -1 : any(0, 1 << 30), any(std::numeric_limits<std::int32_t>::min(), 1 << 30),
                   size, bases.data(), no_quality ? nullptr : qualities.data(), 4096) >= 0);
  for (int fields = static_cast<int>(number(0, 12)), i = 0; i < fields; ++i) add_field(*record, i);
  return record;
}

std::string htslib_line(const bam1_t& record, const sam_hdr_t& header) {
  sam::Text text;
  REQUIRE(sam_format1(&header, &record, &text) >= 0);
  return std::string(text.view());
}

}  // namespace mrf::bam::test
