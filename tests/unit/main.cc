// SPDX-License-Identifier: MIT
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <signal.h>

// libcurl closes a socket that is not connected yet before it says that it needs no events of it. By then its
// number may be that of a file that a thread of the test's server has opened, which epoll_ctl(2) does not
// find and leaves alone.
extern "C" const char* __tsan_default_suppressions() { return "race:mrf::http::CurlMulti::on_socket\n"; }

int main(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);  // as every program has it
  // nohup(1) and the background jobs of a shell leave these ignored, which a program keeps.
  for (const int number : {SIGHUP, SIGINT, SIGQUIT}) ::signal(number, SIG_DFL);
  doctest::Context context(argc, argv);
  return context.run();
}
