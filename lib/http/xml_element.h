// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace mrf::http {

/// The text of the first element <NAME> of an answer in XML that has no elements in it, with the five
/// entities of XML decoded and without white space around it; "" when there is none.
std::string xml_element(std::string_view xml, std::string_view name);

}  // namespace mrf::http
