// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "io/fd.h"
#include "io/output_file.h"
#include "process/left_behind.h"
#include "run/leftovers.h"
#include "workflow/plan.h"

namespace mrf::run {

/// The directories of a run: one under $TMPDIR (mode 0700) for the FIFOs, the tools' statistics and
/// the jobs' return values, and
/// for each result one beside its target, where the job writes it under its own name.
///
/// A FIFO has three names, hard links: in in/ and out/, so that inotify(7) on those directories distinguishes
/// the reader's opens from the writer's, and in own/, by which the supervisor opens it unobserved. The
/// workspace makes and removes all of it; FifoSet opens and closes the FIFOs.
class Workspace {
 public:
  /// Chooses the names, so that every process that is forked from here can remove them; makes nothing.
  /// `report` is published like a result; empty: there is none. Throws SystemError, UsageError.
  Workspace(const workflow::Plan& plan, const std::string& report);
  /// Whether make() could: throws the SystemError that it would throw.
  void check() const;
  /// Removes what killed runs have left under $TMPDIR (remove_leftovers()). Throws SystemError; then a part
  /// may be there until remove().
  void make(const workflow::Plan& plan);
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  /// Removes nothing: a forked process has a copy. See remove().
  ~Workspace() = default;

  /// For the watchdog: from here on others take the directories for those of a run that lives until the
  /// watchdog has ended, too.
  void hold() noexcept { mark_.hold(directory_); }

  const std::string& directory() const { return directory_; }
  std::string in_directory() const { return directory_ + "/in"; }
  std::string out_directory() const { return directory_ + "/out"; }
  std::string own_directory() const { return directory_ + "/own"; }
  std::string stats_directory() const { return directory_ + "/stats"; }
  std::string results_directory() const { return directory_ + "/results"; }
  /// The file name of a FIFO: "part.3" for "part[3]", "part.3@2" for "part[3]@2".
  static std::string file_name(const std::string& fifo);
  /// Where a job writes the result `path`: FIFOs and devices themselves, /dev/fd/K for a descriptor of
  /// mrf-run's
  /// (/dev/stdout, a process substitution), all else in a directory beside it.
  const std::string& result_path(const std::string& path) const { return results_.at(path).written; }
  /// The K of /dev/fd/K, which only the jobs that write the result are to get; -1 for other results.
  int result_descriptor(const std::string& path) const { return results_.at(path).descriptor.get(); }

  /// Where the report is to be written, under its name before publish().
  const std::string& report_path() const { return report_.written; }

  /// What jobs write that counts: results and what is beside them, which a process may open that knows the
  /// path, and return values, as far as they are there by now. A device is none.
  std::vector<process::AwaitedFile> awaited_files() const;
  /// The same of the FIFOs of a job: a process that knows the path may still open them. One that several
  /// rounds write has to be closed, too.
  std::vector<process::AwaitedFile> awaited_fifos(const workflow::Plan& plan, std::size_t job) const;
  /// Syncs the results and what the jobs wrote beside them (an index). Throws Error when a result is missing
  /// or written twice.
  void prepare();
  /// Gives what was prepared, and the report if it was written, their names: all of them or none
  /// (rename_together()). Throws Error.
  void publish();
  /// Lets go of what was prepared: publish() is for the report then.
  void give_up_results() { prepared_.clear(); }
  /// Removes all directories with what is in them; what fails can be tried again. `keep_fifos` leaves
  /// $TMPDIR's.
  void remove(bool keep_fifos) noexcept;
  /// Removes what runs have left that were jobs of this one, and were killed with it.
  void remove_what_jobs_left() noexcept { remove_leftovers(parent_); }

 private:
  struct Result {
    std::string target;
    std::string written;
    std::string directory;  ///< empty when the target is written directly
    io::Fd descriptor{};    ///< of an open file that the target stands for
  };
  /// Of the directories that results are published in, as they were at the start, by their paths.
  using Places = std::map<std::string, io::Fd>;

  static void make_result_directory(const std::string& path, const Result& result);
  static void check_result_directory(const std::string& path, const Result& result);
  void copy_for_appending(const std::string& path) const;
  void make_fifos(const workflow::Plan& plan);
  Result result_for(const std::string& path);
  bool has_moved(const std::string& place) const noexcept;
  void remove_directory(std::string& directory) noexcept;
  void add_finished(const std::string& path, const Result& result);

  std::vector<std::string> result_directories() const;

  std::string root_;    // as the user names it
  std::string parent_;  // absolute, of directory_, which is empty when it is removed
  std::string directory_;
  LiveMark mark_;
  Places places_;
  std::map<std::string, Result> results_;
  Result report_;
  std::string report_name_;
  std::vector<io::Renaming> prepared_;
};

/// The names of FIFOs and results as a workflow writes them, in place of the paths under which the jobs know
/// them.
class DisplayNames {
 public:
  /// `others` are further paths, each with what is shown for it.
  DisplayNames(const workflow::Plan& plan, const Workspace& workspace,
               const std::vector<std::pair<std::string, std::string>>& others = {});

  /// A line of the job's standard error: a FIFO's path becomes in:NAME or out:NAME, the place where a result
  /// is written the result's path; and what the project's programs call standard input or output becomes what
  /// that is redirected to.
  std::string in_line(std::size_t job, std::string line) const;

 private:
  void replace_fifos(std::string& line) const;

  std::string directory_;
  std::map<std::string, std::string> fifos_;                                // by file name
  std::vector<std::pair<std::string, std::string>> paths_;                  // of results, and of others
  std::vector<std::vector<std::pair<std::string, std::string>>> standard_;  // by job
};

}  // namespace mrf::run
