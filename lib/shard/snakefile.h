// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mrf::shard {

/// What a Snakefile says of a sharded run.
struct SnakefileForm {
  std::string program;    ///< the path or name of mrf-run
  std::string directory;  ///< of the plan, an absolute path
  std::string output;     ///< an absolute path
  std::size_t shards = 1;
  std::size_t threads = 1;                  ///< processors of a shard
  std::vector<std::string> join_options{};  ///< of mrf-run --shard-join, besides its directory
};

/// A Snakefile for Snakemake 7.8 and later, with the rules
///   join    the output, from the receipts of all shards; the first rule
///   shards  the receipts of all shards
///   shard   one receipt
/// Throws UsageError for a path that no Snakefile can name: with braces, with a newline, or not UTF-8.
std::string snakefile_text(const SnakefileForm& form);
/// How every such text begins.
inline constexpr std::string_view snakefile_mark =
    "# The shards of a command, for Snakemake 7.8 and later; from mrf-run";

}  // namespace mrf::shard
