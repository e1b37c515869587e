// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace mrf::base {

/// Whether a name is that of an object which the programs read over the network: http, https, ftp, ftps, s3,
/// gs or drs.
bool is_url(std::string_view name);
/// Whether it is the name of an object in a bucket, s3://BUCKET/KEY or gs://BUCKET/KEY: such a KEY is not
/// percent-encoded, and has no query.
bool is_store_key(std::string_view name);

/// `text` without userinfo and fragment, and with "..." for the values of query parameters whose name
/// says that they are secret (signatures, tokens, keys, passwords, credentials), that are URLs with such
/// ones, or that have twenty letters and digits in a row, both of them, as hashes have; but that of an
/// object's version is shown. A password may hold '/', '?' and '#' that should have been encoded: what stands
/// before the last '@' of the path becomes "...", and so does everything when there is a '@' behind the path
/// and userinfo or a port before it. A key in a bucket is shown as it is, unless something stands in front of
/// the bucket that may be a name and a password: that becomes "...", even where no '@' ends it.
std::string redact_url(std::string_view text);
/// redact_url() of every word of a message that looks like a URL.
std::string redact_words(std::string_view text);
/// A text that a server wrote, which may repeat what the request had: redact_words(), and "..." for the
/// values that redact_url() hides in a query, for what stands behind Bearer and Basic, and for every word
/// with twenty letters and digits in a row, both of them.
std::string redact_answer(std::string_view text);
/// redact_url() of a name or word that is a URL as a whole, else redact_words().
std::string redact_name(std::string_view text);

}  // namespace mrf::base
