// SPDX-License-Identifier: MIT
#include "shard/join.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "shard/digest.h"
#include "shard/steps.h"
#include "unit/directory.h"
#include "unit/shard/bam_bytes.h"
#include "unit/shard/files.h"

namespace {

using namespace mrf;
using namespace mrf::shard;
using namespace mrf::shard::test;

// Three shards that have run: their plan, receipts and parts are in a directory.
class FinishedRun {
 public:
  explicit FinishedRun(PartForm form, std::string front = "") : form_(form), front_(std::move(front)) {
    Plan plan;
    plan.directory = "/";
    plan.input.size = 40;
    plan.input.storage = Storage::bgzf;
    plan.wanted = 3;
    plan.cuts = {block_position(10), block_position(20) + 5, block_position(30), block_position(40)};
    const StoredPlan stored = publish_plan(run_, plan);
    for (std::size_t shard = 0; shard < 3; ++shard) {
      Receipt receipt;
      receipt.plan = stored.digest;
      receipt.shard = shard;
      receipt.landing = {plan.cuts[shard], plan.cuts[shard + 1], 2};
      receipt.part = "part" + std::to_string(shard);
      write_file(run_.part_path(receipt.part), part(shard));
      measure_part(run_, receipt, [] { return 0; });
      run_.publish_receipt(receipt);
    }
    write_file(output(), "before");
  }

  std::string records(std::size_t shard) const {
    return form_ == PartForm::bam ? bam_record({.name = "a" + std::to_string(shard)}) + bam_record({})
                                  : front_ + "line " + std::to_string(shard) + "\n";
  }
  std::string part(std::size_t shard) const {
    if (form_ == PartForm::plain) return records(shard);
    return form_ == PartForm::bam ? bgzf_of({bam_header(), records(shard)}) : bgzf_of({records(shard)});
  }
  std::string joined() const {
    if (form_ == PartForm::plain) return records(0) + records(1) + records(2);
    const auto blocks = [&](std::size_t shard) { return block(records(shard)); };
    return (form_ == PartForm::bam ? block(bam_header()) : "") + blocks(0) + blocks(1) + blocks(2) +
           std::string(codec::bgzf_eof);
  }

  std::string output() const { return directory_ / "out"; }
  std::string part_path(std::size_t shard) const { return run_.part_path("part" + std::to_string(shard)); }
  std::string receipt_path(std::size_t shard) const { return run_.receipt_path(shard); }
  std::string plan_path() const { return run_.plan_path(); }

  // The message of the error, "" when there is none.
  std::string join(HeaderRule rule = HeaderRule::once) {
    try {
      const StoredPlan stored = read_plan(run_);
      const auto receipts = read_receipts(stored.plan, stored.digest, run_);
      io::OutputFile file(output());
      write_parts(receipts, run_, form_, file, rule);
      file.commit();
      return "";
    } catch (const base::Error& error) {
      return error.what();
    }
  }
  bool refuses() { return !join().empty() && content(output()) == "before" && directory_.entries() == 2; }

 private:
  ::Directory directory_;
  shard::Directory run_{directory_ / "run"};
  PartForm form_;
  std::string front_;  // of every part of text
};

constexpr PartForm part_forms[]{PartForm::plain, PartForm::bgzf, PartForm::bam};

}  // namespace

TEST_CASE("parts are joined with one header and one end-of-file block") {
  for (const PartForm form : part_forms) {
    FinishedRun run(form);
    CHECK(run.join().empty());
    CHECK(content(run.output()) == run.joined());
  }
}

TEST_CASE("text that begins with one header of SAM in several parts is joined when it is said to be lines") {
  for (const PartForm form : {PartForm::plain, PartForm::bgzf}) {
    FinishedRun run(form, "@HD\tVN:1.6\n");
    const std::string fault = run.join();
    CHECK(fault.find("it begins with a header of SAM, as that of shard 0 does: -O sam") != std::string::npos);
    CHECK(content(run.output()) == "before");
    CHECK(run.join(HeaderRule::lines).empty());
    CHECK(content(run.output()) == run.joined());
    FinishedRun variants(form, "##fileformat=VCFv4.2\n");
    CHECK(variants.join().find("it begins with a header of VCF, as that of shard 0 does: ") !=
          std::string::npos);
    CHECK(variants.join(HeaderRule::lines).empty());
    FinishedRun reads(form, "@read 1\nA\n+\nI\n");
    CHECK(reads.join().empty());
  }
}

TEST_CASE("a part with a byte that is another, that is missing or too much is not joined") {
  for (const PartForm form : part_forms) {
    FinishedRun run(form);
    const std::string part = run.part(1);
    for (std::size_t at = 0; at < part.size(); ++at) {
      for (const char bits : {'\1', '\x80'}) {
        std::string changed = part;
        changed[at] = static_cast<char>(changed[at] ^ bits);
        write_file(run.part_path(1), changed);
        CHECK(run.refuses());
      }
      write_file(run.part_path(1), part.substr(0, at));
      CHECK(run.refuses());
      write_file(run.part_path(1), part.substr(0, at) + part.substr(at + 1));
      CHECK(run.refuses());
    }
    write_file(run.part_path(1), part + part);
    CHECK(run.refuses());
    std::filesystem::remove(run.part_path(1));
    CHECK(run.refuses());
    write_file(run.part_path(1), part);
    std::filesystem::rename(run.part_path(1), run.part_path(2) + "x");
    std::filesystem::rename(run.part_path(2), run.part_path(1));
    std::filesystem::rename(run.part_path(2) + "x", run.part_path(2));
    CHECK(run.refuses());
    write_file(run.part_path(1), part);
    write_file(run.part_path(2), run.part(2));
    CHECK(run.join().empty());
    CHECK(content(run.output()) == run.joined());
  }
}

TEST_CASE("a receipt with a byte that is another joins the same parts or none") {
  FinishedRun run(PartForm::bgzf);
  const std::string receipt = content(run.receipt_path(1));
  for (std::size_t at = 0; at < receipt.size(); ++at) {
    for (const char bits : {'\1', '\2', '\4', '\x10'}) {
      std::string changed = receipt;
      changed[at] = static_cast<char>(changed[at] ^ bits);
      write_file(run.receipt_path(1), changed);
      CAPTURE(changed);
      const std::string fault = run.join();
      CHECK(content(run.output()) == (fault.empty() ? run.joined() : "before"));
      write_file(run.output(), "before");
    }
    write_file(run.receipt_path(1), receipt.substr(0, at));
    CHECK((run.refuses() || at + 1 == receipt.size()));
    write_file(run.output(), "before");
  }
}

TEST_CASE("receipts are refused beside a plan with a byte that is another") {
  FinishedRun run(PartForm::bgzf);
  const std::string plan = content(run.plan_path());
  for (std::size_t at = 0; at < plan.size(); ++at) {
    for (const char bits : {'\1', '\2', '\4', '\x10'}) {
      std::string changed = plan;
      changed[at] = static_cast<char>(changed[at] ^ bits);
      write_file(run.plan_path(), changed);
      CHECK(run.refuses());
    }
    write_file(run.plan_path(), plan.substr(0, at));
    CHECK(run.refuses());
  }
}
