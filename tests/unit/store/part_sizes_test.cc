// SPDX-License-Identifier: MIT
#include "store/part_sizes.h"

#include <doctest/doctest.h>

#include <numeric>
#include <string>
#include <vector>

using mrf::store::PartQuestions;

namespace {

mrf::http::ResponseHead part_head(const std::vector<std::string>& lines) {
  mrf::http::ResponseHead head;
  for (const auto& line : lines) head.add_line(line);
  return head;
}

// A store with an object in parts of these sizes.
class PartStore final : public mrf::http::Network {
 public:
  explicit PartStore(std::vector<std::uint64_t> sizes) : sizes_(std::move(sizes)) {}

  void start(const mrf::http::Request& request, mrf::http::Receiver& receiver) override {
    const auto part = std::stoul(request.url.text().substr(request.url.text().find('=') + 1));
    asked.push_back(part);
    const auto begin =
        std::accumulate(sizes_.begin(), sizes_.begin() + static_cast<long>(part) - 1, std::uint64_t{0});
    const std::string range = "Content-Range: bytes " + std::to_string(begin) + "-" +
                              std::to_string(begin + sizes_[part - 1] - 1) + "/" + std::to_string(total());
    receiver.on_head(part_head(
        {"HTTP/1.1 206 P", "ETag: " + etag, "x-amz-mp-parts-count: " + std::to_string(sizes_.size()),
         "Content-Length: " + std::to_string(sizes_[part - 1]), has_range ? range : "X: y"}));
    receiver.on_end({});
  }
  int poll(std::chrono::milliseconds) override { return 0; }
  std::uint64_t total() const { return std::accumulate(sizes_.begin(), sizes_.end(), std::uint64_t{0}); }

  std::vector<unsigned long> asked;
  bool has_range = true;
  std::string etag = "\"e-3\"";

 private:
  std::vector<std::uint64_t> sizes_;
};

std::string sizes_found(PartStore& store, std::uint64_t parts, std::uint64_t total) {
  PartQuestions questions(
      store,
      PartQuestions::no_answers(
          part_head({"HTTP/1.1 200 OK", "ETag: \"e-3\"", "Content-Length: " + std::to_string(total)}), parts),
      [](std::uint64_t part) {
        return mrf::http::Request{mrf::http::Url::parse("http://h/k?partNumber=" + std::to_string(part)), {}};
      },
      [] {});
  for (int i = 0; i < 200 && !questions.is_over(); ++i) questions.ask_next();
  CHECK(questions.is_over());
  CHECK(questions.interruption() == nullptr);
  CHECK(questions.fault().empty() == !questions.sizes().empty());
  return questions.sizes();
}

std::string found_in(const std::vector<std::uint64_t>& sizes, std::vector<unsigned long> asked) {
  PartStore store(sizes);
  auto found = sizes_found(store, sizes.size(), store.total());
  CHECK(store.asked == asked);
  return found;
}

}  // namespace

TEST_CASE("equal parts are found by the first and the last but one") {
  CHECK(found_in({8, 8, 8, 8, 3}, {1, 4}) == "8");
  CHECK(found_in({8, 8, 20}, {1, 2}) == "8");
  CHECK(found_in({8, 3}, {1}) == "8");
  CHECK(found_in({3, 8}, {1}) == "3");
}

TEST_CASE("unequal parts are all asked for, as long as they are few") {
  CHECK(found_in({10, 15, 5}, {1, 2}) == "10,15,5");
  CHECK(found_in({10, 15, 5, 5}, {1, 3, 2, 3}) == "10,15,5,5");
  std::vector<std::uint64_t> many(70, 8);
  many[68] = 9;
  CHECK(found_in(many, {1, 69}).empty());
}

TEST_CASE("the length of a part does where its place is not said") {
  for (const auto& [sizes, found] : std::vector<std::pair<std::vector<std::uint64_t>, std::string>>{
           {{8, 8, 8, 3}, "8"}, {{8, 9, 3}, "8,9,3"}, {{8, 9, 7, 3}, "8,9,7,3"}}) {
    PartStore store(sizes);
    store.has_range = false;
    CHECK(sizes_found(store, sizes.size(), store.total()) == found);
  }
}

TEST_CASE("a store that shows another object, or does not know, tells nothing") {
  PartStore other({8, 8, 8});
  other.etag = "\"f-3\"";
  CHECK(sizes_found(other, 3, 24).empty());
  PartStore longer({8, 8, 9});
  CHECK(sizes_found(longer, 3, 24).empty());
  PartStore fewer({8, 16});
  CHECK(sizes_found(fewer, 3, 24).empty());
}

TEST_CASE("what a later attempt may bring interrupts the question, a refusal for good ends it") {
  using Kind = mrf::http::Ending::Kind;
  const struct {
    const char* status;
    Kind kind;
    bool is_interruption;
  } rows[] = {{"503 Slow Down", Kind::complete, true},
              {"500 X", Kind::complete, true},
              {"429 X", Kind::complete, true},
              {"408 X", Kind::complete, true},
              {"", Kind::interrupted, true},
              {"200 OK", Kind::interrupted, true},
              {"", Kind::failed, true},
              {"", Kind::malformed, false},
              {"501 Not Implemented", Kind::complete, false},
              {"403 X", Kind::complete, false},
              {"404 X", Kind::complete, false},
              {"405 X", Kind::complete, false},
              {"400 X", Kind::complete, false},
              {"301 X", Kind::complete, false}};
  for (const auto& row : rows) {
    for (const std::uint64_t last : {0, 1}) {
      CAPTURE(row.status);
      PartStore store({4, 3, 2});
      int answers = 0;
      PartQuestions questions(
          store,
          {3, 9, store.etag, last, last == 0 ? std::vector<std::uint64_t>{} : std::vector<std::uint64_t>{4}},
          [](std::uint64_t) {
            return mrf::http::Request{mrf::http::Url::parse("http://h/k?partNumber=1"), {}};
          },
          [&] { ++answers; });
      if (*row.status != 0)
        questions.on_head(part_head({std::string("HTTP/1.1 ") + row.status, "Retry-After: 7"}));
      questions.on_end({row.kind, row.kind == Kind::complete ? "" : "a reason"});
      CHECK(answers == 1);
      CHECK(questions.is_over());
      CHECK(questions.sizes().empty());
      REQUIRE((questions.interruption() != nullptr) == row.is_interruption);
      CHECK(questions.fault().empty() == row.is_interruption);
      CHECK(questions.is_in_doubt() == (!row.is_interruption && row.kind == Kind::complete && last > 0));
      if (!row.is_interruption) continue;
      const auto& [head, ending] = *questions.interruption();
      CHECK(ending.kind == row.kind);
      CHECK((head.status() == 0) == (row.kind != Kind::complete));
      if (head.status() == 0) {
        CHECK(ending.reason == "a reason, when asked for the size of a part");
      } else {
        CHECK(head.reason().ends_with(", when asked for the size of a part"));
        CHECK(head.field("Retry-After") == "7");
      }
    }
  }
}

TEST_CASE("answers are kept for the same version of an object, as long as they are among the last") {
  mrf::store::KeptPartAnswers kept;
  const mrf::store::PartAnswers none{3, 9, "\"e-3\""};
  const mrf::store::PartAnswers some{3, 9, "\"e-3\"", 1, {4}};
  kept.keep("s3://b/k", some);
  CHECK(kept.take("s3://b/l", none).last == 0);
  CHECK(kept.take("s3://b/k", {3, 9, "\"f-3\""}).last == 0);
  CHECK(kept.take("s3://b/k", {3, 8, "\"e-3\""}).last == 0);
  CHECK(kept.take("s3://b/k", {2, 9, "\"e-3\""}).last == 0);
  CHECK(kept.take("s3://b/k", none).sizes == some.sizes);
  CHECK(kept.take("s3://b/k", none).last == 0);
  kept.keep("s3://b/k", some);
  for (int i = 0; i < 256; ++i) kept.keep("s3://b/" + std::to_string(i), some);
  CHECK(kept.take("s3://b/k", none).last == 0);
  CHECK(kept.take("s3://b/0", none).last == 1);
}

TEST_CASE("only objects whose checksum depends on their parts are asked about") {
  const auto parts = [](const std::vector<std::string>& lines) {
    std::vector<std::string> all{"HTTP/1.1 200 OK", "Content-Length: 9"};
    all.insert(all.end(), lines.begin(), lines.end());
    return PartQuestions::parts_of(part_head(all));
  };
  CHECK(parts({"ETag: \"d41d8cd98f00b204e9800998ecf8427e-12\""}) == 12);
  CHECK(parts({"ETag: \"x-2\"", "x-amz-checksum-sha256: abc-2"}) == 2);
  CHECK(parts({"ETag: \"x-2\"", "x-amz-checksum-crc32: abc", "x-amz-checksum-type: COMPOSITE"}) == 2);
  CHECK_FALSE(parts({"ETag: \"x-2\"", "x-amz-checksum-crc64nvme: abc", "x-amz-checksum-type: FULL_OBJECT"}));
  CHECK_FALSE(parts({"ETag: \"d41d8cd98f00b204e9800998ecf8427e\""}));
  CHECK_FALSE(parts({"ETag: \"x-1\""}));
  CHECK_FALSE(PartQuestions::parts_of(part_head({"HTTP/1.1 200 OK", "Content-Length: 0", "ETag: \"x-2\""})));
  CHECK_FALSE(parts({"ETag: \"x-10001\""}));
  CHECK_FALSE(PartQuestions::parts_of(part_head({"HTTP/1.1 200 OK", "ETag: \"x-2\""})));
}
