// SPDX-License-Identifier: MIT
#include "shard/input.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/amounts.h"
#include "base/error.h"
#include "codec/bgzf.h"
#include "codec/inflate.h"
#include "shard/candidate.h"
#include "shard/cram.h"
#include "shard/digest.h"
#include "shard/stale.h"

namespace mrf::shard {

bool has_changed(const InputState& input) {
  struct stat info {};
  const bool is_there = look_anew_when_stale([&] {
    if (::stat(input.path.c_str(), &info) == 0) return true;
    if (errno != ENOENT && errno != ENOTDIR) throw base::SystemError("read", input.path);
    return false;
  });
  if (!is_there) return false;
  return static_cast<std::uint64_t>(info.st_size) != input.size ||
         base::time_text(info.st_mtim) != input.mtime;
}

Input::Input(const std::string& path, const InputForm& form, io::Meter& meter)
    : form_(form), meter_(meter), file_(io::open_input(path)) {
  if (!file_.is_regular)
    throw base::UsageError("cut", file_.name,
                           "it is no regular file; --shards needs one that all shards can read");
  if (!can_be_cut(form.record))
    throw base::UsageError(
        "use option", "--shards",
        "where records of lines:K and fixed:BYTES begin, only what is in front of them says");
  const FileState file = file_state();
  state_.path = path;
  state_.size = file.size;
  state_.mtime = file.mtime;
  find_storage();
  read_header();
}

FileState Input::file_state() const {
  struct stat info {};
  if (::fstat(file_.fd.get(), &info) != 0) throw base::SystemError("read", file_.name);
  return {static_cast<std::uint64_t>(info.st_size), base::time_text(info.st_mtim), info.st_dev, info.st_ino};
}

void Input::refuse_changed() const { refuse_other(file_state()); }

void Input::refuse_other(const FileState& read) const {
  const FileState file = file_state();
  if (file.size != state_.size || file.mtime != state_.mtime || !(read == file))
    throw base::DataError("read", file_.name, "it was changed while it was read");
}

void Input::find_storage() {
  if (form_.is_cram) {
    state_.storage = Storage::cram;
    return;
  }
  if (record::is_bytes(form_.record)) return;
  const std::string front = bytes_at(file_.fd, file_.name, 0, codec::bgzf_max_block);
  if (!codec::is_gzip(front)) return;
  if (codec::parse_bgzf_header(front).state != codec::BgzfHeader::State::whole)
    throw base::UsageError(
        "cut", file_.name,
        "it is gzip and not BGZF, and can be read from its start only: gzip -dc | bgzip makes "
        "BGZF of it");
  state_.storage = Storage::bgzf;
  const std::size_t size = codec::bgzf_eof.size();
  if (state_.size < size || bytes_at(file_.fd, file_.name, state_.size - size, size) != codec::bgzf_eof)
    throw base::DataError("read", file_.name,
                          "it is truncated: it does not end with the end-of-file block of BGZF");
}

void Input::read_header() {
  if (form_.is_cram) {
    const CramFile& cram = cram_.emplace(file_.fd, file_.name, state_.size);
    header_ = cram.header();
    first_ = cram.first();
    state_.header_digest = digest_of(header_);
    return;
  }
  Content content(file_.fd, file_.name, state_.storage, 0, meter_);
  bool has_ended = false;
  if (form_.header.is_named()) {
    record::HeaderReader reader(form_.header, file_.name);
    while (!reader.is_over()) {
      if (!has_ended) has_ended = !content.more();
      const std::size_t size = reader.take(content.view(), has_ended);
      header_.append(content.view().substr(0, size));
      content.consume(size);
    }
  }
  while (content.view().empty() && !has_ended) has_ended = !content.more();
  first_ = content.position(0);
  state_.header_digest = digest_of(header_);
}

}  // namespace mrf::shard
