// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace mrf::collect {

/// Says now and then how many records went by, and how fast.
class RateLog {
 public:
  /// A line each time that `every` more records have gone by, 0 for none. In `format`, {records} is their
  /// number, {seconds} the time since the start, {rate} the records per second since the last line,
  /// {mean} those since the start, {time} the time of day; "{{" and "}}" stand for braces. Throws UsageError.
  RateLog(std::uint64_t every, const std::string& format);

  static constexpr const char* default_format = "{records} records in {seconds} s, {rate} records/s";

  bool is_on() const { return every_ > 0; }
  /// `records` went by so far.
  void update(std::uint64_t records) {
    if (every_ > 0 && records - said_ >= every_) say_now(records, Clock::now());
  }
  using Clock = std::chrono::steady_clock;
  /// The line for `records` at `now`.
  std::string line(std::uint64_t records, Clock::time_point now) const;

 private:
  enum class Field { text, records, seconds, rate, mean, time };
  struct Piece {
    Field field;
    std::string text;
  };

  void parse(const std::string& format);
  static Field field_of(const std::string& format, const std::string& name);
  void say_now(std::uint64_t records, Clock::time_point now);

  std::uint64_t every_;
  std::vector<Piece> pieces_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = start_;
  std::uint64_t said_ = 0;
};

}  // namespace mrf::collect
