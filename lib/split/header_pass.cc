// SPDX-License-Identifier: MIT
#include "split/header_pass.h"

#include <fmt/format.h>

#include "base/error.h"
#include "record/bam_header.h"

namespace mrf::split {

void HeaderPass::put(std::string_view bytes) {
  for (const std::size_t output : receivers_) outputs_.put(output, bytes);
}

void HeaderPass::pass_lines(Input& input, const record::HeaderForm& form) {
  record::HeaderScanner scanner(form, input.name());
  for (bool more = true; !scanner.is_over();) {
    const std::string_view lines = input.view().substr(0, scanner.take(input.view(), !more));
    if (!is_out_ && !lines.empty()) {
      put(lines);
      if (!lines.ends_with('\n')) put("\n");
    }
    input.drop({lines.size(), 0});
    if (!scanner.is_over() && more) more = input.more();
  }
  is_out_ = true;
}

void HeaderPass::pass_bam(Input& input) {
  constexpr std::size_t magic_size = 4;
  while (input.view().size() < magic_size && input.more()) {
  }
  record::check_bam_magic(input.view(), input.name());
  std::size_t size = 0;
  record::BamHeaderScanner scanner(input.name());
  while ((size = scanner.scan(input.view())) == 0) {
    if (!input.more()) throw base::DataError("read", input.name(), "its header is truncated");
  }
  const std::string_view header = input.view().substr(0, size);
  if (!is_out_) {
    put(header);
    first_name_ = input.name();
    references_ = record::bam_references(header);
  } else if (references_ != record::bam_references(header)) {
    throw base::DataError("read", input.name(),
                          fmt::format("its reference sequences are not those of '{}'", first_name_));
  }
  input.drop({size, 0});
  is_out_ = true;
}

}  // namespace mrf::split
