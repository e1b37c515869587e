#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# s3://, gs:// and drs://: names, signatures, credentials, checksums of uploads in parts.
# The server of these tests checks each signature itself (tests/servers/store-server); getm-fetch-servers.bats has a
# real S3.

load common
load getm-fetch

setup() {
  common_setup
  clean_environment
  mkdir home store store/bucket
  echo 'AKEY SECRET/+key' >store/keys
  export HOME=$PWD/home
}
teardown() {
  stop_started
  common_teardown
}

# What the AWS command line would find here, and its endpoint of an instance, are not those of the tests.
clean_environment() {
  local name
  for name in $(compgen -e | grep -E '^(AWS_|GCS_|STORAGE_)'); do unset "$name"; done
  export AWS_EC2_METADATA_DISABLED=true
}

start_store() {
  start_server http://127.0.0.1:@PORT@/ "$ROOT/tests/servers/store-server" @PORT@ "$PWD/store"
  STORE=${SERVER_URL%/}
  : >store/requests
  export AWS_ENDPOINT_URL=$STORE
}

start_tls_store() {
  make_certificates "$PWD"
  start_server https://127.0.0.1:@PORT@/ "$ROOT/tests/servers/store-server" @PORT@ "$PWD/store" server.pem server.key
  STORE=${SERVER_URL%/}
  DRS=drs://localhost:${STORE##*:}
  : >store/requests
}

with_keys() { export AWS_ACCESS_KEY_ID=AKEY AWS_SECRET_ACCESS_KEY=SECRET/+key; }

# object NAME BYTES [JSON]
object() {
  head -c "$2" /dev/urandom >"store/$1"
  [[ -z ${3-} ]] || echo "$3" >"store/$1.json"
}

# gets SOURCE NAME [ARG...]: NAME comes whole, to a file and to a pipe, verified by SOURCE
gets() {
  local source=$1 name=$2
  shift 2
  rm -f out
  fetch -v --require-checksum "$@" "s3://$name" out
  assert_status 0
  cmp out "store/$name"
  assert_stderr "getm-fetch: verified 'out' by $source"
  getm-fetch -q --require-checksum "$@" "s3://$name" - | cmp - "store/$name"
}

refuses() {
  local text=$1
  shift
  rm -f out
  fetch "$@" out
  assert_status "${WITH:-4}"
  [[ ! -e out ]]
  assert_stderr_has "$text"
}

# credentials KEY SECRET TOKEN: as the endpoints of a container and of an instance give them
credentials() {
  jq -n '{AccessKeyId: $k, SecretAccessKey: $s, Token: $t, Expiration: "2099-01-01T00:00:00Z"}' \
    --arg k "$1" --arg s "$2" --arg t "$3"
}

# The credentials of a role come from the Security Token Service.
with_web_identity() {
  echo 'SKEY s3cret a/session+token=' >store/keys
  printf '<R><%s>SKEY</%s><%s>s3cret</%s><%s>a/session+token=</%s><%s>2099-01-01T00:00:00Z</%s></R>' \
    {AccessKeyId,SecretAccessKey,SessionToken,Expiration}{,} >store/sts
  echo 'web.token+1' | tee store/web >web-token
  export AWS_WEB_IDENTITY_TOKEN_FILE=$PWD/web-token AWS_ROLE_ARN=arn:aws:iam::1:role/r AWS_ENDPOINT_URL_STS=$STORE/sts
}

# gets_after FAILURES NAME: although whoever gives the credentials fails first, as the words say
gets_after() {
  echo "$1" >store/away
  shift
  rm -f out
  fetch "s3://$1" out
  assert_status 0
  cmp out "store/$1"
  assert_stderr_has "getm-fetch: cannot fetch 's3://$1': cannot "
  assert_stderr_has "; trying again in "
  [[ -z $(<store/away) ]]
}

all_are() { run ! grep -v " $1\$" store/requests; }

@test "s3: keys of any characters, by path and by virtual host" {
  local key style
  start_store
  with_keys
  mkdir -p home/.aws 'store/bucket/a b'
  for style in path virtual; do
    printf '[default]\ns3 =\n  addressing_style = %s\n' "$style" >home/.aws/config
    export AWS_ENDPOINT_URL=http://localhost:${STORE##*:}
    for key in plain 'a b/c d' 'a+b' 'a%20b' 'a%b' 'ä€' 'a?b=c' 'a#b' 'a&b=c;d' "~x!*'()" 'a@b:c' '{a}[0]' 'a"b' \
      '.a..b' ' a'; do
      object "bucket/$key" 1000
      gets ETag "bucket/$key"
    done
    # Named like its key.
    mkdir -p dir
    fetch -q 's3://bucket/a%20b' dir/
    assert_status 0
    cmp 'dir/a%20b' 'store/bucket/a%20b'
    rm -r dir
    # Never that of another key.
    rm -f out
    fetch --retry 0 s3://bucket/none/../plain out
    [[ $status == 4 ]] || { ((status == 1)) && assert_stderr_has "does not sign a path that has '.' or '..'"; }
    [[ ! -e out ]]
  done
  all_are signed
  grep -q '^GET /bucket/a%20b/c%20d 200' store/requests
  grep -q '^GET /a%20b/c%20d 200' store/requests
}

@test "s3: ranges are signed, and an object is one version" {
  start_store
  with_keys
  object bucket/big 3000000 '{"held":6}'
  fetch -q --part-size 256K --multipart-threshold 512K --concurrency 4 s3://bucket/big out
  assert_status 0
  cmp out store/bucket/big
  all_are signed
  (($(grep -c ' 206 ' store/requests) > 5))
}

@test "s3: the checksum that the store has verifies the data, whatever its kind" {
  local kind
  start_store
  with_keys
  for kind in crc32 crc32c crc64nvme sha1 sha256; do
    object bucket/k 100003 "{\"checksum\":\"$kind\"}"
    gets "x-amz-checksum-$kind" bucket/k
    gets "x-amz-checksum-$kind" bucket/k --concurrency 0
    gets "x-amz-checksum-$kind" bucket/k --part-size 64K --multipart-threshold 64K
    object bucket/k 100003 "{\"checksum\":\"$kind\",\"wrong\":true}"
    WITH=3 refuses "x-amz-checksum-$kind is " s3://bucket/k
    WITH=3 refuses "x-amz-checksum-$kind is " --part-size 64K --multipart-threshold 64K s3://bucket/k
  done
}

@test "s3: uploads in parts of any sizes are verified without guessing" {
  local parts kind
  start_store
  with_keys
  for parts in 100000,50000 100000,100000,50000 100000,150000,50000 70001,70001,70001,70001,19996 5000,5000,240000; do
    object bucket/k "$(jq -n "[$parts] | add")" "{\"parts\":[$parts]}"
    gets ETag bucket/k
    gets ETag bucket/k --part-size 64K --multipart-threshold 64K
    for kind in crc32 crc32c sha1 sha256; do
      echo "{\"parts\":[$parts],\"checksum\":\"$kind\",\"composite\":true}" >store/bucket/k.json
      gets "x-amz-checksum-$kind" bucket/k
      [[ $kind != crc32c ]] || gets "x-amz-checksum-$kind" bucket/k --concurrency 0
      echo "{\"parts\":[$parts],\"checksum\":\"$kind\",\"composite\":true,\"wrong\":true}" >store/bucket/k.json
      WITH=3 refuses "x-amz-checksum-$kind is " s3://bucket/k
    done
    echo "{\"parts\":[$parts],\"hides_range\":true}" >store/bucket/k.json
    gets ETag bucket/k
  done
  grep -q '^HEAD /bucket/k?partNumber=1 206 signed' store/requests
  # One of the whole object needs no parts.
  : >store/requests
  echo '{"parts":[5000,5000,240000],"checksum":"crc64nvme"}' >store/bucket/k.json
  gets x-amz-checksum-crc64nvme bucket/k
  run ! grep partNumber store/requests
  # Who does not know partNumber is asked in vain, and sizes are tried as of any URL.
  echo '{"parts":[100000,150000],"hides_parts":true}' >store/bucket/k.json
  fetch s3://bucket/k out2
  assert_status 3
  assert_stderr_has "no usual part size gives that; the store does not tell the sizes of the parts: "
  assert_stderr_has "--s3-part-size"
}

@test "s3: what interrupts a question for the sizes of parts is tried again, and decides nothing" {
  local words wrong
  start_store
  with_keys
  # Nothing but the checksum of its parts' checksums can verify the object.
  object bucket/k 250000 '{"parts":[70001,70001,109998],"checksum":"crc32","composite":true,"kms":true}'
  cp store/bucket/k.json right.json
  wrong=$(jq -c '.wrong = true' right.json)
  for words in 503 '429 ok 500' cut; do
    rm -f out
    echo "$words" >store/away.parts
    : >store/requests
    fetch --require-checksum s3://bucket/k out
    assert_status 0
    cmp out store/bucket/k
    assert_stderr_has ', when asked for the size of a part'
    assert_stderr_has '; trying again in '
    echo "$words" >store/away.parts
    echo "$wrong" >store/bucket/k.json
    WITH=3 refuses 'x-amz-checksum-crc32 is ' s3://bucket/k
    cp right.json store/bucket/k.json
  done
  # What has been answered is not asked again, and an answer starts the count of the attempts again.
  echo 'ok 503 ok' >store/away.parts
  : >store/requests
  gets x-amz-checksum-crc32 bucket/k --retry 1
  [[ $(grep -c 'partNumber=1 ' store/requests) == 2 ]] # one of them for the pipe
  # It may stay like that. What the user says of the data needs no question.
  echo '503 cut' >store/away.parts
  WITH=5 refuses ', when asked for the size of a part, 2 times' --retry 1 s3://bucket/k
  echo '503 cut' >store/away.parts
  fetch -ca md5 --checksum "$(md5sum <store/bucket/k | cut -c1-32)" s3://bucket/k out
  assert_status 0
  assert_stderr_is ''
  # A store that does not know the question leaves the object unverified, and the message names its checksum.
  for words in 501 403 404 405; do
    echo "$words" >store/away.parts
    fetch s3://bucket/k out
    assert_status 0
    assert_stderr_has 'unverified: x-amz-checksum-crc32 is a checksum of parts, whose sizes the store does not tell: '
    assert_stderr_has "(HTTP $words); size 244 KiB agrees"
  done
  echo 501 >store/away.parts
  WITH=3 refuses 'x-amz-checksum-crc32 is a checksum of parts, whose ' --require-checksum s3://bucket/k
}

@test "s3: credentials of profile, session, container and instance" {
  start_store
  object bucket/k 1000
  mkdir home/.aws
  printf '[lab]\naws_access_key_id = AKEY\naws_secret_access_key = SECRET/+key\n' >home/.aws/credentials
  AWS_PROFILE=lab gets ETag bucket/k
  mv home/.aws/credentials elsewhere
  AWS_SHARED_CREDENTIALS_FILE=elsewhere AWS_PROFILE=lab gets ETag bucket/k
  printf '%s\n' '[profile lab]' 'aws_access_key_id = AKEY' 'aws_secret_access_key = SECRET/+key' \
    "endpoint_url = $STORE" >home/.aws/config
  AWS_ENDPOINT_URL='' AWS_PROFILE=lab gets ETag bucket/k
  sed -i '1i region = hidden' home/.aws/config
  AWS_PROFILE=lab fetch --progress none s3://bucket/k out
  assert_status 0
  assert_stderr_has "getm-fetch: cannot use the first settings of '$HOME/.aws/config': they stand above every section; put them below a line such as [default]"
  rm out
  WITH=1 AWS_PROFILE=none refuses "there is no profile 'none'" s3://bucket/k

  echo 'SKEY s3cret a/session+token=' >store/keys
  (
    export AWS_ACCESS_KEY_ID=SKEY AWS_SECRET_ACCESS_KEY=s3cret AWS_SESSION_TOKEN=a/session+token=
    gets ETag bucket/k
    AWS_SECRET_ACCESS_KEY=wrong refuses 'request signature' s3://bucket/k
    unset AWS_SESSION_TOKEN
    refuses 'The access key does not exist (HTTP 403)' s3://bucket/k
  )

  credentials SKEY s3cret a/session+token= | tee store/container >store/instance
  echo 'container secret' >token
  export AWS_CONTAINER_CREDENTIALS_FULL_URI=$STORE/credentials
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token gets ETag bucket/k
  AWS_CONTAINER_AUTHORIZATION_TOKEN='container secret' gets ETag bucket/k
  refuses 'endpoint answers HTTP 403' s3://bucket/k
  AWS_CONTAINER_AUTHORIZATION_TOKEN='container secret' gets_after '503 cut' bucket/k
  echo 500 >store/away
  WITH=5 refuses "cannot fetch 's3://bucket/k': cannot get 'AWS credentials': the container's endpoint answers HTTP 500" \
    --retry 0 s3://bucket/k
  unset AWS_CONTAINER_CREDENTIALS_FULL_URI

  with_web_identity
  gets ETag bucket/k
  gets_after 'cut 429' bucket/k
  echo other >web-token
  refuses "does not give the role 'arn:aws:iam::1:role/r': wrong token (HTTP 403)" s3://bucket/k
  unset AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN AWS_ENDPOINT_URL_STS

  export AWS_EC2_METADATA_DISABLED=false AWS_EC2_METADATA_SERVICE_ENDPOINT=$STORE
  gets ETag bucket/k
  gets_after '503 408' bucket/k
}

@test "s3: credentials that take long hold up only the files that need them" {
  local i
  start_store
  object bucket/k 1000
  object bucket/open 1000 '{"public":true}'
  with_web_identity
  echo held >store/away
  # More of them than files that come at a time, from more buckets than fill all places.
  cp -r store/bucket store/b1 && cp -r store/bucket store/b2 && cp -r store/bucket store/b3 && cp -r store/bucket store/b4
  jq -n '[range(150) | {url: "s3://b\(. % 4 + 1)/k", filepath: "many/\(.)"}] + [{url: $u}]' \
    --arg u "$STORE/bucket/open" >list
  fetch --retry 0 -m list
  assert_status 0
  for i in {0..149}; do cmp "many/$i" store/bucket/k; done
  cmp open store/bucket/open
  [[ $(grep -c '^POST /sts' store/requests) == 1 ]]
  # Nor does the pause after a failure use up the attempts of the next file.
  rm -r many
  jq -n '[{url: "s3://bucket/k"}, {url: "s3://bucket/k", filepath: "again"}, {url: $u}]' \
    --arg u "$STORE/bucket/open" >list
  echo '503 503' >store/away
  fetch -c --files 1 --retry 1 -m list
  assert_status 5
  [[ ! -e k ]]
  cmp again store/bucket/k
  # One cause is said once for all files.
  rm again open
  printf '503 %.0s' {1..20} >store/away
  fetch -c --retry 1 -m list
  assert_status 5
  cmp open store/bucket/open
  local away="cannot get 'AWS credentials': the Security Token Service does not give the role 'arn:aws:iam::1:role/r': "
  away+='busy (HTTP 503)'
  [[ $(grep -c 'trying again' <<<"$stderr") == 1 ]]
  assert_stderr "getm-fetch: 1 more request was tried again: $away"
  [[ $(grep -c "cannot fetch 's3://bucket/k': $away, 2 times" <<<"$stderr") == 1 ]]
  assert_stderr "getm-fetch: cannot fetch 1 more file: $away, 2 times"
  # But with -v.
  printf '503 %.0s' {1..20} >store/away
  fetch -v -c --retry 1 -m list
  assert_status 5
  [[ $(grep -c 'trying again' <<<"$stderr") == 2 ]]
}

@test "s3: credentials that expire meanwhile are fetched again" {
  start_store
  object bucket/big 3000000 '{"held":6,"swap_after":3}'
  printf 'K1 s1 t1\nK2 s2 t2\n' >store/keys
  printf 'K2 s2 t2\nexpired t1\n' >store/keys.then
  credentials K1 s1 t1 >store/container
  credentials K2 s2 t2 >store/container.then
  export AWS_CONTAINER_CREDENTIALS_FULL_URI=$STORE/credentials AWS_CONTAINER_AUTHORIZATION_TOKEN='container secret'
  fetch --require-checksum --progress none --part-size 128K --multipart-threshold 128K s3://bucket/big out
  assert_status 0
  assert_stderr_is ''
  cmp out store/bucket/big
  grep -q ' 400 ' store/requests
  (($(grep -c ' 206 signed' store/requests) >= 6)) # the ranges have gone on
  [[ $(grep -c /credentials store/requests) -ge 2 ]]
}

@test "s3: regions, requester pays, public objects, no credentials" {
  start_store
  object bucket/far 1000 '{"region":"eu-west-3"}'
  object bucket/paid 1000 '{"payer":true}'
  object bucket/open 1000 '{"public":true}'
  with_keys
  gets ETag bucket/far
  : >store/requests
  gets ETag bucket/far --region eu-west-3
  run ! grep ' 400 ' store/requests
  AWS_REGION=eu-west-3 gets ETag bucket/far
  refuses 'The requester has to pay (HTTP 403)' s3://bucket/paid
  gets ETag bucket/paid --request-payer
  : >store/requests
  gets ETag bucket/open --no-sign-request
  all_are open
  refuses 'Access Denied (HTTP 403)' --no-sign-request s3://bucket/paid
  assert_stderr_has "the request for 's3://bucket/paid' is not signed, because of --no-sign-request; leave that away"
  refuses 'key does not exist' s3://bucket/none
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
  gets ETag bucket/open
  refuses 'Access Denied (HTTP 403)' s3://bucket/paid
  assert_stderr_has "cannot sign the request for 's3://bucket/paid': no AWS credentials are found in the environment,"
  WITH=2 refuses "cannot use URL 's3://bucket': it names a bucket, and no object in it" s3://bucket
}

@test "s3: in a manifest, resumed, and by mrf-run and mrf-bamread" {
  local i
  start_store
  with_keys
  for i in {1..20}; do object "bucket/f $i" "$((i * 100))"; done
  jq -n '[range(1; 21) | {url: "s3://bucket/f \(.)", filepath: "many/"}]' >list
  fetch --require-checksum -m list
  assert_status 0
  for i in {1..20}; do cmp "many/f $i" "store/bucket/f $i"; done
  # What no file can have is said once.
  local lacks="cannot get 'AWS credentials': AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not"
  AWS_SECRET_ACCESS_KEY='' fetch -c -m list
  assert_status 1
  [[ ${stderr_lines[0]} == "getm-fetch: $lacks" ]]
  [[ ${stderr_lines[1]} == "getm-fetch: cannot fetch 19 more files: $lacks" ]]
  ((${#stderr_lines[@]} == 3))
  AWS_ACCESS_KEY_ID='' AWS_SECRET_ACCESS_KEY='' fetch -c -m list
  assert_status 4
  [[ $(grep -c 'cannot sign the request for' <<<"$stderr") == 1 ]]
  [[ $(grep -c 'Access Denied' <<<"$stderr") == 20 ]]
  seq 1 20000 >'store/bucket/lines %20.txt'
  run_apart mrf-run -n 2 -i 's3://bucket/lines %20.txt' -o lines -- grep 7
  assert_status 0
  grep 7 'store/bucket/lines %20.txt' | cmp - lines
}

@test "mrf-bamread reads what getm-fetch fetches, and fails as that does" {
  start_store
  with_keys
  cp "$(small_bam)" store/bucket/in.bam
  mrf-bamread store/bucket/in.bam >expected
  run_apart mrf-bamread s3://bucket/in.bam
  assert_status 0
  mrf-bamread s3://bucket/in.bam | cmp - expected
  mrf-bamread s3://bucket/in.bam store/bucket/in.bam s3://bucket/in.bam | grep -vc '^@' >count
  [[ $(<count) == $((3 * $(grep -vc '^@' expected))) ]]
  mrf-bamread -H s3://bucket/in.bam | cmp - <(grep '^@' expected)
  run_apart mrf-bamread -o out s3://bucket/none
  assert_status 4
  assert_stderr "getm-fetch: cannot fetch 's3://bucket/none': The specified key does not exist (HTTP 404)"
  assert_stderr "mrf-bamread: cannot read 's3://bucket/none': getm-fetch failed: exit status 4"
  echo '{"checksum":"sha256","wrong":true}' >store/bucket/in.bam.json
  run_apart mrf-bamread -o out s3://bucket/in.bam
  assert_status 3
  [[ ! -e out ]]
  assert_stderr "mrf-bamread: cannot read 's3://bucket/in.bam': getm-fetch failed: exit status 3"
}

@test "gs: public and with a token, from the environment and from a file" {
  start_store
  export STORAGE_EMULATOR_HOST=$STORE/gcs
  mkdir store/open store/closed
  object 'open/a b%+ä' 3000000
  object closed/k 1000
  fetch -v --part-size 256K --multipart-threshold 512K 'gs://open/a b%+ä' out
  assert_status 0
  cmp out 'store/open/a b%+ä'
  assert_stderr "getm-fetch: verified 'out' by x-goog-hash md5"
  refuses 'Authentication required' gs://closed/k
  echo token-1 >store/bearer
  GCS_OAUTH_TOKEN=token-1 fetch -q gs://closed/k out
  assert_status 0
  cmp out store/closed/k
  rm out
  GCS_OAUTH_TOKEN=token-0 refuses 'Authentication required' gs://closed/k
  fetch -q --bearer-file store/bearer gs://closed/k out
  assert_status 0
  cmp out store/closed/k
}

# drs_object ID JSON
drs_object() {
  mkdir -p store/drs
  echo "$2" >"store/drs/$1"
}
drs_fetch() { fetch --cacert ca.pem "$@"; }

@test "drs: the access URL, its headers, checksums, size and name come from the object" {
  local size md5 sha
  start_tls_store
  object bucket/k 3000000 '{"held":6}'
  size=3000000 md5=$(md5_of store/bucket/k) sha=$(sha256sum <store/bucket/k | cut -c1-64)
  drs_object 1 "{\"size\":$size,\"name\":\"sample 1.bam\",
    \"checksums\":[{\"type\":\"md5\",\"checksum\":\"$md5\"},{\"type\":\"sha-256\",\"checksum\":\"$sha\"}],
    \"access_methods\":[{\"type\":\"https\",\"access_url\":{\"url\":\"@URL@/signed/bucket/k?token=99.1\",
                                                           \"headers\":[\"x-place: named\"]}}]}"
  mkdir dir
  drs_fetch -v --part-size 256K --multipart-threshold 512K "$DRS/1" dir/
  assert_status 0
  cmp 'dir/sample 1.bam' store/bucket/k
  assert_stderr "getm-fetch: verified 'dir/sample 1.bam' by DRS-Checksum sha-256"
  (($(grep -c ' 206 named' store/requests) > 5))
  [[ $(grep -c '^GET /ga4gh' store/requests) == 1 ]]
  [[ $stderr != *token=99* ]]

  sed -i "s/$sha/$(wrong "$sha")/" store/drs/1
  drs_fetch "$DRS/1" out
  assert_status 3
  assert_stderr_has "DRS-Checksum sha-256 is "
  sed -i "s/$(wrong "$sha")/$sha/; s/\"size\":3000000/\"size\":2999999/" store/drs/1
  drs_fetch "$DRS/1" out
  assert_status 3
  assert_stderr_has "the DRS object has 2999999 bytes, the server sends one of 3000000"
  [[ ! -e out ]]

  mkdir -p store/drs/a/b.access.g
  drs_object a/b '{"access_methods":[{"type":"gs","access_id":"g/1"}]}'
  echo '{"url":"@URL@/signed/bucket/k?token=9.2"}' >store/drs/a/b.access.g/1
  drs_fetch -q "$DRS/a/b" out
  assert_status 0
  cmp out store/bucket/k
}

@test "drs: an access that expires is asked for again" {
  start_tls_store
  object bucket/k 3000000 '{"held":15}'
  # Each URL works five times.
  drs_object 1 '{"access_methods":[{"type":"https","access_url":{"url":"@URL@/signed/bucket/k?token=5.@COUNT@"}}]}'
  drs_fetch -q --part-size 128K --multipart-threshold 128K "$DRS/1" out
  assert_status 0
  cmp out store/bucket/k
  (($(grep -c '^GET /ga4gh' store/requests) > 3))
  # One that never works ends.
  drs_object 2 '{"access_methods":[{"type":"https","access_url":{"url":"@URL@/signed/bucket/k?token=0.@COUNT@"}}]}'
  drs_fetch "$DRS/2" out2
  assert_status 4
  assert_stderr "getm-fetch: cannot fetch '$DRS/2': Request has expired (HTTP 403)"
}

@test "drs: tokens go to its server only" {
  start_tls_store
  object bucket/k 1000
  drs_object 1 '{"access_methods":[{"type":"https","access_url":{"url":"@URL@/signed/bucket/k?token=9.3"}}]}'
  echo drs-token >store/drs.bearer
  drs_fetch "$DRS/1" out
  assert_status 4
  assert_stderr "getm-fetch: cannot fetch '$DRS/1': a token is needed (HTTP 401)"
  drs_fetch -q --bearer-file store/drs.bearer "$DRS/1" out
  assert_status 0
  cmp out store/bucket/k
  drs_fetch -q -H "Authorization: Bearer drs-token" "$DRS/1" out
  assert_status 0
  grep -q '^GET /ga4gh.* 200 token' store/requests
  grep -q '^GET /signed/.* 200 open' store/requests
  run ! grep wrong store/requests
}

@test "a token that is replaced in its file is read again" {
  start_store
  export STORAGE_EMULATOR_HOST=$STORE/gcs
  mkdir store/closed
  object closed/k 3000000 '{"held":8}'
  echo first >store/bearer
  replace() { echo second >second && mv second store/bearer; }
  to_slow_reader replace -q --buffer 2M --part-size 64K --multipart-threshold 64K --bearer-file store/bearer \
    gs://closed/k - | cmp - store/closed/k
  grep -q ' 401 ' store/requests
}

@test "drs: bundles, compact identifiers, and what no server should say" {
  local json text
  start_tls_store
  object bucket/k 1000
  drs_object bundle '{"contents":[{"name":"a"},{"name":"b"}]}'
  refuses "it is a bundle of 2 objects; fetch each by its own name" --cacert ca.pem "$DRS/bundle"
  refuses "a compact identifier does not name its server" drs://dg.4503/abc
  refuses "it names a server, and no object of it; the form is drs://HOST/ID" drs://localhost/
  WITH=2 refuses "a compact identifier does not name its server" drs://dg.4503:abc
  refuses "no such object (HTTP 404)" --cacert ca.pem "$DRS/none"
  drs_object 1 '{"access_methods":[{"type":"file","access_url":{"url":"file:///etc/passwd"}}]}'
  refuses "the DRS server names no access by https, s3, gs or ftp" --cacert ca.pem "$DRS/1"
  drs_object 1 '{"access_methods":[{"type":"https","access_url":{"url":"http://127.0.0.1:1/x"}}]}'
  refuses "names only an access by http, which is not followed from https" --cacert ca.pem "$DRS/1"
  while IFS='|' read -r json text; do
    drs_object 1 '{"access_methods":[{"type":"https","access_id":"a"}]}'
    echo "$json" >store/drs/1.access.a
    WITH=${text%% *} refuses "${text#* }" --cacert ca.pem "$DRS/1"
  done <<'END'
{"url":"http://127.0.0.1:1/x"}|4 it leads from https to http
{"url":"drs://h/x"}|4 it leads to another DRS object
{"url":"file:///etc/passwd"}|3 it has no host
{"url":"sftp://h/x"}|3 none of http, https
{}|3 its access has no URL
no JSON|3 the server sends no JSON object
{"url":"https://h/","headers":["A: b\r\nHost: c"]}|3 a header for its access
END
  drs_object 1 $'202 0\n{}'
  echo '{"access_methods":[{"type":"https","access_url":{"url":"@URL@/signed/bucket/k?token=9.4"}}]}' >store/drs/1.then
  drs_fetch "$DRS/1" out
  assert_status 0
  assert_stderr_has "the server is preparing the object (HTTP 503); trying again"
  cmp out store/bucket/k
}
