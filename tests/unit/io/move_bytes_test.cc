// SPDX-License-Identifier: MIT
#include "io/move_bytes.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <fstream>
#include <string>

#include "base/error.h"
#include "unit/directory.h"

TEST_CASE("a part of a file is copied, and no more, whether the kernel can do it or not") {
  const Directory directory;
  const std::string from = directory / "from";
  std::string text(200000, '\0');
  for (std::size_t at = 0; at < text.size(); ++at) text[at] = static_cast<char>('a' + at % 26);
  std::ofstream(from) << text;
  const mrf::io::Fd file = mrf::io::open_file(from, O_RDONLY);
  for (const int flags : {0, O_APPEND}) {  // the kernel does not copy to the end of a file
    const std::string to = directory / ("to" + std::to_string(flags));
    mrf::io::copy_file(file, 100001, mrf::io::open_file(to, O_WRONLY | O_CREAT | flags), to, 7);
    CHECK(content(to) == text.substr(7, 100001));
    CHECK_THROWS_AS(mrf::io::copy_file(file, 200001, mrf::io::open_file(to, O_WRONLY | flags), to),
                    mrf::base::Error);
  }
}
