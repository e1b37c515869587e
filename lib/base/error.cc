// SPDX-License-Identifier: MIT
#include "base/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "base/redact.h"

namespace mrf::base {

std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x20 && code != 0x7f) {
      shown += c;
    } else if (c == '\n' || c == '\t' || c == '\r') {
      shown += {'\\', c == '\n' ? 'n' : c == '\t' ? 't' : 'r'};
    } else {
      shown += fmt::format("\\x{:02x}", code);
    }
  }
  return shown;
}

Error::Error(Status status, std::string_view verb, std::string_view object, std::string_view reason)
    : std::runtime_error(printable(fmt::format("cannot {} '{}': {}", verb, redact_name(object), reason))),
      status_(status) {}

std::string error_text(int error_number) {
  std::string reason = std::generic_category().message(error_number);
  if (error_number == EMFILE) reason += "; raise the limit of open files: ulimit -n";
  return reason;
}

SystemError::SystemError(std::string_view verb, std::string_view object) : SystemError(verb, object, errno) {}

SystemError::SystemError(std::string_view verb, std::string_view object, int error_number)
    : Error(Status::failure, verb, object, error_text(error_number)), error_number_(error_number) {}

ClosedOutput::ClosedOutput(std::string_view object) : SystemError("write", object, EPIPE) {}

}  // namespace mrf::base
