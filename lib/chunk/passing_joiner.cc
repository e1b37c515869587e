// SPDX-License-Identifier: MIT
// The bytes go from pipe to pipe or file inside the kernel. Of each output only its first bytes and its last
// one are looked at: the last, which stays behind until more comes, to end a last line; the first, since
// compressed data has no lines.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "chunk/joiner.h"
#include "codec/data_format.h"
#include "codec/inflate.h"
#include "io/io.h"
#include "io/move_bytes.h"

namespace mrf::chunk {

namespace {

class PassingJoiner : public ChunkJoiner {
 public:
  PassingJoiner(const ChunkCommand& command, io::FdRef to)
      : ChunkJoiner(command, to), filter_(command.words[0]), is_asked_for_(command.written) {
    using Kind = record::RecordForm::Kind;
    const Kind kind = command.written.value_or(command.form).record.kind;
    if (kind != Kind::fixed) delimiter_ = kind == Kind::nul ? '\0' : '\n';
  }

  void begin(std::uint64_t chunk) override {
    chunk_ = chunk;
    first_.clear();
    last_.reset();
  }

  std::optional<std::size_t> take(io::FdRef pipe) override {
    if (delimiter_ && first_.size() < codec::format_magic_size) return take_first(pipe);
    const auto taken = drain_.drain(pipe, to(), std::string(io::stdout_name));
    count(taken.value_or(0));
    return taken;
  }

  void take_file(io::FdRef file, std::uint64_t size) override {
    std::array<char, codec::format_magic_size> first;
    const ssize_t n = ::pread(file.get(), first.data(), first.size(), 0);
    char last = 0;
    if (n <= 0 || ::pread(file.get(), &last, 1, static_cast<off_t>(size - 1)) != 1) {
      throw base::SystemError("read", "temporary file");
    }
    io::copy_file(file, size, to(), std::string(io::stdout_name));
    count(size);
    first_.assign(first.data(), static_cast<std::size_t>(n));
    last_ = last;
  }

  void end() override {
    if (const auto kept = drain_.take_last()) {
      last_ = *kept;
      const std::uint64_t before = bytes();
      write({&*kept, 1});
      count(before - bytes());  // it was counted when it was taken
    }
    if (!delimiter_ || !last_) return;
    // A header of text in front of compressed data is neither.
    if ((is_asked_for_ || has_input_header()) && *delimiter_ == '\n')
      refuse_binary_output(first_, fmt::format("output of {} for chunk {}", filter_, chunk_));
    if (*last_ == *delimiter_) return;
    if (!is_asked_for_ && (*last_ == '\n' || is_binary(first_))) return;
    write({&*delimiter_, 1});
  }

 private:
  std::optional<std::size_t> take_first(io::FdRef pipe) {
    std::array<char, codec::format_magic_size> first;
    ssize_t n = 0;
    while ((n = ::read(pipe.get(), first.data(), codec::format_magic_size - first_.size())) < 0 &&
           errno == EINTR) {
    }
    if (n < 0 && errno == EAGAIN) return std::nullopt;
    if (n < 0) throw base::SystemError("read", "filter");
    if (n == 0) return 0;
    const std::string_view bytes{first.data(), static_cast<std::size_t>(n)};
    first_ += bytes;
    last_ = bytes.back();
    write(bytes);
    return bytes.size();
  }

  const std::string filter_;
  const bool is_asked_for_;
  std::uint64_t chunk_ = 0;
  std::optional<char> delimiter_;
  io::PipeDrain drain_{true};
  std::string first_;
  std::optional<char> last_;
};

}  // namespace

std::unique_ptr<ChunkJoiner> make_passing_joiner(const ChunkCommand& command, io::FdRef to) {
  return std::make_unique<PassingJoiner>(command, to);
}

}  // namespace mrf::chunk
