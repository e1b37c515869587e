// SPDX-License-Identifier: MIT
#include "store/aws_profile.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"

using mrf::store::AwsProfile;

namespace {

constexpr const char* profile_credentials =
    "[default]\n"
    "aws_access_key_id = A\n"
    "AWS_SECRET_ACCESS_KEY=B/+=\n"
    "# comment\n"
    "[lab]\r\n"
    "aws_access_key_id = C\r\n"
    "aws_secret_access_key = D\r\n"
    "region = from-credentials\r\n";

constexpr const char* profile_config =
    "aws_access_key_id = of no section\n"
    "[default]\n"
    "region = eu-west-1\n"
    "s3 =\n"
    "    addressing_style = path\n"
    "    max_concurrent_requests = 3\n"
    "output = json\n"
    "[profile lab]\n"
    "region = us-west-2\n"
    "services = local\n"
    "endpoint_url = http://all:1\n"
    "[profile \"two words\"]\n"
    "region = x-1\n"
    "[services local]\n"
    "s3 =\n"
    "  endpoint_url = http://s3:1\n"
    "ec2 =\n"
    "  endpoint_url = http://ec2:1\n";

}  // namespace

TEST_CASE("a profile is put together from both files, that of the credentials first") {
  const AwsProfile standard("default", profile_credentials, profile_config);
  CHECK(standard.exists());
  CHECK(standard.get("aws_access_key_id") == "A");
  CHECK(standard.get("aws_secret_access_key") == "B/+=");
  CHECK(standard.get("region") == "eu-west-1");
  CHECK(standard.get("s3.addressing_style") == "path");
  CHECK(standard.get("output") == "json");
  CHECK(standard.endpoint("s3").empty());
  const AwsProfile lab("lab", profile_credentials, profile_config);
  CHECK(lab.get("aws_access_key_id") == "C");
  CHECK(lab.get("aws_secret_access_key") == "D");
  CHECK(lab.get("region") == "from-credentials");
  CHECK(lab.get("s3.addressing_style").empty());
  CHECK(lab.endpoint("s3") == "http://s3:1");
  CHECK(AwsProfile("two words", "", profile_config).get("region") == "x-1");
  CHECK(AwsProfile("lab", "", "[profile lab]\nendpoint_url=http://all:1\n").endpoint("s3") == "http://all:1");
}

TEST_CASE("the files are read as Python's configparser reads them for the AWS command line") {
  const AwsProfile profile("default",
                           "\xef\xbb\xbf[default]\n"
                           "  aws_access_key_id: A\n"
                           "  ; comment\n"
                           "  Aws_Secret_Access_Key:B=:/+\n"
                           "region = r # no comment\n",
                           "[default] # comment\n"
                           "s3:\n"
                           "\n"
                           "  addressing_style = path\n"
                           "\t# comment\n"
                           "endpoint_url = http://h:1\n"
                           "output = one\n"
                           "  region = of output\n"
                           "cli_pager =\n");
  CHECK(profile.get("aws_access_key_id") == "A");
  CHECK(profile.get("aws_secret_access_key") == "B=:/+");
  CHECK(profile.get("region") == "r # no comment");
  CHECK(profile.get("s3.addressing_style") == "path");
  CHECK(profile.endpoint("s3") == "http://h:1");
  CHECK(profile.get("output") == "one\nregion = of output");
}

TEST_CASE("a line of a profile's file that is nothing is an error that says where it is") {
  const auto fault = [](const std::string& text) {
    try {
      mrf::store::parse_aws_file(text, "/f");
    } catch (const mrf::base::Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::string reason = " is neither a section in brackets nor of the form NAME = VALUE";
  CHECK(fault("[default]\nregion = x\naws_access_key_id HIDDEN\n") == "cannot use '/f': line 3" + reason);
  CHECK(fault("[default\nregion = x\n") == "cannot use '/f': line 1" + reason);
  CHECK(fault("[default]\n= x\n") == "cannot use '/f': line 2" + reason);
  CHECK(fault("[default]\naws_access_key_id =\n  HIDDEN\n") == "cannot use '/f': line 3" + reason);
  CHECK(fault("[default]\nregion = x\n\n# c\n").empty());
}

TEST_CASE("a profile that is in neither file does not exist") {
  CHECK_FALSE(AwsProfile("none", profile_credentials, profile_config).exists());
  CHECK_FALSE(AwsProfile("local", profile_credentials, profile_config).exists());
  CHECK_FALSE(AwsProfile("default", "", "").exists());
}
