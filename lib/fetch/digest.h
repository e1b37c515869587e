// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

struct evp_md_ctx_st;

namespace mrf::fetch {

enum class DigestKind { md5, sha1, sha256, sha512, crc32, crc32c, crc64nvme };

/// Whether it is a CRC, and no message digest.
bool is_crc(DigestKind kind);
/// The bytes of a CRC, the most significant one first: eight of CRC-64/NVME, four of the others.
std::string bytes_of_crc(DigestKind kind, std::uint64_t crc);

/// A message digest that is computed piece by piece, by libcrypto, or a CRC, as bytes_of_crc() has it.
class Digest {
 public:
  /// Throws Error when libcrypto does not offer it (FIPS mode has no MD5).
  explicit Digest(DigestKind kind);
  void update(std::string_view bytes);
  /// The digest's bytes, once.
  std::string finish();

 private:
  struct Deleter {
    void operator()(evp_md_ctx_st* context) const;
  };
  DigestKind kind_;
  std::unique_ptr<evp_md_ctx_st, Deleter> context_;  ///< not of a CRC
  std::uint64_t crc_ = 0;
};

/// "OpenSSL 3.0.15", for --version.
std::string crypto_version_text();

/// Bytes of an object that are there: in a file or in memory.
class ByteAccess {
 public:
  virtual ~ByteAccess() = default;
  /// At most `scratch.size()` bytes from `at` on, at least one; in `scratch` or elsewhere. Throws
  /// SystemError.
  virtual std::string_view view(std::uint64_t at, std::span<char> scratch) = 0;
  /// Copies the bytes from `at` on into all of `to`. Throws as view().
  void copy(std::uint64_t at, std::span<char> to);
};

/// How the bytes of an object can be read again while they are checked.
struct BytesAtHand {
  ByteAccess& access;
  bool stay = true;             ///< false when those below needed_from() are lost
  std::function<void()> moved;  ///< called in any thread when needed_from() has changed
};

/// Bytes [begin, end) of an object and how to hash them.
struct HashRange {
  std::uint64_t begin = 0;
  std::uint64_t end = std::numeric_limits<std::uint64_t>::max();  ///< the object's, when it is further
  DigestKind kind = DigestKind::md5;
};

/// Hashes ranges of an object while its bytes arrive: several at a time in threads, and those of one length
/// whose bytes stay side by side in the lanes of a vector.
class RangeHasher {
 public:
  /// `ranges` in order of their begins. As many `threads`, none for the thread that calls advance();
  /// at least as many as ranges overlap anywhere, when the bytes below low() are lost. When the system does
  /// not give them it is as with none.
  RangeHasher(const std::vector<HashRange>& ranges, BytesAtHand bytes, unsigned threads);
  ~RangeHasher();
  RangeHasher(const RangeHasher&) = delete;
  RangeHasher& operator=(const RangeHasher&) = delete;

  /// The bytes before `frontier` are there.
  void advance(std::uint64_t frontier);
  /// The bytes before this one are not needed any more.
  std::uint64_t low() const;
  /// The digests of the ranges, in order, of an object of `total` bytes. Waits; throws what the
  /// threads threw.
  std::vector<std::string> finish(std::uint64_t total);

 private:
  struct Task {
    HashRange range;
    std::uint64_t position;
    Digest digest;
    std::string result;
    bool done = false;
  };

  void work();
  void stop();
  std::span<Task> take_tasks();
  std::size_t side_by_side(std::size_t first) const;
  bool wait_for(std::span<Task> tasks);
  void run(Task& task, std::span<char> scratch);
  void run_lanes(std::span<Task> tasks, std::span<char> scratch);
  std::size_t ready(Task& task, std::size_t most);
  void step(Task& task, std::size_t bytes, std::span<char> scratch);
  void close(Task& task);

  BytesAtHand bytes_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Task> tasks_;
  std::size_t next_ = 0;  ///< the first task that no thread has taken
  std::uint64_t frontier_ = 0;
  bool over_ = false;
  bool stop_ = false;
  std::exception_ptr thrown_;
  std::vector<std::thread> threads_;
};

}  // namespace mrf::fetch
