// SPDX-License-Identifier: MIT
#include "split/distribute.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "io/fd.h"
#include "unit/directory.h"
#include "unit/wakeups.h"

namespace {

// Lines of any bytes: empty ones, with CR and NUL, a few longer than every buffer.
std::vector<std::string> some_lines(std::mt19937& random) {
  std::vector<std::string> lines(random() % 400);
  for (auto& line : lines) {
    const std::size_t longest = random() % 300 == 0 ? 3000000 : 20;
    line.resize(random() % longest);
    for (auto& c : line) c = "\0\r\tab@"[random() % 6];
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines, bool end) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  if (!end && !lines.empty() && !lines.back().empty()) text.pop_back();
  return text;
}

std::uint64_t chunk_size(std::mt19937& random) {
  static constexpr std::uint64_t sizes[] = {1, 2, 3, 7, 100, 1000, 1000000};
  return sizes[random() % std::size(sizes)];
}

// What round robin gives each of so many outputs.
std::vector<std::string> round_robin(const std::vector<std::string>& lines, std::size_t ways,
                                     mrf::split::ChunkSize size) {
  std::vector<std::string> outputs(ways);
  std::size_t output = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  for (const auto& line : lines) {
    const std::uint64_t more = line.size() + 1;
    if (size.bytes == 0 ? records == size.records : records > 0 && bytes + more > size.bytes) {
      output = (output + 1) % ways;
      records = bytes = 0;
    }
    outputs[output] += line + "\n";
    ++records;
    bytes += more;
  }
  return outputs;
}

// Distributes the text from a file or, through a descriptor's path, from a pipe.
void distribute(mrf::split::DistributeOptions& options, const std::string& text, bool piped,
                const std::string& path) {
  mrf::io::Stats stats;
  mrf::io::Meter meter;
  if (!piped) {
    std::ofstream(path, std::ios::binary) << text;
    options.inputs = {path};
    return mrf::split::distribute(options, stats);
  }
  mrf::io::Pipe pipe = mrf::io::make_pipe();
  std::thread writer([&] {
    mrf::io::write_all(pipe.write_end, "pipe", text, meter);
    pipe.write_end.reset();
  });
  options.inputs = {"/proc/self/fd/" + std::to_string(pipe.read_end.get())};
  mrf::split::distribute(options, stats);
  writer.join();
}

}  // namespace

TEST_CASE("whatever the lines, each output gets its chunks, in order") {
  const Directory directory;
  std::mt19937 random(11);
  for (int round = 0; round < 80; ++round) {
    CAPTURE(round);
    const auto lines = some_lines(random);
    mrf::split::DistributeOptions options;
    const std::size_t ways = 1 + random() % 4;
    for (std::size_t i = 0; i < ways; ++i) options.outputs.push_back(directory / std::to_string(i));
    options.chunk.records = chunk_size(random);
    if (round % 2 == 1) options.chunk.bytes = chunk_size(random);
    distribute(options, joined(lines, random() % 2 == 0), round % 3 == 0, directory / "in");
    const auto expected = round_robin(lines, ways, options.chunk);
    for (std::size_t i = 0; i < ways; ++i) CHECK((content(options.outputs[i]) == expected[i]));
  }
}

TEST_CASE("by key, nothing is lost or doubled, and one key has one output") {
  const Directory directory;
  std::mt19937 random(12);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    const auto lines = some_lines(random);
    mrf::split::DistributeOptions options;
    for (std::size_t i = 0; i < 3; ++i) options.outputs.push_back(directory / std::to_string(i));
    options.key = mrf::record::parse_key_form("column:1");
    std::vector<std::string> expected(3);
    for (const auto& line : lines) {
      std::string key = line.substr(0, line.find('\t'));
      if (key.size() == line.size() && key.ends_with('\r')) key.pop_back();
      expected[mrf::record::key_hash(key) % 3] += line + "\n";
    }
    distribute(options, joined(lines, true), round % 2 == 0, directory / "in");
    for (std::size_t i = 0; i < 3; ++i) CHECK((content(options.outputs[i]) == expected[i]));
  }
}

TEST_CASE("until read: a reader that ends in front of the last byte is found out") {
  const Directory directory;
  const std::string text = "one\ntwo\n";
  for (const std::size_t taken : {text.size() - 1, text.size()}) {
    mrf::split::DistributeOptions options;
    options.outputs = {directory / "fifo", directory / "file"};
    options.chunk.records = 2;
    options.until_read = true;
    (void)::mkfifo(options.outputs[0].c_str(), 0600);
    std::thread reader([&] {
      const mrf::io::Fd fifo = mrf::io::open_file(options.outputs[0], O_RDONLY);
      std::string part(taken, ' ');
      CHECK(::read(fifo.get(), part.data(), part.size()) > 0);
      if (taken == text.size()) CHECK(::read(fifo.get(), part.data(), part.size()) == 0);
    });
    if (taken == text.size()) {
      CHECK_NOTHROW(distribute(options, text, false, directory / "in"));
    } else {
      const std::string message = "cannot write '" + options.outputs[0] + "': Broken pipe";
      CHECK_THROWS_WITH(distribute(options, text, false, directory / "in"), message.c_str());
      CHECK_FALSE(std::filesystem::exists(options.outputs[1]));
    }
    reader.join();
  }
}

TEST_CASE("a reader that takes little at a time is not fed each time") {
  const Directory directory;
  const std::string text(std::size_t{32} << 20, '\n');
  mrf::split::DistributeOptions options;
  options.outputs = {directory / "fifo"};
  REQUIRE(::mkfifo(options.outputs[0].c_str(), 0600) == 0);
  std::size_t taken = 0;
  std::thread reader([&] {
    const mrf::io::Fd fifo = mrf::io::open_file(options.outputs[0], O_RDONLY);
    std::string part(16384, ' ');
    while (const ssize_t n = ::read(fifo.get(), part.data(), part.size())) {
      if (n < 0) break;
      taken += static_cast<std::size_t>(n);
      work_for(std::chrono::microseconds(20));
    }
  });
  const long before = wakeups();
  distribute(options, text, false, directory / "in");
  CHECK(wakeups() - before < 512);
  reader.join();
  CHECK(taken == text.size());
}
