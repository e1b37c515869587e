// SPDX-License-Identifier: MIT
#include "store/aws_profile.h"

#include <doctest/doctest.h>

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

TEST_CASE("a profile that is in neither file does not exist") {
  CHECK_FALSE(AwsProfile("none", profile_credentials, profile_config).exists());
  CHECK_FALSE(AwsProfile("local", profile_credentials, profile_config).exists());
  CHECK_FALSE(AwsProfile("default", "", "").exists());
}
