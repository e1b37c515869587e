// SPDX-License-Identifier: MIT
// Prints how many bytes an object has and a sum of them, by each of the three ways that libmrf-fetch has.
//
//   c++ -std=c++17 fetch-digest.cc $(pkg-config --cflags --libs libmrf-fetch) -o fetch-digest
//   ./fetch-digest https://example.org/reads.fastq.gz

#include <mrf/fetch.h>

#include <atomic>
#include <cstdint>
#include <iostream>
#include <string_view>

namespace fetch = mrf::fetch::v1;

namespace {

// A sum that does not depend on the order in which pieces come.
std::uint64_t sum_of(std::uint64_t at, std::string_view bytes) {
  std::uint64_t sum = 0;
  for (const char byte : bytes) sum += static_cast<unsigned char>(byte) * (2 * at++ + 1);
  return sum;
}

void print(const char* way, std::uint64_t sum, const fetch::Result& result) {
  std::cout << way << ": " << result.bytes << " bytes, sum " << sum << ", "
            << (result.verified_by.empty() ? "unverified: " + result.doubt
                                           : "verified by " + result.verified_by)
            << '\n';
}

void print_all(const char* url) {
  std::uint64_t sum = 0;
  fetch::Stream stream(url);
  for (;;) {
    const fetch::View view = stream.read();
    if (view.is_end()) break;
    sum += sum_of(view.at(), view.bytes());
  }
  print("stream", sum, stream.result());

  std::uint64_t at = 0;
  sum = 0;
  auto result = fetch::read_in_order(url, {}, [&](std::string_view bytes) {
    sum += sum_of(at, bytes);
    at += bytes.size();
  });
  print("in order", sum, result);

  std::atomic<std::uint64_t> shared_sum{0};
  result = fetch::read_in_any_order(
      url, {}, [&](std::uint64_t where, std::string_view bytes) { shared_sum += sum_of(where, bytes); });
  print("in any order", shared_sum, result);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: fetch-digest URL\n";
    return 2;
  }
  print_all(argv[1]);
  return 0;
} catch (const fetch::FetchError& error) {
  std::cerr << "fetch-digest: " << error.what() << '\n';
  return static_cast<int>(error.kind());
}
