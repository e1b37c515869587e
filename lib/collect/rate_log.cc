// SPDX-License-Identifier: MIT
#include "collect/rate_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "base/error.h"
#include "base/message.h"

namespace mrf::collect {

namespace {

double seconds_of(RateLog::Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string rate_of(std::uint64_t records, RateLog::Clock::duration duration) {
  constexpr double shortest = 1e-6;
  return fmt::format("{:.0f}", static_cast<double>(records) / std::max(seconds_of(duration), shortest));
}

}  // namespace

RateLog::RateLog(std::uint64_t every, const std::string& format) : every_(every) { parse(format); }

void RateLog::parse(const std::string& format) {
  std::string text;
  for (std::size_t at = 0; at < format.size(); ++at) {
    const char c = format[at];
    if (c != '{' && c != '}') {
      text += c;
      continue;
    }
    if (at + 1 < format.size() && format[at + 1] == c) {
      text += format[++at];
      continue;
    }
    const std::size_t end = c == '{' ? format.find('}', at) : std::string::npos;
    if (end == std::string::npos) {
      throw base::UsageError("use log format", format, "a brace that stands for itself is to be doubled");
    }
    pieces_.push_back({Field::text, std::exchange(text, {})});
    pieces_.push_back({field_of(format, format.substr(at + 1, end - at - 1)), {}});
    at = end;
  }
  pieces_.push_back({Field::text, text});
}

RateLog::Field RateLog::field_of(const std::string& format, const std::string& name) {
  if (name == "records") return Field::records;
  if (name == "seconds") return Field::seconds;
  if (name == "rate") return Field::rate;
  if (name == "mean") return Field::mean;
  if (name == "time") return Field::time;
  throw base::UsageError(
      "use log format", format,
      fmt::format("{{{}}} is not one of {{records}}, {{seconds}}, {{rate}}, {{mean}}, {{time}}", name));
}

std::string RateLog::line(std::uint64_t records, Clock::time_point now) const {
  std::string line;
  for (const Piece& piece : pieces_) {
    switch (piece.field) {
      case Field::text:
        line += piece.text;
        break;
      case Field::records:
        line += std::to_string(records);
        break;
      case Field::seconds:
        line += fmt::format("{:.1f}", seconds_of(now - start_));
        break;
      case Field::rate:
        line += rate_of(records - said_, now - last_);
        break;
      case Field::mean:
        line += rate_of(records, now - start_);
        break;
      case Field::time:
        line += fmt::format("{:%H:%M:%S}", fmt::localtime(std::time(nullptr)));
        break;
    }
  }
  return line;
}

void RateLog::say_now(std::uint64_t records, Clock::time_point now) {
  base::warn(line(records, now));
  said_ = records;
  last_ = now;
}

}  // namespace mrf::collect
