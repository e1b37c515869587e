#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
load common
load getm-fetch

setup_file() { serve_samples; }
teardown_file() { stop_servers; }

@test "redirections are followed, loops and bad ones refused" {
  fetch "$HTTP/redirect?to=/data" out
  assert_fetched out
  fetch "$HTTP/redirect?status=308&to=$HTTPS/data" --cacert "$CA" out
  assert_fetched out
  fetch "$HTTP/loop" out2
  assert_status 4
  assert_stderr_has "more than 20 redirections"
  fetch --cacert "$CA" "$HTTPS/redirect?to=$HTTP/data" out2
  assert_status 4
  assert_stderr "getm-fetch: cannot follow redirection to '$HTTP/data': it leads from https to http"
  fetch "$HTTP/redirect?to=file:///etc/passwd" out2
  assert_status 4
  assert_files out
}

@test "redirections keep the range" {
  local to=/fault/held%3Ft%3Dkept
  fetch -q --concurrency 4 --part-size 256K --multipart-threshold 512K "$HTTP/redirect?to=$to" out
  assert_fetched out
  logged | grep -q '^GET /fault/held?t=kept HTTP/1.1 206 bytes=262144-524287$'
}

@test "headers and userinfo are sent, but never to another host" {
  local others=${HTTP/127.0.0.1/localhost}
  fetch -H 'Authorization: Bearer hidden' -H 'X-Own: hidden' "$HTTP/echo" -
  [[ $output == *'Authorization: Bearer hidden'* && $output == *'X-Own: hidden'* ]]
  [[ $output == *$'\nAccept-Encoding: identity\r\n'* ]]
  [[ $output == *$'\nUser-Agent: getm-fetch/'"$(getm-fetch --version | sed -n '1s/.* //p')"$'\r\n'* ]]
  fetch -H 'User-Agent: own/1' "$HTTP/redirect?to=$others/echo" -
  [[ $output == *$'\nUser-Agent: own/1\r\n'* && $output != *getm-fetch* ]]
  fetch -H 'User-Agent:' "$HTTP/echo" -
  [[ $output == GET* && $output != *User-Agent* ]]
  fetch -H 'X-Own: hidden' "$HTTP/redirect?to=/echo" -
  [[ $output == *'X-Own: hidden'* ]]
  fetch "${HTTP/\/\////me:hidden@}/echo" -
  [[ $output == *'Authorization: Basic bWU6aGlkZGVu'* ]]
  fetch -H 'Authorization: Bearer hidden' -H 'X-Own: hidden' "${HTTP/\/\////me:hidden@}/redirect?to=$others/echo" -
  assert_status 0
  [[ $output == *'GET /echo'* && $output != *hidden* && $output != *Authorization* ]]
}

@test "no message shows a secret" {
  fetch -v "${HTTP/\/\////me:hidden@}/none?X-Goog-Signature=hidden&token=hidden" out
  assert_status 4
  assert_stderr_is "getm-fetch: cannot fetch '$HTTP/none?X-Goog-Signature=...&token=...': Not Found (HTTP 404)"
  fetch 'sftp://me:hidden@host/x?sig=hidden'
  assert_status 2
  [[ $stderr != *hidden* ]]
  fetch -H 'hidden' "$HTTP/data"
  assert_status 2
  [[ $stderr != *hidden* ]]
}

@test "a password with what ends a host in it is not shown" {
  local url said
  while read -r url said; do
    fetch "$url" out
    ((status == 2 || status == 5))
    [[ $stderr == "getm-fetch: cannot "*" '$said': "* && $stderr != *SE* && $stderr != *CRET* ]]
    fetch "$HTTP/redirect?to=$(jq -rn --arg url "$url" '$url | @uri')" out
    ((status == 4 || status == 5))
    [[ $stderr == "getm-fetch: cannot "* && $stderr != *SE* && $stderr != *CRET* ]]
  done <<'END'
http://user:SE/CRET@127.0.0.1:1/x http://...@127.0.0.1:1/x
http://user:SE?CRET@127.0.0.1:1/x http://...
http://user:SE#CRET@127.0.0.1:1/x http://...
END
}

@test "a certificate is checked, against --cacert or CURL_CA_BUNDLE" {
  fetch "$HTTPS/data" out
  assert_status 1
  assert_stderr_has "ertificate"
  assert_stderr_has "; --cacert FILE or CURL_CA_BUNDLE names certificates to trust"
  fetch --cacert "$CA" "$HTTPS/data" out
  assert_fetched out
  CURL_CA_BUNDLE=$CA fetch "$HTTPS/data" out
  assert_fetched out
  fetch --cacert missing "$HTTPS/data" out2
  assert_status 1
  assert_stderr "getm-fetch: cannot open 'missing': No such file or directory"
  assert_files out
}

# getm-fetch ARGS..., where ./system is what the system trusts
with_system() {
  local namespaces=(--mount)
  ((EUID == 0)) || namespaces+=(--user --map-root-user)
  # shellcheck disable=SC2016
  run_apart unshare "${namespaces[@]}" -- \
    bash -c 'mount --bind system /etc/ssl/certs && exec getm-fetch "$@"' bash "$@"
}

@test "--cacert stands instead of the certificates that the system trusts" {
  mkdir other system
  make_certificates other
  cp "$CA" system/ca.pem
  cp "$CA" system/ca-certificates.crt
  with_system "$HTTPS/data" out
  assert_fetched out
  with_system --cacert other/ca.pem "$HTTPS/data" out2
  assert_status 1
  assert_stderr_has "ertificate"
  [[ ! -e out2 ]]
}

# Of the addresses of a name one answers, mostly the last that is tried. A wait for half of the time to connect
# would be a stall.
@test "addresses of a host that refuse are passed over at once" {
  mkdir www
  cp "$WWW/data" www
  mkfifo port
  python3 - >port 2>served.log 3>&- <<'END' &
import functools, http.server
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="www")
server = http.server.ThreadingHTTPServer(("127.0.0.8", 0), handler)
print(server.server_port, flush=True)
server.serve_forever()
END
  # shellcheck disable=SC2034 # the end of the test ends it
  SERVER=$!
  local port namespaces=(--mount)
  read -r port <port
  printf '127.0.0.%d several.test\n' 2 3 4 5 8 >hosts
  ((EUID == 0)) || namespaces+=(--user --map-root-user)
  # shellcheck disable=SC2016
  run_apart unshare "${namespaces[@]}" -- bash -c 'mount --bind hosts /etc/hosts && exec getm-fetch "$@"' bash \
    --retry 0 --stall-timeout 8 "http://several.test:$port/data" out
  assert_fetched out
}

@test "a server that does not speak TLS is asked once, and of many files said once" {
  local plain=${HTTP/http:/https:}
  fetch "$plain/one" out
  assert_status 1
  assert_stderr_is "getm-fetch: cannot fetch '$plain/one': the server does not speak TLS: is it http://?"
  printf '%s\n' "$plain"/{one,data,big} >list
  fetch -c -m list
  assert_status 1
  [[ ${stderr_lines[0]} == "getm-fetch: cannot fetch '$plain/"*"': the server does not speak TLS: is it http://?" ]]
  [[ ${stderr_lines[1]} == "getm-fetch: cannot fetch 2 more files from '$plain': the server does not speak TLS: is it http://?" ]]
  [[ ${stderr_lines[2]} == "getm-fetch: fetched 0 of 3 files, "*"; 0 unverified, 3 failed" ]]
  ((${#stderr_lines[@]} == 3))
  assert_files list
}

@test "a limit of open files that is too low is named, whatever it hits first" {
  [[ -z ${MRF_SANITIZED-} ]] || skip "the sanitizers need descriptors of their own"
  local limit is_any=
  for limit in {6..24}; do
    run_apart bash -c 'ulimit -n "$1" && exec getm-fetch -q --retry 0 "$2" out' bash "$limit" "$HTTP/one"
    ((status == 0)) && break
    [[ $stderr == *bash:* || $stderr == *'shared libraries'* ]] && continue
    assert_status 1
    [[ $stderr == *": Too many open files; raise the limit of open files: ulimit -n" ]]
    [[ $stderr != *"fetch '"* ]] || is_any=yes
  done
  assert_status 0
  [[ $is_any == yes ]]
}

@test "proxies come from the environment, NO_PROXY too" {
  run_apart env http_proxy="$PROXY" getm-fetch http://host.invalid/x -
  assert_output_is "by proxy: /x"
  run_apart env http_proxy="$PROXY" NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 getm-fetch "$HTTP/one" -
  assert_output_is x
}

@test "a proxy that does not accept the user is named, and not asked again" {
  local url="http://host.invalid/raw/?head=407%20No"
  run_apart env http_proxy="${HTTP/127/me:hidden@127}" getm-fetch "$url" out
  assert_status 4
  assert_stderr_is "getm-fetch: cannot fetch '$url': the proxy '$HTTP' does not accept this user (HTTP 407); http_proxy may have a name and a password in front of its host"
  run_apart env http_proxy="$PROXY" no_proxy=other.invalid,127.0.0.1 getm-fetch "$HTTP/raw/?head=407%20No" out
  assert_status 4
  assert_stderr_is "getm-fetch: cannot fetch '$HTTP/raw/?head=407%20No': No (HTTP 407)"
  run_apart env ftp_proxy="$HTTP" getm-fetch "ftp://host.invalid/raw/x?head=407%20No" out
  assert_status 4
  assert_stderr_is "getm-fetch: cannot fetch 'ftp://host.invalid/raw/x?head=407%20No': the proxy '$HTTP' does not accept this user (HTTP 407); ftp_proxy may have a name and a password in front of its host"
  start_server http://127.0.0.1:@PORT@/ "$ROOT/tests/servers/raw-answers" @PORT@
  run_apart env https_proxy="${SERVER_URL%/}" no_proxy=10.0.0.0/8 getm-fetch https://407.invalid/x out
  stop_started || true
  assert_status 4
  assert_stderr_is "getm-fetch: cannot fetch 'https://407.invalid/x': the proxy '${SERVER_URL%/}' does not accept this user (HTTP 407); https_proxy may have a name and a password in front of its host"
  assert_files
}
