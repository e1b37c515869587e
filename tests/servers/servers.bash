# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Real servers on loopback for a test file. start_nginx in setup_file(), stop_servers in
# teardown_file(). What is served stands in $WWW; the servers are $HTTP, $HTTPS (with HTTP/2), $TLS (without; the
# CA of both is $CA), $GOAWAY (with HTTP/2, which ends each connection after twenty requests; $CONNECTIONS has a line
# for each request: the connection's number, protocol, status), $GOAWAY_SOON (the same after two) and the proxy
# $PROXY. `logged` prints a line for each request that was answered: method, URI, protocol, status, range;
# `forget_log` drops those.

SERVERS_HERE=$(dirname "${BASH_SOURCE[0]}")
SERVERS_HERE=$(cd "$SERVERS_HERE" && pwd)

# A port that nobody listens at and that no other test of the run has; the kernel gives clients those from 32768 on.
free_port() {
  local port
  mkdir -p "$BATS_RUN_TMPDIR/ports"
  while :; do
    port=$((20000 + RANDOM % 12768))
    mkdir "$BATS_RUN_TMPDIR/ports/$port" 2>/dev/null || continue
    (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null || break
  done
  echo "$port"
}

make_certificates() {
  local dir=$1
  local key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
  openssl req -x509 "${key[@]}" -days 30 -subj "/CN=test CA" -keyout "$dir/ca.key" -out "$dir/ca.pem"
  openssl req "${key[@]}" -subj "/CN=localhost" -keyout "$dir/server.key" -out "$dir/server.csr"
  openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 30 \
    -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:127.0.0.2") -out "$dir/server.pem"
} 2>/dev/null

# Tries other ports until none of them was taken.
start_nginx() {
  local dir=$BATS_FILE_TMPDIR/nginx user='' port tls h2 goaway proxy try early=()
  export WWW=$dir/www CA=$dir/ca.pem LOG=$dir/access.log CONNECTIONS=$dir/connections.log
  mkdir -p "$WWW"
  make_certificates "$dir"
  ((EUID != 0)) || user='user root;'
  # nginx before 1.19.5 has a fixed file for what it says before it has read its configuration.
  [[ $(nginx -h 2>&1) != *' -e '* ]] || early=(-e "$dir/start.log")
  for try in {1..50}; do
    port=$(free_port) tls=$(free_port) h2=$(free_port) goaway=$(free_port) proxy=$(free_port)
    sed -e "s,@DIR@,$dir,g; s,@HERE@,$SERVERS_HERE,g; s,@MODULES@,/usr/lib/nginx/modules,g; s,@USER@,$user,g" \
      -e "s,@PORT@,$port,g; s,@TLS_PORT@,$tls,g; s,@H2_PORT@,$h2,g; s,@GOAWAY_PORT@,$goaway,g; s,@PROXY_PORT@,$proxy,g" \
      "$SERVERS_HERE/nginx.conf.in" >"$dir/nginx.conf"
    nginx "${early[@]}" -p "$dir" -c "$dir/nginx.conf" >"$dir/start.log" 2>&1 3>&- &
    SERVER_PID=$!
    export HTTP=http://127.0.0.1:$port HTTPS=https://localhost:$h2 TLS=https://localhost:$tls SERVER_PID
    export GOAWAY=https://localhost:$goaway GOAWAY_SOON=https://127.0.0.2:$goaway
    export PROXY=http://127.0.0.1:$proxy
    wait_for_server "$dir" && return
    grep -q 'Address already in use' "$dir/start.log" || break
  done
  echo "cannot start nginx (try $try): $(cat "$dir/start.log")" >&2
  return 1
}

# nginx writes its process id when it listens.
wait_for_server() {
  local end=$((SECONDS + 300))
  while kill -0 "$SERVER_PID" 2>/dev/null && ((SECONDS < end)); do
    [[ ! -s $1/nginx.pid ]] || return 0
    sleep 0.02
  done
  wait "$SERVER_PID" 2>/dev/null
  return 1
}

# The only worker of nginx writes the line of a response right after its last byte, before it looks at another request.
logged() { curl -gfs -o /dev/null --noproxy '*' "$HTTP/settled" && cat "$LOG"; }
forget_log() { logged >/dev/null && : >"$LOG"; }

stop_servers() {
  [[ -n ${SERVER_PID:-} ]] || return 0
  kill "$SERVER_PID" 2>/dev/null
  wait "$SERVER_PID" 2>/dev/null || true
}

# start_server URL CMD...: runs CMD until URL answers; @PORT@ in CMD and URL is a free port.
start_server() {
  local url=$1 port try word log=$BATS_FILE_TMPDIR/server-$RANDOM.log
  shift
  for try in {1..20}; do
    port=$(free_port)
    local words=()
    for word in "$@"; do words+=("${word//@PORT@/$port}"); done
    "${words[@]}" >"$log" 2>&1 3>&- &
    SERVER_PIDS+=" $!"
    SERVER_URL=${url//@PORT@/$port}
    local pid=$! end=$((SECONDS + 300))
    while kill -0 "$pid" 2>/dev/null && ((SECONDS < end)); do
      curl -gsko /dev/null --noproxy '*' "$SERVER_URL" && return
      sleep 0.02
    done
  done
  echo "cannot start '$1' (try $try): $(tail -n 5 "$log")" >&2
  return 1
}

# The others that are started by start_server.
stop_started() {
  local pid
  for pid in ${SERVER_PIDS:-}; do
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  return 0
}
