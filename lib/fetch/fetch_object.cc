// SPDX-License-Identifier: MIT
#include "fetch/fetch_object.h"

#include <fmt/format.h>

#include "base/message.h"

namespace mrf::fetch {

void fetch_object(http::Network& network, const FetchSettings& settings, const http::Url& url,
                  const std::string& path, const Progress& progress, Fetched& fetched) {
  NetworkMaker more;
  if (settings.threads) more = [&settings] { return http::make_curl_network(settings.network); };
  TargetOutput output(url,
                      {path, static_cast<std::size_t>(settings.buffer), settings.checks, settings.resume,
                       settings.defer_from, settings.directories, settings.overwrite, settings.on_target});
  Download download(network, more, http::system_clock(), url, settings.requests, settings.sizes);
  download.on_progress = progress;
  const auto fill_in = [&] {
    fetched = {
        output.name(),           download.bytes_in(),      output.meter(),     output.checks().verified_by(),
        output.checks().doubt(), download.size_is_known(), fetched.is_complete};
  };
  try {
    download.run(output);
  } catch (...) {
    fill_in();
    throw;
  }
  fetched.is_complete = true;
  fill_in();
}

void tell_checks(const http::Url& url, const Fetched& fetched) {
  if (!fetched.size_is_known)
    base::warn(fmt::format(
        "fetched '{}', its size unchecked: the server did not say how many bytes there are", url.shown()));
  if (!fetched.doubt.empty())
    base::warn(fmt::format("fetched '{}', unverified: {}", url.shown(), fetched.doubt));
  if (!fetched.verified_by.empty())
    base::note(fmt::format("verified '{}' by {}", fetched.target, fetched.verified_by));
}

}  // namespace mrf::fetch
