// SPDX-License-Identifier: MIT
#include <sstream>

#include "fetch/expectation.h"
#include "fetch/target.h"
#include "fuzz.h"
#include "http/object_version.h"
#include "http/redirect.h"
#include "http/retry.h"
#include "http/server_reason.h"

using namespace mrf;

namespace {

bool is_harmless(const std::string& name) {
  return !name.empty() && name[0] != '.' && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

}  // namespace

// A response's head, line by line, and behind an empty line the body of an error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream text{std::string(fuzz::text_of(data, size))};
  http::ResponseHead head;
  for (std::string line; std::getline(text, line) && !line.empty();) head.add_line(line);
  std::string body;
  std::getline(text, body, '\0');
  if (const auto range = head.content_range(); range && range->satisfied) {
    fuzz::check(range->first <= range->last, "a range has a byte");
    fuzz::check(!range->total || range->last < *range->total, "a range lies in its object");
  }
  fuzz::may_refuse([&] { (void)http::version_of(head); });
  const fetch::ExpectationResult found = fetch::expectation_of(head);
  fuzz::check(found.expectation || !found.reason.empty(), "no checksum has a reason");
  const std::string reason = http::server_reason(head, body);
  fuzz::check(reason.find('\n') == std::string::npos, "a reason is one line");
  (void)http::retry_after(head, std::chrono::seconds(1700000000));
  const http::Url url = http::Url::parse("https://h/x?sig=a");
  if (const auto name = fetch::disposition_name(head.field("Content-Disposition").value_or("")))
    fuzz::check(is_harmless(*name), "a server's name is a plain file name");
  fuzz::may_refuse([&] {
    const http::Request next =
        http::follow_redirect({url, {"Authorization: hidden", "Range: bytes=0-1"}}, head);
    fuzz::check(next.url.is_https(), "no redirection from https to http");
    fuzz::check(url.trusts(next.url) || next.headers.size() == 1, "no header of the user's to another host");
    (void)next.url.shown();
  });
  return 0;
}
