// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace mrf::fetch {

/// Why files of a list fail, or their requests. A reason that several have in common is said once, and
/// counted. Pure.
class RepeatedReasons {
 public:
  /// Whether a reason is to be said that lies with `host`, or with an object that it names itself
  /// (names_object(): then the host is no matter): when it is new, when whoever said it first has it again,
  /// and when it is that of a later attempt than before. `speaker` is a number of a file.
  bool is_to_be_said(const std::string& host, const std::string& reason, std::uint64_t speaker,
                     unsigned attempt = 1);

  /// Whether a reason names an object of its own: "cannot ask 'X'".
  static bool names_object(std::string_view reason) { return reason.starts_with("cannot "); }

  /// Calls `tell` with each reason that came more often than it was said, its host ("" when that is no
  /// matter), and how often.
  template <typename Tell>
  void for_each_repeated(Tell tell) const {
    for (const auto& [cause, said] : causes_) {
      if (said.more > 0) tell(cause.second, cause.first, said.more);
    }
  }

 private:
  using Cause = std::pair<std::string, std::string>;  ///< host and reason
  struct Said {
    std::uint64_t speaker;
    unsigned attempt;      ///< the latest
    std::size_t more = 0;  ///< that were not said
  };

  std::map<Cause, Said> causes_;
};

}  // namespace mrf::fetch
