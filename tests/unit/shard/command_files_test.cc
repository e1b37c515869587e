// SPDX-License-Identifier: MIT
#include "shard/command_files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "shard/receipt.h"
#include "unit/directory.h"
#include "unit/shard/files.h"

namespace {

using namespace mrf::shard;
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("the files of a command are told apart by their bytes, large ones by size and time") {
  const ::Directory files;
  const std::string script = files / "script";
  const std::string table = files / "table";
  const std::string fifo = files / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  test::write_file(script, "cat\n");
  test::write_file(table, std::string((1 << 20) + 1, 'x'));
  const Texts words{"sh", "-c", script, fifo, files / "none", table, script};
  const auto before = command_files(words);
  REQUIRE(before.size() == 3);
  CHECK(before[0].word == "sh");
  CHECK(before[1].word == script);
  CHECK(before[2].word == table);
  CHECK(command_files(words) == before);
  test::write_file(script, "tac\n");
  test::write_file(table, std::string((1 << 20) + 2, 'x'));
  const auto after = command_files(words);
  CHECK(changes_of_files(after, {{0, before}, {1, after}, {2, before}, {3, before}}) ==
        Texts{"'" + script + "' has changed since shards 0, 2 and 3 were made",
              "'" + table + "' has changed since shards 0, 2 and 3 were made"});
  CHECK(changes_of_files(after, {{1, after}, {2, {}}}).empty());
  CHECK(changes_of_files({{"a", "2"}}, {{7, {{"a", "1"}}}}) ==
        Texts{"'a' has changed since shard 7 was made"});
}

TEST_CASE("a receipt has the files of its command, and one without them is a receipt") {
  Receipt receipt{"plan", 7, {1, 2, 3}, "7-host-1-2-out.bam", 99, "digest", "host", "now", 1.5};
  CHECK(parse_receipt(receipt_text(receipt), "7.json").files.empty());
  receipt.files = {{"./a", "1"}, {"b", "2"}};
  CHECK(parse_receipt(receipt_text(receipt), "7.json").files == receipt.files);
}
