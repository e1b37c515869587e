// SPDX-License-Identifier: MIT
#include "cli/command.h"

int main(int argc, char** argv) {
  mrf::Command command("getm-fetch", "[options]", "A program.", {});
  return command.run(argc, argv, [] { return mrf::Status::success; });
}
