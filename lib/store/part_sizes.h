// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/network.h"

namespace mrf::store {

/// What a store has told of the sizes of the parts of an object.
struct PartAnswers {
  std::uint64_t parts = 0;
  std::uint64_t total = 0;
  std::optional<std::string> etag{};
  std::uint64_t last = 0;              ///< the part whose size was told last
  std::vector<std::uint64_t> sizes{};  ///< of the first parts
  bool are_equal = false;              ///< all parts but the last are as the first
};

/// The answers of questions that were interrupted, by the names of their objects.
class KeptPartAnswers {
 public:
  void keep(const std::string& name, PartAnswers answers);
  /// Those of an object with this ETag, size and number of parts, which are not kept any longer; else
  /// `answers`.
  PartAnswers take(const std::string& name, PartAnswers answers);

 private:
  std::deque<std::pair<std::string, PartAnswers>> kept_;  ///< the oldest first
};

/// Finds out the sizes of the parts in which an S3 object was uploaded, by HEAD requests with partNumber: of
/// the first part and of the last but one, which tell whether all but the last are equal; when they are not,
/// of all, if they are few. A question may be interrupted, after which its answer is still to be had. Nothing
/// is known when the server refuses it, or does not answer in that way.
class PartQuestions final : public http::Receiver {
 public:
  /// The number of parts when a response shows an object whose checksum depends on their sizes: its entity
  /// tag, or its only other checksum, ends in their number.
  static std::optional<std::uint64_t> parts_of(const http::ResponseHead& head);

  /// No answers yet of an object of `parts` parts that `head` shows.
  static PartAnswers no_answers(const http::ResponseHead& head, std::uint64_t parts);

  /// How the request for the object is to end, since a question has no answer yet.
  struct Interruption {
    http::ResponseHead head;  ///< status 0, or an HTTP status worth asking again, with its Retry-After
    http::Ending ending;
  };

  /// What is in `answers` is not asked for. `request` makes the request for a part; `on_answer` is called,
  /// from within the network's poll(), when ask_next() may be called, or it is over. The network outlives the
  /// object.
  PartQuestions(http::Network& network, PartAnswers answers,
                std::function<http::Request(std::uint64_t)> request, std::function<void()> on_answer);

  /// Starts the next question. Throws Error.
  void ask_next();
  bool is_over() const { return is_over_; }
  /// Ends it without a result, not from within poll().
  void stop();
  /// The size of all parts but the last, or the sizes of all, separated by ","; "" when they are not known.
  std::string sizes() const;
  /// Why they are not known, once it is over without an interruption; "" when they are.
  const std::string& fault() const { return fault_; }
  /// Why it is over before the last answer; null when it is not.
  const Interruption* interruption() const { return interruption_ ? &*interruption_ : nullptr; }
  /// Whether the object may have become another one, or the request may need other credentials: a refusal
  /// after answers, or the answer of another version.
  bool is_in_doubt() const { return is_in_doubt_; }
  const PartAnswers& answers() const { return answers_; }

  bool on_head(const http::ResponseHead& head) override;
  bool on_body(std::string_view) override { return true; }
  void on_end(const http::Ending& ending) override;

 private:
  std::optional<std::pair<std::uint64_t, std::uint64_t>> place_of_part() const;
  void take_refusal(const http::Ending& ending);
  void interrupt(bool has_status, const http::Ending& ending);
  void end(const std::string& fault);
  void take(std::uint64_t begin, std::uint64_t end_of_part);

  http::Network& network_;
  PartAnswers answers_;
  std::function<http::Request(std::uint64_t)> request_;
  std::function<void()> on_answer_;
  http::ResponseHead head_;
  std::uint64_t asked_ = 0;  ///< the part whose size is asked for
  std::optional<Interruption> interruption_;
  std::string fault_;
  bool has_new_answers_ = false;
  bool is_in_doubt_ = false;
  bool runs_ = false;
  bool is_over_ = false;
};

}  // namespace mrf::store
