// SPDX-License-Identifier: MIT
#pragma once

// libmrf-fetch: one object by its URL, whole and verified, for programs in C++17 and later. It takes the URLs
// of getm-fetch(1) and does what that does, without a file: ranges side by side, retries, one version of the
// object, and the checksum that the server or the caller names. libmrf-fetch(3) is the reference.
//
// Nothing here writes to standard error, handles a signal or starts a process. Functions may be called from
// any thread; a Stream is read by one thread at a time. Proxies come from the environment (http_proxy,
// https_proxy, no_proxy), and so does CURL_CA_BUNDLE.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace mrf::fetch::v1 {

/// Why an object did not come. what() is "cannot VERB 'OBJECT': REASON", without passwords and signatures.
/// The numbers are the exit statuses of getm-fetch(1).
class FetchError : public std::runtime_error {
 public:
  enum class Kind {
    failure = 1,      ///< of the system: no memory for the ring, no descriptor
    usage = 2,        ///< the URL or an option is wrong
    bad_data = 3,     ///< the checksum is wrong or missing, or the object changed meanwhile
    refused = 4,      ///< the server said no: not found, denied, expired
    unavailable = 5,  ///< not reached, or failing after all retries: worth trying again
  };

  FetchError(Kind kind, const std::string& what);
  ~FetchError() override;
  Kind kind() const noexcept { return kind_; }

 private:
  Kind kind_;
};

/// The options of getm-fetch(1) that concern one object. Sizes are in bytes.
struct Options {
  unsigned concurrency = 4;                      ///< requests at a time; 0: one, in the calling thread
  std::uint64_t part_size = 8 << 20;             ///< of one range request, at least 64 KiB
  std::uint64_t multipart_threshold = 16 << 20;  ///< smaller objects come in one request
  std::uint64_t buffer = 64 << 20;               ///< of memory for what waits for its turn, at least 2 MiB
  unsigned retries = 10;                         ///< in a row without a byte
  unsigned stall_seconds = 60;                   ///< without a byte, after which a request is made anew
  std::vector<std::string> headers;              ///< "Name: value", sent with every request to the URL's host
  std::string ca_file;                           ///< certificates to trust, PEM; "": those of the system
  std::string checksum;                          ///< hexadecimal or base64; "": what the server says
  std::string checksum_algorithm;  ///< md5, gs_crc32c, s3_etag or sha256 of `checksum`; null: none
  std::uint64_t s3_part_size = 0;  ///< of an upload in parts; 0: the common ones are tried
  bool require_checksum = false;   ///< what nothing can verify is a FetchError
};

/// What is known of an object that came whole.
struct Result {
  std::uint64_t bytes = 0;
  std::string verified_by;  ///< the checksum, as "x-goog-hash crc32c"; "" when nothing verified the bytes
  std::string doubt;        ///< why nothing did; "" when the caller wanted that
};

/// Calls `take` with the bytes of an object in their order, in one thread at a time. Returns when the object
/// is whole and verified. Throws FetchError, and what `take` throws: what was taken is then not to be
/// trusted.
Result read_in_order(const std::string& url, const Options& options,
                     const std::function<void(std::string_view bytes)>& take);

/// Calls `take` with pieces of an object and their places, as they come, in several threads at once, each
/// byte once. Returns when the object is whole. CRCs are verified, digests (MD5, SHA) cannot be:
/// Result::doubt says so. Throws FetchError, and what `take` throws.
Result read_in_any_order(const std::string& url, const Options& options,
                         const std::function<void(std::uint64_t at, std::string_view bytes)>& take);

class Stream;

/// Bytes of an object in the shared memory of its stream. They stay until the view dies, and so does the room
/// that they take: a reader that keeps views of Options::buffer bytes waits for itself. A view dies before
/// its stream.
class View {
 public:
  View(View&& other) noexcept;
  View& operator=(View&& other) noexcept;
  ~View();

  std::string_view bytes() const noexcept { return bytes_; }
  /// Where they stand in the object.
  std::uint64_t at() const noexcept { return at_; }
  /// The end of the object, which is then whole and verified.
  bool is_end() const noexcept { return bytes_.empty(); }

 private:
  friend class Stream;
  struct Held;
  explicit View(std::unique_ptr<Held> held) noexcept;

  std::unique_ptr<Held> held_;
  std::string_view bytes_;
  std::uint64_t at_ = 0;
};

/// An object as a readable stream, fetched by a thread of its own while it is read.
class Stream {
 public:
  /// Starts the download. Throws FetchError for options that are wrong.
  explicit Stream(const std::string& url, const Options& options = {});
  /// Ends the download, whole or not.
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Waits for the next bytes, at most `most`, at least one. The view of the end has none. Throws FetchError:
  /// what came before is then not to be trusted.
  View read(std::size_t most = 1 << 20);
  /// Of an object whose end was read.
  Result result() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The version of the library, as "1.0.0".
const char* version() noexcept;

}  // namespace mrf::fetch::v1
