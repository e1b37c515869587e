// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "shard/engine.h"

namespace mrf::shard {

/// Runs the shards with snakemake(1), 7.8 or later, in the directory snakemake/ of the shards' directory, by
/// a Snakefile of the plan (snakefile.h).
class SnakemakeEngine : public Engine {
 public:
  /// `output` is absolute, a shard has `threads` processors, snakemake gets `arguments` besides.
  SnakemakeEngine(std::string output, std::size_t threads, std::vector<std::string> arguments)
      : output_(std::move(output)), threads_(threads), arguments_(std::move(arguments)) {}

  EngineEnd run(const EngineTask& task, process::Attendant& attendant) override;

 private:
  std::string output_;
  std::size_t threads_;
  std::vector<std::string> arguments_;
};

/// The words that run snakemake in `directory`, which has a Snakefile. Without a word in `arguments` that
/// says how many jobs there may be, it gets `processors`.
std::vector<std::string> snakemake_words(const std::string& directory,
                                         const std::vector<std::string>& arguments, std::size_t processors);

}  // namespace mrf::shard
