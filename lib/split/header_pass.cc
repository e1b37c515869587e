// SPDX-License-Identifier: MIT
#include "split/header_pass.h"

#include <fmt/format.h>

#include "base/error.h"

namespace mrf::split {

// A last line without newline is given one.
void HeaderPass::put(std::string_view header, const record::HeaderForm& form) {
  if (is_out_) return;
  for (const std::size_t output : receivers_) {
    outputs_.put(output, header);
    if (form.kind != record::HeaderForm::Kind::bam && !header.ends_with('\n'))
      outputs_.put(output, std::string_view("\n"));
  }
}

void HeaderPass::pass(Input& input, const record::HeaderForm& form) {
  record::HeaderReader reader(form, input.name());
  for (bool more = true; !reader.is_over();) {
    const std::string_view header = input.view().substr(0, reader.take(input.view(), !more));
    if (!header.empty()) {
      if (form.kind == record::HeaderForm::Kind::bam) check_references(header, input.name());
      put(header, form);
    }
    input.drop({header.size(), 0});
    if (!reader.is_over() && more) more = input.more();
  }
  is_out_ = true;
}

void HeaderPass::check_references(std::string_view header, const std::string& name) {
  const std::string_view references = record::bam_references(header);
  if (!is_out_) {
    first_name_ = name;
    references_ = references;
  } else if (references_ != references) {
    throw base::DataError("read", name,
                          fmt::format("its reference sequences are not those of '{}'", first_name_));
  }
}

}  // namespace mrf::split
