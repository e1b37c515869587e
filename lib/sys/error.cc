// SPDX-License-Identifier: MIT
#include "sys/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace mrf {

Error::Error(Status status, std::string_view verb, std::string_view object, std::string_view reason)
    : std::runtime_error(fmt::format("cannot {} '{}': {}", verb, object, reason)), status_(status) {}

SystemError::SystemError(std::string_view verb, std::string_view object) : SystemError(verb, object, errno) {}

SystemError::SystemError(std::string_view verb, std::string_view object, int error_number)
    : Error(Status::failure, verb, object, std::generic_category().message(error_number)),
      error_number_(error_number) {}

ClosedOutput::ClosedOutput(std::string_view object) : SystemError("write", object, EPIPE) {}

}  // namespace mrf
