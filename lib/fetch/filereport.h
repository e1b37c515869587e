// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fetch/expectation.h"
#include "http/url.h"

namespace mrf::fetch {

/// One file of a run in a filereport.
struct ReportedFile {
  http::Url url;
  std::string name;                        ///< the last component of its path
  std::optional<Expectation> expectation;  ///< its MD5
  std::optional<std::uint64_t> size;       ///< bytes
};

/// The columns of a filereport of the European Nucleotide Archive, or the fields of an object of its JSON.
/// Files of kind K (fastq, submitted, sra, bam, ...) are in K_ftp, K_md5 and K_bytes: lists separated by ';',
/// in step.
class FileReport {
 public:
  /// Whether one of these columns is K_ftp.
  static bool is_one(const std::vector<std::string>& columns);

  /// `kinds` are those that are wanted, separated by ','; "" is the first of fastq, submitted, sra and the
  /// others in their order that there is. Throws the fault as std::string when one is not there or a column
  /// is there twice.
  FileReport(std::vector<std::string> columns, const std::string& kinds);

  /// The files of a row, which has as many values as there are columns, of all kinds that are wanted. Throws
  /// the fault as std::string: another number of values, lists that are not in step, what is no URL, MD5 or
  /// size.
  std::vector<ReportedFile> files_of(const std::vector<std::string_view>& values) const;
  /// The name of the row: its run_accession, else "".
  std::string run_of(const std::vector<std::string_view>& values) const;

  const std::vector<std::string>& kinds() const { return kinds_; }
  /// Kinds that there are, and that are not wanted.
  std::vector<std::string> other_kinds() const;
  /// Columns that begin with a kind that is wanted, and mean nothing here or to the archive.
  std::vector<std::string> unknown_columns() const;
  /// The columns K_md5 that are not there.
  std::vector<std::string> missing_checksums() const;

 private:
  std::optional<std::size_t> column(const std::string& name) const;

  std::vector<std::string> columns_;
  std::vector<std::string> kinds_;
};

}  // namespace mrf::fetch
