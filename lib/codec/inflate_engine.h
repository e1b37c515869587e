// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace mrf::codec {

/// One gzip member after the other through a library; chosen when the programs are built.
class InflateEngine {
 public:
  enum class State { more, member_end };

  virtual ~InflateEngine() = default;
  /// Gets ready for the next member.
  virtual void start_member() = 0;
  /// Takes bytes from the front of `stored` and fills the front of `to`; both are shortened by what
  /// was used. Throws std::runtime_error with the reason when the member is damaged.
  virtual State step(std::string_view& stored, std::span<char>& to) = 0;
};

std::unique_ptr<InflateEngine> make_inflate_engine();
std::string inflate_engine_name();

}  // namespace mrf::codec
