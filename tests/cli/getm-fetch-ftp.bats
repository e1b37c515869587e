#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# FTP, with and without TLS, and credentials that are on no command line.

load common
load getm-fetch

setup_file() { start_nginx && printf 'data\n' >"$WWW/data"; }
teardown_file() { stop_servers; }
setup() {
  common_setup
  mkdir home files
  export HOME=$PWD/home
}
teardown() {
  stop_started
  common_teardown
}

start_ftp() {
  /usr/bin/python3 -c 'import pyftpdlib' || skip "pyftpdlib is not installed"
  start_server ftp://127.0.0.1:@PORT@/ "$ROOT/tests/servers/ftp-server" @PORT@ "$PWD/files"
  FTP=${SERVER_URL%/}
}

@test "ftp: one stream, its size checked" {
  head -c 3000000 /dev/urandom >files/data
  : >files/empty
  cp files/data files/busy
  mkdir 'files/a b'
  cp files/data 'files/a b/c%d'
  start_ftp
  fetch "$FTP/data" out
  assert_status 0
  cmp out files/data
  assert_stderr "getm-fetch: fetched '$FTP/data', unverified: the server names no checksum; size 2.9 MiB agrees"
  getm-fetch -q "$FTP/data" - | cmp - files/data
  fetch -q -ca md5 -cs "$(md5_of files/data)" "$FTP/a%20b/c%25d" dir/
  assert_status 0
  cmp 'dir/c%d' files/data
  fetch -q "$FTP/empty" out
  assert_status 0
  [[ -e out && ! -s out ]]
  fetch "$FTP/none" out2
  assert_status 4
  assert_stderr_has "cannot fetch '$FTP/none': the server says '550"
  [[ ! -e out2 ]]
  printf 12 >cuts
  fetch "$FTP/busy" out
  assert_status 0
  cmp out files/busy
  assert_stderr_has "the server says '450 The file is busy.'; trying again"
  run_apart mrf-run -n 1 -i "$FTP/data" -o copy --record line -- cat
  assert_status 0
}

@test "ftp: a greeting with a line that begins like a response of HTTP" {
  printf 'data\n' >files/data
  echo 'HTTP/1.1 is not spoken here' >greeting
  start_ftp
  fetch -q --retry 0 "$FTP/data" out
  assert_status 0
  cmp out files/data
}

@test "ftp: a file that comes short is fetched again, and never taken for whole" {
  head -c 300000 /dev/urandom >files/cut
  head -c 299999 files/cut >files/cut.short
  start_ftp
  printf 12 >cuts
  fetch "$FTP/cut" out
  assert_status 0
  cmp out files/cut
  assert_stderr_has "trying again"
  rm out
  printf 123456 >cuts
  fetch --retry 1 "$FTP/cut" out
  assert_status 5
  [[ ! -e out ]]
}

@test "ftp: no last reply, another last reply, sizes that are none, and a file that grows" {
  local size pid
  head -c 300000 /dev/urandom >files/mute
  cp files/mute files/cancelled
  cp files/mute files/odd
  start_ftp
  # With the whole file there, a server that says nothing more costs a wait.
  fetch -q --retry 0 --stall-timeout 1 "$FTP/mute" out
  assert_status 0
  cmp out files/mute
  # A signal ends that wait, and other files go on meanwhile.
  printf '%s\n' "$FTP/mute" "$HTTP/data" >list
  getm-fetch -q -c -O dir/ -m list 2>err &
  pid=$!
  wait_until test -e dir/data
  kill -TERM "$pid"
  status=0
  wait "$pid" || status=$?
  [[ $status -eq 143 ]]
  printf 1 >cuts
  fetch "$FTP/cancelled" out
  assert_status 0
  assert_stderr_has '426; trying again'
  cmp out files/cancelled
  for size in -1 abc 18446744073709551617; do
    echo "$size" >size
    fetch "$FTP/odd" out
    assert_status 0
    assert_stderr_has 'the server did not say how many bytes there are'
    cmp out files/odd
  done
  echo 299000 >size
  fetch "$FTP/odd" out2
  assert_status 3
  assert_stderr_has 'the server sends more bytes than it said'
  [[ ! -e out2 ]]
  # After bytes that cannot be taken back nothing is tried again.
  echo 300001 >size
  fetch "$FTP/odd" -
  assert_status 5
  [[ $stderr != *'trying again'* ]]
  # Nobody waits for the answer to QUIT.
  touch quiet
  echo 300000 >size
  run_apart timeout 30 getm-fetch -q "$FTP/odd" out
  assert_status 0
}

@test "ftp: a user by URL and by .netrc, and the password nowhere" {
  head -c 1000 /dev/urandom >files/data
  start_ftp
  fetch -v "${FTP/127/me:se%3Acret@127}/data" out
  assert_status 0
  [[ $stderr != *cret* ]]
  grep -q '^me$' logins
  rm logins
  printf 'machine 127.0.0.1 login me password se:cret\n' >home/.netrc
  fetch -v "$FTP/data" out
  assert_status 0
  [[ $stderr != *cret* ]]
  grep -q '^me$' logins
  sed -i s/se:cret/wrong/ home/.netrc
  fetch "$FTP/data" out2
  assert_status 4
  assert_stderr_has "the server says '530"
  [[ $stderr != *wrong* ]]
}

@test "ftps: TLS from the first byte on, and its certificate is verified" {
  head -c 300000 /dev/urandom >files/data
  command -v vsftpd >/dev/null || skip "vsftpd is not installed"
  make_certificates "$PWD"
  cat server.pem server.key >both.pem
  cat >vsftpd.conf <<END
listen_address=127.0.0.1
$(printf '%s=YES\n' listen run_as_launching_user anonymous_enable no_anon_password implicit_ssl ssl_enable \
    allow_anon_ssl force_anon_data_ssl force_anon_logins_ssl)
$(printf '%s=NO\n' background seccomp_sandbox require_ssl_reuse)
anon_root=$PWD/files
secure_chroot_dir=$PWD/files
rsa_cert_file=$PWD/both.pem
pasv_address=127.0.0.1
END
  start_server ftps://127.0.0.1:@PORT@/ bash -c '{ cat vsftpd.conf && echo listen_port=@PORT@; } >port.conf
    exec vsftpd port.conf'
  FTP=${SERVER_URL%/}
  fetch "$FTP/data" out
  assert_status 1
  assert_stderr_has certificate
  [[ ! -e out ]]
  fetch -q --cacert ca.pem "$FTP/data" out
  assert_status 0
  cmp out files/data
}

@test ".netrc, --bearer-file and -H @FILE: sent to the host that was named, and to no other" {
  local seen
  printf 'machine 127.0.0.1 login me password se:cret\nmachine localhost login other password other\n' >home/.netrc
  seen() { getm-fetch -q "$@" - ; }
  seen "$HTTP/echo" >echoed
  grep -qi "^authorization: basic $(printf me:se:cret | base64)" echoed
  # A name in the URL chooses among the entries.
  printf 'machine 127.0.0.1 login you@x password yours\n' >>home/.netrc
  seen "${HTTP/127/you%40x@127}/echo" >echoed
  grep -qi "^authorization: basic $(printf you@x:yours | base64)" echoed
  seen "${HTTP/127/you%40x:other@127}/echo" >echoed
  grep -qi "^authorization: basic $(printf you@x:other | base64)" echoed
  printf 'tok\n' >token
  seen --bearer-file token "$HTTP/echo" >echoed
  grep -qi '^authorization: bearer tok' echoed
  printf '\nX-One: 1\n\nAuthorization: Custom x\r\n' >headers
  seen -H @headers "$HTTP/echo" >echoed
  grep -qi '^x-one: 1' echoed
  grep -qi '^authorization: custom x' echoed
  fetch -H @missing "$HTTP/echo" out
  assert_status 1
  assert_stderr_is "getm-fetch: cannot open 'missing': No such file or directory"
  printf 'Range: bytes=1-2\n' >headers
  fetch -H @headers "$HTTP/echo" out
  assert_status 2
  # No file of credentials is replaced.
  printf 'X-One: 1\n' >headers
  printf 'tok\n' >token
  for seen in "-H @headers headers" "--bearer-file token ./token" "--bearer-file token home/.netrc"; do
    # shellcheck disable=SC2086
    fetch -q ${seen% *} "$HTTP/echo" "${seen##* }"
    assert_status 2
    assert_stderr_has 'the same file as'
  done
  mkdir -p home/.aws
  for seen in home/.aws/credentials home/.aws/config token; do
    printf '[default]\n' >"$seen"
    AWS_WEB_IDENTITY_TOKEN_FILE=token fetch -q "$HTTP/echo" "$seen"
    assert_status 2
    assert_stderr_has 'the same file as'
    [[ $(<"$seen") == '[default]' ]]
  done
  rm -r home/.aws
  printf 'tok\n' >token
  printf '[{"url":"%s/echo","filepath":"token"}]\n' "$HTTP" >list.json
  fetch --bearer-file token -m list.json
  assert_status 2
  assert_stderr_has "would write 'token', which is the file of --bearer-file"
  [[ $(<token) == tok ]]
  : >token
  fetch --bearer-file token "$HTTP/echo" out
  assert_status 1
  assert_stderr_is "getm-fetch: cannot use 'token': it holds no token"
  head -c 70000 /dev/zero | tr '\0' a >token
  fetch --bearer-file token "$HTTP/echo" out
  assert_status 1
  assert_stderr_is "getm-fetch: cannot use 'token': it holds more than 64 KiB, which is no token"
  printf 'tok\n' >token
  for seen in '' --bearer-file=token; do
    # shellcheck disable=SC2086
    getm-fetch -q $seen "$HTTP/redirect?to=http://localhost:${HTTP##*:}/echo" - >echoed
    run ! grep -i '^authorization' echoed
  done
}
