// SPDX-License-Identifier: MIT
#include "trial/result.h"

#include <utility>

#include "base/output_name.h"
#include "io/reader.h"
#include "io/stats.h"
#include "record/framer.h"

namespace mrf::trial {

namespace {

std::size_t size_of_header(std::string_view text, const record::HeaderForm& form) {
  if (!form.is_named()) return 0;
  record::HeaderReader reader(form, "result");
  std::size_t size = 0;
  while (!reader.is_over()) size += reader.take(text.substr(size), true);
  return size;
}

}  // namespace

Result::Result(std::string text, const record::RecordForm& form, const record::HeaderForm& header)
    : text_(std::make_unique<const std::string>(std::move(text))) {
  const std::string_view all = *text_;
  header_ = all.substr(0, size_of_header(all, header));
  const auto framer = record::make_framer(form, "result");
  for (std::string_view rest = all.substr(header_.size()); !rest.empty();) {
    const record::Span span = framer->split(rest, 1);
    const std::size_t size = span.records > 0 ? span.bytes : rest.size();
    records_.push_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
}

Result Result::read(const std::string& path, const record::RecordForm& form,
                    const record::HeaderForm& header) {
  io::Meter meter;
  io::Reader reader(io::open_input(path), meter,
                    {.inflates = !record::is_bytes(form) || base::has_gzip_name(path)});
  std::string text;
  for (bool more = true; more;) {
    more = reader.more();
    text.append(reader.view());
    reader.consume(reader.view().size());
  }
  return Result(std::move(text), form, header);
}

}  // namespace mrf::trial
