#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Servers of other houses, each with its own way with ranges and validators.

# bats file_tags=unsanitized

load common
load getm-fetch

setup_file() {
  serve_samples
  head -c 24M /dev/zero | tr '\0' x >"$WWW/other"
}
teardown_file() { stop_servers; }
teardown() {
  stop_started
  [[ ! -d s3 ]] || "$ROOT/tests/servers/swift-s3" stop s3
  common_teardown
}

fetch() { run_apart getm-fetch --cacert "$CA" --part-size 256K --multipart-threshold 512K "$@"; }

needs() { command -v "$1" >/dev/null || skip "$1 is not installed"; }

fetch_both() {
  fetch -q --concurrency "$2" "$1" out
  assert_status 0
  cmp out "$WWW/${1##*/}"
  getm-fetch -q --cacert "$CA" --part-size 256K --multipart-threshold 512K --concurrency "$2" "$1" - |
    cmp - "$WWW/${1##*/}"
}

replace_object() { cp "$WWW/other" "$WWW/new" && mv "$WWW/new" "$WWW/object"; }

# What came of URL is of the first object, and all of it when the status is 0.
replaced_meanwhile() {
  local status=0
  rm -f "$WWW/object" mixed
  truncate -s 24M "$WWW/object"
  touch -d @1000000000 "$WWW/object" # an entity tag made of size and seconds is another one then
  ln "$WWW/object" before
  to_slow_reader replace_object -q --cacert "$CA" --buffer 2M --part-size 64K --multipart-threshold 64K "$1" - \
    >mixed || status=$?
  cmp -n "$(stat -c %s mixed)" mixed before
  ((status == 3)) || { ((status == 0)) && cmp mixed before; }
  rm before
}

# All ways of fetching from the server at $1.
fetch_all_ways() {
  local n
  for n in 0 1 4 16; do fetch_both "$1/data" "$n"; done
  for n in 1 4; do
    fetch_both "$1/empty" "$n"
    fetch_both "$1/one" "$n"
  done
  fetch "$1/none" out2
  assert_status 4
  [[ ! -e out2 ]]
  replaced_meanwhile "$1/object"
}

@test "nginx, by HTTP/1.1, TLS and HTTP/2" {
  local base
  fetch_all_ways "$HTTP"
  fetch_all_ways "$HTTPS"
  fetch_all_ways "$TLS"
  logged | grep -q '^GET /data HTTP/2.0 200'
  fetch_both "$HTTP/slow/data" 4
  for base in "$HTTP" "$HTTPS"; do
    fetch -q --concurrency 4 "$base/fault/held?t=${base%%:*}" out
    assert_status 0
    cmp out "$WWW/data"
    logged | grep -F "/fault/held?t=${base%%:*} " | grep -o 'HTTP/.*' >asked
    # The first three go to the other connections, while the first response is held.
    [[ $(sort -t= -k2n asked | sed '/ -$/d; 4q' | head -n 3 | cut -d' ' -f2-) == \
    $'206 bytes=262144-524287\n206 bytes=524288-786431\n206 bytes=786432-1048575' ]]
    [[ $base == https* ]] || grep -q '^HTTP/1.1 206' asked
    [[ $base != https* ]] || grep -q '^HTTP/2.0 206' asked
    # No byte is asked for twice, and all in whole parts.
    grep -o 'bytes=.*' asked | tr -c '0-9\n' ' ' |
      awk '$1 % 262144 != 0 || seen[$1]++ || ($2 != $1 + 262143 && $2 != 2999999) { print; bad = 1 } END { exit bad }'
  done
  logged >requests
  run ! grep -v '^GET ' requests
}

@test "lighttpd" {
  needs lighttpd
  cat >lighttpd.conf <<END
server.document-root = "$WWW"
server.bind = "127.0.0.1"
server.port = env.PORT
server.stat-cache-engine = "disable"
mimetype.assign = ("" => "application/octet-stream") # without a type there is no entity tag
END
  start_server http://127.0.0.1:@PORT@/one env PORT=@PORT@ lighttpd -D -f lighttpd.conf
  fetch_all_ways "${SERVER_URL%/one}"
}

@test "apache2, with Content-MD5; and as the proxy of TLS" {
  needs apache2
  cat >apache.conf <<END
ServerRoot "$PWD"
ServerName localhost
PidFile "$PWD/apache.pid"
ErrorLog "$PWD/apache.log"
Listen 127.0.0.1:\${PORT}
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_connect_module /usr/lib/apache2/modules/mod_proxy_connect.so
CustomLog "$PWD/apache.requests" "%r %{Authorization}i"
ProxyRequests On
AllowCONNECT ${HTTPS##*:}
DocumentRoot "$WWW"
<Directory "$WWW">
  Require all granted
  ContentDigest On
</Directory>
END
  start_server http://127.0.0.1:@PORT@/one env PORT=@PORT@ apache2 -DFOREGROUND -f "$PWD/apache.conf"
  fetch_all_ways "${SERVER_URL%/one}"
  fetch --require-checksum --concurrency 4 -v "${SERVER_URL%/one}/data" out
  assert_status 0
  assert_stderr_has "verified 'out' by Content-MD5"
  cmp out "$WWW/data"
  rm out
  # libcurl 7.88 at times sends before the tunnel is ready ("no filter connected"): that is tried again.
  https_proxy=${SERVER_URL%/one} fetch -H "Authorization: Bearer hidden" "$HTTPS/data" out
  assert_status 0
  cmp out "$WWW/data"
  wait_until grep -q "^CONNECT ${HTTPS#https://} HTTP/1.1 -" apache.requests
  run ! grep hidden apache.requests
}

@test "h2o" {
  needs h2o
  cat >h2o.conf <<END
listen: { host: 127.0.0.1, port: @PORT@ }
error-log: $PWD/h2o.log
$( ((EUID != 0)) || echo 'user: root')
hosts: { default: { paths: { /: { file.dir: "$WWW" } } } }
END
  start_server http://127.0.0.1:@PORT@/one bash -c 'sed "s/@PO""RT@/@PORT@/" h2o.conf >h2o-port.conf
    exec h2o -c h2o-port.conf'
  fetch_all_ways "${SERVER_URL%/one}"
}

@test "nghttpd" {
  needs nghttpd
  start_server https://localhost:@PORT@/one nghttpd -d "$WWW" @PORT@ "${CA%/*}/server.key" "${CA%/*}/server.pem"
  fetch_all_ways "${SERVER_URL%/one}"
}

s3() { "$ROOT/tests/servers/s3-client" "$S3" "$@"; }

@test "an S3 server: ETags of one part and of several, signed URLs, expiry" {
  needs swift-proxy-server
  ((EUID == 0)) || skip "the S3 server runs as root only"
  local url etag name n
  S3=$("$ROOT/tests/servers/swift-s3" start "$PWD/s3" 3>&-)
  head -c 12000000 /dev/urandom >data
  s3 make bucket
  s3 put bucket single data >/dev/null
  etag=$(s3 put bucket parts data 5242880)
  [[ $etag == *-3* ]]
  s3 put bucket odd data 5500003 >/dev/null
  fetch -v --require-checksum "$(s3 presign bucket single)" out
  assert_status 0
  assert_stderr_has "verified 'out' by ETag"
  fetch -v --require-checksum "$(s3 presign bucket parts)" out
  assert_status 0
  cmp out data
  getm-fetch -q --require-checksum "$(s3 presign bucket parts)" - | cmp - data
  fetch "$(s3 presign bucket odd)" odd
  assert_status 3
  assert_stderr_has "if the data is right, name the part size of the upload with --s3-part-size"
  [[ ! -e odd ]]
  fetch -ca null "$(s3 presign bucket odd)" odd
  assert_status 0
  cmp odd data
  rm odd
  fetch --s3-part-size 5500003 --require-checksum "$(s3 presign bucket odd)" odd
  assert_status 0
  cmp odd data
  # By their names, signed here. This server does not know partNumber of an object that is complete.
  export AWS_ENDPOINT_URL=$S3 AWS_ACCESS_KEY_ID=test:tester AWS_SECRET_ACCESS_KEY=testing AWS_EC2_METADATA_DISABLED=true
  unset AWS_SESSION_TOKEN AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION
  for name in single parts; do
    for n in 0 4; do
      fetch -v --require-checksum --concurrency "$n" "s3://bucket/$name" out
      assert_status 0
      cmp out data
      assert_stderr_has "verified 'out' by ETag"
    done
  done
  for name in 'a b/c+d%20e' 'ä?x=1&y#z' "~!*'()@:,;=\$"; do
    head -c 1000 /dev/urandom >small
    s3 put bucket "$(/usr/bin/python3 -c 'import sys, urllib.parse as u; print(u.quote(sys.argv[1]))' "$name")" small >put
    fetch -q --require-checksum "s3://bucket/$name" out
    assert_status 0
    cmp out small
  done
  AWS_SECRET_ACCESS_KEY=wrong fetch s3://bucket/single out2
  assert_status 4
  assert_stderr_has "(HTTP 403)"
  fetch s3://bucket/none out2
  assert_status 4
  assert_stderr_has "(HTTP 404)"
  fetch --no-sign-request s3://bucket/single out2
  assert_status 4
  [[ ! -e out2 ]]
  [[ $(curl -sI -o /dev/null -w '%{http_code}' "$(s3 presign bucket parts)") == 403 ]]
  url=$(s3 presign bucket parts 1)
  wait_until bash -c '! curl -fs -o /dev/null "$1"' bash "$url"
  fetch "$url" late
  assert_status 4
  assert_stderr_has "(HTTP 403)"
  [[ $stderr != *Signature=[0-9a-f]* && ! -e late ]]
}

@test "GCS: the storage emulator of npm firebase-tools" {
  local name='gs://lab/run 7/a+b %.bin' upload
  needs node
  export NODE_PATH=${NODE_PATH:-$(npm root -g)}
  node -e 'require.resolve("firebase-tools/lib/emulator/storage")' 2>err || skip "npm firebase-tools is not installed"
  mkdir tmp
  start_server http://127.0.0.1:@PORT@/ env TMPDIR="$PWD/tmp" "$ROOT/tests/servers/gcs-emulator" @PORT@
  upload="${SERVER_URL}upload/storage/v1/b/lab/o?uploadType=media"
  curl -sSf --data-binary @"$WWW/data" -H 'Content-Type: application/octet-stream' -o said \
    "$upload&name=run%207/a%2Bb%20%25.bin"
  export STORAGE_EMULATOR_HOST=${SERVER_URL%/}
  for n in 0 1 4; do
    fetch -v --require-checksum --concurrency "$n" "$name" out
    assert_status 0
    assert_stderr "getm-fetch: verified 'out' by x-goog-hash crc32c"
    cmp out "$WWW/data"
    rm out
  done
  fetch gs://lab/none out
  assert_status 4
  assert_stderr_is "getm-fetch: cannot fetch 'gs://lab/none': No such object: lab/none (HTTP 404)"
  [[ ! -e out ]]
}
