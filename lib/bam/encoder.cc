// SPDX-License-Identifier: MIT
#include "bam/encoder.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/lower_case.h"
#include "base/output_name.h"
#include "io/index_file.h"
#include "io/output_file.h"
#include "io/paths.h"

namespace mrf::bam {

namespace {

constexpr int usual_level = 6;
constexpr std::size_t bytes_to_disk = std::size_t{1} << 20;

// By the extension of a path; BAM when it has none or the path is no name of a file.
std::string format_of(const std::string& path) {
  const std::string lower = base::lower_case(io::base_of(path));
  const std::string_view name = base::without_gzip_ending(lower);
  const auto is_named = [&](std::string_view ending) {
    return name.size() > ending.size() && name.ends_with(ending);
  };
  const bool is_gzip = name.size() < lower.size();
  if (is_named(".sam")) return is_gzip ? "sam.gz" : "sam";
  return is_named(".cram") && !is_gzip ? "cram" : "bam";
}

}  // namespace

void Output::write(std::string_view bytes) {
  io::write_all(file_.fd(), file_.name(), bytes, meter_);
  not_begun_ += bytes.size();
  if (not_begun_ < bytes_to_disk || file_.is_direct()) return;
  // A refusal is no error: fsync(2) writes what is not written then.
  (void)::sync_file_range(file_.fd().get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  not_begun_ = 0;
}

std::unique_ptr<Encoder> make_encoder(const EncoderOptions& options) {
  const std::string format =
      options.format.empty() ? format_of(options.path) : base::lower_case(options.format);
  const int level = options.level.value_or(usual_level);
  if (level < 0 || level > 9)
    throw base::UsageError("use level", std::to_string(level), "not between 0 and 9");
  if (!options.with_header && !format.starts_with("sam"))
    throw base::UsageError("use option", "--no-header", "only SAM can be without its header");
  if (!options.with_header && options.index)
    throw base::UsageError("use option", "--no-header", "an index needs the header");
  if (format == "bam") return make_bam_encoder(level, options.index);
  if (format == "sam.gz")
    return make_sam_gz_encoder(level, options.index, options.permissive, options.with_header);
  if (format == "cram") return make_cram_encoder(options);
  if (format != "sam")
    throw base::UsageError("use output format", options.format, "not bam, cram, sam or sam.gz");
  if (options.level) throw base::UsageError("use option", "-l", "plain SAM is not compressed");
  if (options.index) throw base::UsageError("index", options.path, "plain SAM has no index");
  return make_sam_encoder(options.with_header, options.permissive);
}

namespace {

// proc(5): the way to a file that has no name yet.
std::string path_of(io::FdRef fd) { return fmt::format("/proc/self/fd/{}", fd.get()); }

}  // namespace

void check_can_index(const io::OutputFile& output) {
  if (output.is_direct()) throw base::UsageError("index", output.name(), "only a file can have an index");
}

void commit_with_index(Encoder& encoder, io::OutputFile& output, const std::string& path) {
  io::OutputFile index(path + encoder.index_extension());
  encoder.save_index(path_of(output.fd()), path_of(index.fd()), index.name());
  io::commit_together({&output, &index});
  io::warn_of_old_index(path, encoder.index_extension() == ".crai" ? io::IndexOf::cram : io::IndexOf::bam);
}

}  // namespace mrf::bam
