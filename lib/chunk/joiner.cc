// SPDX-License-Identifier: MIT
#include "chunk/joiner.h"

#include <string>

#include "io/io.h"

namespace mrf {

ChunkJoiner::ChunkJoiner(FdRef to) : to_(to) {}

void ChunkJoiner::put_header(std::string_view header) {
  has_input_header_ = !header.empty();
  write(header);
}

void ChunkJoiner::write(std::string_view bytes) { write_all(to_, std::string(stdout_name), bytes, meter_); }

std::unique_ptr<ChunkJoiner> make_joiner(const ChunkCommand& command, FdRef to) {
  using Kind = RecordForm::Kind;
  const StreamForm form = command.written.value_or(command.form);
  const bool has_own_header = command.header_broadcast && !command.written;
  const RecordForm record = form.record;
  const bool is_plain = !form.is_sam && (record.kind == Kind::line || record.kind == Kind::nul ||
                                         (record.kind == Kind::fixed && record.count == 1));
  if (form.is_bam() || has_own_header || (command.written && (!is_plain || form.header.is_named()))) {
    return make_checking_joiner(command, form, to);
  }
  return make_passing_joiner(command, to);
}

}  // namespace mrf
