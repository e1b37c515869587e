// SPDX-License-Identifier: MIT
#include "store/token_file.h"

#include <fmt/format.h>

#include "base/error.h"
#include "http/response_head.h"
#include "io/reader.h"

namespace mrf::store {

std::string read_token(const std::string& path) {
  const io::InputFile input = io::open_input(path);
  std::string text(most_token_bytes + 1, '\0');
  io::Meter meter;
  text.resize(io::read_full(input.fd, input.name, text, meter));
  if (text.size() > most_token_bytes)
    throw base::Error(base::Status::failure, "use", input.name,
                      fmt::format("it holds more than {} KiB, which is no token", most_token_bytes >> 10));
  std::string token(http::trimmed(text));
  if (token.empty()) throw base::Error(base::Status::failure, "use", input.name, "it holds no token");
  return token;
}

}  // namespace mrf::store
