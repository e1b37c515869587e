// SPDX-License-Identifier: MIT
#include "shard/snakefile.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace mrf::shard {

namespace {

// A string of JSON is one of Python. Snakemake takes what is in braces for wildcards, and cannot be told not
// to.
std::string python_string(const std::string& path) {
  if (path.find_first_of("{}\n") != std::string::npos)
    throw base::UsageError("use", path,
                           "Snakemake cannot have a file with braces or a newline in its name; name another "
                           "OUTPUT, or another directory with --shard-dir");
  try {
    return nlohmann::json(path).dump();
  } catch (const nlohmann::json::exception&) {
    throw base::UsageError("use", path, "a Snakefile is UTF-8, and this name is not");
  }
}

}  // namespace

std::string snakefile_text(const SnakefileForm& form) {
  std::string options;
  for (const auto& option : form.join_options) options += " " + option;
  return fmt::format(
      R"({} --print-snakefile (mrf-run(1), Engines).
#   snakemake -s FILE --cores 8 --keep-going --keep-incomplete --ignore-incomplete --rerun-triggers mtime
# A receipt is made by mrf-run alone, when the part of its shard is on disk; the join checks all of them.
# --set-threads shard=N gives each shard N processors.
PROGRAM = {}
DIRECTORY = {}
OUTPUT = {}
SHARDS = {}


def receipts(wildcards):
    return [DIRECTORY + "/receipts/%d.json" % shard for shard in range(SHARDS)]


rule join:
    input: receipts
    output: OUTPUT
    params: program=PROGRAM, directory=DIRECTORY
    shell: "{{params.program:q}} --shard-join --shard-dir {{params.directory:q}}{}"


rule shards:
    input: receipts


rule shard:
    output: DIRECTORY + "/receipts/{{shard}}.json"
    log: DIRECTORY + "/logs/{{shard}}.log"
    params: program=PROGRAM, directory=DIRECTORY
    wildcard_constraints: shard="[0-9]+"
    threads: {}
    shell:
        "{{params.program:q}} --shard-run {{wildcards.shard}} --shard-dir {{params.directory:q}} --cpus {{threads}}"
        " 2>>{{log:q}}"
)",
      snakefile_mark, python_string(form.program), python_string(form.directory), python_string(form.output),
      form.shards, options, form.threads);
}

}  // namespace mrf::shard
