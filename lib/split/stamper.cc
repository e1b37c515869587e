// SPDX-License-Identifier: MIT
#include "split/stamper.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace mrf::split {

void Stamper::put(Outputs& outputs, std::size_t output, std::string_view record) const {
  if (place_ == record::SequencePlace::aux) return put_bam(outputs, output, record);
  if (place_ == record::SequencePlace::column) {
    outputs.put(output, stamp_.text(), record);
  } else {
    const std::size_t end = record.ends_with("\r\n") ? 2 : 1;
    outputs.put(output, record.substr(0, record.size() - end), stamp_.text(),
                record.substr(record.size() - end));
  }
}

void Stamper::put_bam(Outputs& outputs, std::size_t output, std::string_view record) const {
  static_assert(std::endian::native == std::endian::little);
  std::uint32_t length = 0;
  std::memcpy(&length, record.data(), sizeof length);
  length += static_cast<std::uint32_t>(stamp_.text().size());
  outputs.put(output, std::string_view(reinterpret_cast<const char*>(&length), sizeof length),
              record.substr(sizeof length), stamp_.text());
}

}  // namespace mrf::split
