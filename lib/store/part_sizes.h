// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/network.h"

namespace mrf::store {

/// Finds out the sizes of the parts in which an S3 object was uploaded, by HEAD requests with partNumber: of
/// the first part and of the last but one, which tell whether all but the last are equal; when they are not,
/// of all, if they are few. Nothing is known when the server does not answer in that way.
class PartQuestions final : public http::Receiver {
 public:
  /// The number of parts when a response shows an object whose checksum depends on their sizes: its entity
  /// tag, or its only other checksum, ends in their number.
  static std::optional<std::uint64_t> parts_of(const http::ResponseHead& head);

  /// `head` shows the object. `request` makes the request for a part; `on_answer` is called, from within the
  /// network's poll(), when ask_next() may be called, or it is over. The network outlives the object.
  PartQuestions(http::Network& network, const http::ResponseHead& head, std::uint64_t parts,
                std::function<http::Request(std::uint64_t)> request, std::function<void()> on_answer);

  /// Starts the next question. Throws Error.
  void ask_next();
  bool is_over() const { return is_over_; }
  /// Ends it without a result, not from within poll().
  void stop();
  /// The size of all parts but the last, or the sizes of all, separated by ","; "" when they are not known.
  std::string sizes() const;

  bool on_head(const http::ResponseHead& head) override;
  bool on_body(std::string_view) override { return true; }
  void on_end(const http::Ending& ending) override;

 private:
  std::optional<std::pair<std::uint64_t, std::uint64_t>> place_of_part() const;
  void take(std::uint64_t begin, std::uint64_t end);

  http::Network& network_;
  std::uint64_t parts_;
  std::uint64_t total_;
  std::optional<std::string> etag_;
  std::function<http::Request(std::uint64_t)> request_;
  std::function<void()> on_answer_;
  http::ResponseHead head_;
  std::uint64_t asked_ = 0;           ///< the part whose size is asked for
  std::vector<std::uint64_t> sizes_;  ///< of the first parts
  bool are_equal_ = false;            ///< all parts but the last are as the first
  bool runs_ = false;
  bool is_over_ = false;
};

}  // namespace mrf::store
