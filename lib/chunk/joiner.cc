// SPDX-License-Identifier: MIT
#include "chunk/joiner.h"

#include <fmt/format.h>

#include <exception>
#include <string>

#include "base/error.h"
#include "codec/data_format.h"
#include "codec/inflate.h"
#include "io/io.h"

namespace mrf::chunk {

ChunkJoiner::ChunkJoiner(const ChunkCommand& command, io::FdRef to)
    : to_(to), written_(command.written), reads_sam_(command.form.is_sam) {}

void ChunkJoiner::put_header(std::string_view header) {
  has_input_header_ = !header.empty();
  write(header);
}

void ChunkJoiner::leave_unfinished() noexcept {
  const bool is_sam = written_ ? written_->is_sam : reads_sam_ && has_input_header_;
  const bool is_fastq = written_ && written_->record.kind == record::RecordForm::Kind::fastq;
  if (!is_sam && !is_fastq) return;
  try {
    write("*");
  } catch (const std::exception&) {  // the first failure is what the user is told
  }
}

void ChunkJoiner::write(std::string_view bytes) {
  io::write_all(to_, std::string(io::stdout_name), bytes, meter_);
}

bool is_binary(std::string_view first) {
  const codec::DataFormat format = codec::format_by_magic(first);
  return codec::is_gzip(first) || (format != codec::DataFormat::unknown && format != codec::DataFormat::sam);
}

void refuse_binary_output(std::string_view first, const std::string& name) {
  if (!is_binary(first)) return;
  const std::string_view what =
      codec::is_gzip(first) ? "compressed with gzip" : codec::format_name(codec::format_by_magic(first));
  throw base::DataError(
      "join", name,
      fmt::format("it is {}, not text; --output-record bam is for BAM, --output-record fixed:1 for other "
                  "bytes",
                  what));
}

std::unique_ptr<ChunkJoiner> make_joiner(const ChunkCommand& command, io::FdRef to) {
  using Kind = record::RecordForm::Kind;
  const StreamForm form = command.written.value_or(command.form);
  const bool has_own_header = command.header_broadcast && !command.written;
  const record::RecordForm record = form.record;
  const bool is_plain = !form.is_sam && (record.kind == Kind::line || record.kind == Kind::nul ||
                                         (record.kind == Kind::fixed && record.count == 1));
  if (form.is_bam() || has_own_header || (command.written && (!is_plain || form.header.is_named()))) {
    return make_checking_joiner(command, form, to);
  }
  return make_passing_joiner(command, to);
}

}  // namespace mrf::chunk
