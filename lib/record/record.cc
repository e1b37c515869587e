// SPDX-License-Identifier: MIT
#include "record/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>
#include <system_error>

#include "base/error.h"
#include "base/lower_case.h"
#include "base/output_name.h"
#include "codec/data_format.h"

namespace mrf::record {

namespace {

std::uint64_t parse_count(const std::string& text, std::string_view digits) {
  std::uint64_t count = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (code != std::errc() || end != digits.data() + digits.size() || count == 0) {
    throw base::UsageError("use record form", text, "a number from 1 on is to follow the colon");
  }
  return count;
}

std::string start_text(const std::string& form, std::string_view start) {
  if (start.empty() || start.find('\n') != std::string_view::npos) {
    throw base::UsageError("use record form", form, "the start of a line is to follow the colon");
  }
  return std::string(start);
}

}  // namespace

RecordForm parse_record_form(const std::string& text) {
  using Kind = RecordForm::Kind;
  if (text == "line") return {Kind::line, 1};
  if (text == "fastq") return {Kind::fastq, 1};
  if (text == "fasta") return {Kind::fasta, 1, ">"};
  if (text == "nul") return {Kind::nul, 1};
  if (text == "bam") return {Kind::bam, 1};
  const std::string_view view = text;
  if (view.starts_with("lines:")) return {Kind::lines, parse_count(text, view.substr(6))};
  if (is_bytes(view)) return {Kind::fixed, parse_count(text, view.substr(6))};
  if (view.starts_with("start:")) return {Kind::start, 1, start_text(text, view.substr(6))};
  throw base::UsageError("use record form", text, fmt::format("not one of {}", record_form_names));
}

bool check_text(std::string_view front, bool at_end, const RecordForm& form, const std::string& input_name) {
  if (form.kind == RecordForm::Kind::bam || is_bytes(form)) return true;
  const codec::DataFormat format = codec::format_by_magic(front);
  if (format != codec::DataFormat::unknown)
    throw base::DataError("read", input_name, codec::refusal_of(format));
  return at_end || !codec::is_undecided(front);
}

bool is_pipe_or_device(const std::string& path) {
  std::error_code none;
  const auto type = std::filesystem::status(path, none).type();
  return type == std::filesystem::file_type::fifo || type == std::filesystem::file_type::character;
}

void check_written_name(const std::string& path) {
  const std::string way = base::way_to_write(path);
  if (!way.empty() && !is_pipe_or_device(path)) throw base::UsageError("write", path, way);
}

void check_output_name(const std::string& path, const RecordForm& form) {
  const std::string lower = base::lower_case(path);
  const std::string_view name = base::without_gzip_ending(lower);
  const bool is_bam = form.kind == RecordForm::Kind::bam;
  const bool names_bam = lower.ends_with(".bam") || lower.ends_with(".ubam");
  const bool is_other =
      (is_bam ? name.ends_with(".sam") : names_bam) || lower.ends_with(".cram") || lower.ends_with(".bcf");
  if (is_other && !is_pipe_or_device(path))
    throw base::UsageError(
        "write", path,
        fmt::format("it gets {}, and its name says another format; mrf-bamwrite writes BAM and "
                    "CRAM, mrf-bamread SAM",
                    is_bam ? "BAM" : "text"));
  if (form.kind != RecordForm::Kind::fixed) check_written_name(path);
}

}  // namespace mrf::record
