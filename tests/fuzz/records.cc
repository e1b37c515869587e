// SPDX-License-Identifier: MIT
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "fuzz.h"
#include "record/framer.h"
#include "record/key.h"
#include "record/record.h"
#include "record/sequence.h"

using namespace mrf;

namespace {

constexpr std::array forms = {"line", "lines:3", "fastq", "nul", "fixed:7", "bam"};

// The records of `bytes`, shown `step` bytes more at a time and taken `at_most` at a time; nothing when they
// are refused.
std::optional<std::vector<std::string>> framed(record::RecordForm form, std::string_view bytes,
                                               std::size_t step, std::uint64_t at_most) {
  std::vector<std::string> runs;
  try {
    const auto framer = record::make_framer(form, "fuzz");
    std::size_t taken = 0;
    for (std::size_t shown = 0; shown < bytes.size();) {
      shown = std::min(bytes.size(), shown + step);
      for (;;) {
        const record::Span span = framer->take(bytes.substr(taken, shown - taken), at_most);
        fuzz::check(span.records <= at_most && span.bytes <= shown - taken,
                    "a span is no more than there is");
        if (span.records == 0) break;
        runs.emplace_back(bytes.substr(taken, span.bytes));
        taken += span.bytes;
      }
    }
    if (taken < bytes.size()) {
      const std::string_view tail = bytes.substr(taken);
      runs.push_back(std::string(tail) + std::string(framer->complete(tail)));
    }
  } catch (const base::Error&) {
    return std::nullopt;
  }
  return runs;
}

std::string joined(const std::vector<std::string>& runs) {
  std::string all;
  for (const auto& span : runs) all += span;
  return all;
}

// Whatever a record holds, its name, key and number are parts of it.
void look_into(record::RecordForm form, const std::string& record) {
  const bool is_bam = form.kind == record::RecordForm::Kind::bam;
  fuzz::check(record::record_name(form, record).size() <= record.size(), "a name is a part of its record");
  for (const char* key : {"tag:CB", "name:3", "column:2", "after:a"}) {
    fuzz::may_refuse([&] { (void)record::make_key_finder(record::parse_key_form(key), form)->find(record); });
  }
  for (const auto place :
       {record::SequencePlace::column, record::SequencePlace::tag, record::SequencePlace::aux}) {
    if ((place == record::SequencePlace::aux) != is_bam) continue;
    const auto mark = record::find_sequence(place, record);
    fuzz::check(!mark || mark->begin + mark->size <= record.size(), "a number is a part of its record");
  }
}

}  // namespace

// The first byte chooses the form, the second one how the bytes arrive.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const record::RecordForm form = record::parse_record_form(forms.at(data[0] % forms.size()));
  const std::size_t step = 1 + data[1] % 64;
  const std::string_view bytes = fuzz::text_of(data + 2, size - 2);
  const auto at_once = framed(form, bytes, bytes.size(), std::numeric_limits<std::uint64_t>::max());
  const auto one_by_one = framed(form, bytes, step, 1);
  const auto by_threes = framed(form, bytes, step, 3);
  fuzz::check(at_once.has_value() == one_by_one.has_value() && at_once.has_value() == by_threes.has_value(),
              "what is refused does not depend on how it arrives");
  if (!at_once) return 0;
  fuzz::check(joined(*at_once) == joined(*one_by_one) && joined(*at_once) == joined(*by_threes),
              "nothing is lost or doubled");
  for (const auto& record : *one_by_one) look_into(form, record);
  return 0;
}
