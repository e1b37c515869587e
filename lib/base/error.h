// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "base/status.h"

namespace mrf::base {

/// The text with control characters as \n, \t, \r or \xHH, so that a name cannot break a message's line or
/// steer a terminal.
std::string printable(std::string_view text);

/// A failure that ends the program; what() is "cannot VERB 'OBJECT': REASON", the object by redact_name().
class Error : public std::runtime_error {
 public:
  Error(Status status, std::string_view verb, std::string_view object, std::string_view reason);
  Status status() const noexcept { return status_; }

 private:
  Status status_;
};

/// The data is bad: malformed, truncated, out of step.
class DataError : public Error {
 public:
  DataError(std::string_view verb, std::string_view object, std::string_view reason)
      : Error(Status::bad_data, verb, object, reason) {}
};

/// The command line, or a file that stands for one, is wrong.
class UsageError : public Error {
 public:
  UsageError(std::string_view verb, std::string_view object, std::string_view reason)
      : Error(Status::usage, verb, object, reason) {}
  /// Whether main adds "try 'NAME --help'".
  virtual bool offers_help() const noexcept { return true; }
};

/// errno(3)'s text, and for EMFILE what to do.
std::string error_text(int error_number);

/// A system call failed; the reason is error_text().
class SystemError : public Error {
 public:
  /// Takes errno as it is at the call.
  SystemError(std::string_view verb, std::string_view object);
  SystemError(std::string_view verb, std::string_view object, int error_number);
  int error_number() const noexcept { return error_number_; }

 private:
  int error_number_;
};

/// The reader of an output that stands for standard output went away: the program ends as by
/// SIGPIPE, with no message.
class ClosedOutput : public SystemError {
 public:
  explicit ClosedOutput(std::string_view object);
};

}  // namespace mrf::base
