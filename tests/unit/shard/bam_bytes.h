// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mrf::shard::test {

inline void put(std::string& to, std::uint32_t number, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; ++at) to += static_cast<char>(number >> (8 * at));
}

/// A BAM header with the references r0 of 1,000 and r1 of 2,000 bases.
inline std::string bam_header() {
  std::string header("BAM\1", 4);
  const std::string text = "@SQ\tSN:r0\tLN:1000\n@SQ\tSN:r1\tLN:2000\n";
  put(header, static_cast<std::uint32_t>(text.size()), 4);
  header += text;
  put(header, 2, 4);
  for (std::uint32_t at = 0; at < 2; ++at) {
    put(header, 3, 4);
    header += at == 0 ? "r0" : "r1";
    header += '\0';
    put(header, 1000 * (at + 1), 4);
  }
  return header;
}

/// What a record has; the rest follows from it.
struct RecordShape {
  std::string name = "read";
  std::int32_t reference = 0;
  std::int32_t position = 10;
  std::uint32_t bases = 40;
  bool has_cigar = true;
  std::string fields{};  ///< optional fields as BAM has them
};

inline std::string bam_record(const RecordShape& shape) {
  std::string body;
  put(body, static_cast<std::uint32_t>(shape.reference), 4);
  put(body, static_cast<std::uint32_t>(shape.position), 4);
  put(body, static_cast<std::uint32_t>(shape.name.size() + 1), 1);
  put(body, 30, 1);    // mapping quality
  put(body, 4681, 2);  // bin
  put(body, shape.has_cigar ? 1 : 0, 2);
  put(body, shape.has_cigar ? 0 : 4, 2);
  put(body, shape.bases, 4);
  put(body, 0xffffffff, 4);
  put(body, 0xffffffff, 4);
  put(body, 0, 4);
  body += shape.name;
  body += '\0';
  if (shape.has_cigar) put(body, shape.bases << 4, 4);
  body += std::string((shape.bases + 1) / 2, '\x12');
  body += std::string(shape.bases, '\x1e');
  body += shape.fields;
  std::string record;
  put(record, static_cast<std::uint32_t>(body.size()), 4);
  return record + body;
}

/// An optional field XB:B:C with these bytes.
inline std::string array_field(std::string_view bytes) {
  std::string field = "XBBC";
  put(field, static_cast<std::uint32_t>(bytes.size()), 4);
  field += bytes;
  return field;
}

inline std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t at = 0; at < times; ++at) all += text;
  return all;
}

}  // namespace mrf::shard::test
