# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# For every test of the programs: `load common`.
#
# $BIN is where the built programs are (MRF_BIN, else build/bin) and comes first in PATH; $ROOT is the
# source. Tests tagged `unsanitized` are left out under the sanitizers. A test starts in an empty directory of its own, with a TMPDIR of its own beside it; when it
# fails, both are kept and their place is printed. A file with its own setup() or teardown() calls
# common_setup or common_teardown there.
#
#   run_apart CMD...              $status, $output (stdout) and $stderr apart
#   assert_status N               and the others: on failure they show all three
#   assert_output_is TEXT         stdout, without newlines at its end
#   assert_stderr LINE            one of the lines of stderr is LINE
#   assert_stderr_has TEXT        TEXT is somewhere in stderr
#   assert_stderr_is TEXT         the whole of stderr; '' for none
#   assert_files NAME...          what the directory holds, and nothing else
#   assert_nothing_left           no process that the test started, nothing in TMPDIR
#   assert_same_sam A B           the SAM text of two alignment files is the same
#   small_bam [RECORDS]           prints the path of a generated BAM (default 5,000 records)
#   serve DIRECTORY               over HTTP; $SERVED is the URL, until the test ends
#   wait_until CMD...             polls until CMD succeeds, five minutes at most. CMD is evaluated again each time, the words
#                                 "$(...)" and globs among its arguments are not: those belong into a function
#   in_state LETTERS PID...       whether each process is in one of these states: S asleep, T stopped, Z ended (ps(1))
#   as_user CMD...                as an unprivileged user, when the tests run as root
#   some WORD...                  prints the words; under the sanitizers every fourth of them, from the first one on
#   sanitized FEWER MORE          prints FEWER under the sanitizers (MRF_SANITIZED), else MORE
#   with_small_disk SIZE CMD...   CMD sees a file system of SIZE at ./disk

bats_require_minimum_version 1.5.0

ROOT=$(cd "$BATS_TEST_DIRNAME" && while [[ ! -e meson_options.txt ]]; do cd ..; done && pwd)
BIN=${MRF_BIN:-$ROOT/build/bin}
export MRF_CHECK_BLOCKS=1  # lib/codec/README.md
BIN=$(cd "$BIN" && pwd)
export ROOT BIN

common_setup() {
  export LC_ALL=C.UTF-8 TZ=UTC
  export PATH="$BIN:$PATH" TMPDIR="$BATS_TEST_TMPDIR/tmp" MRF_TEST="$BATS_TEST_TMPDIR"
  mkdir -p "$TMPDIR" "$BATS_TEST_TMPDIR/work"
  cd "$BATS_TEST_TMPDIR/work" || return 1
}

common_teardown() {
  [[ -z ${SERVER-} ]] || kill "$SERVER"
  [[ -z ${BATS_TEST_COMPLETED:-} && -z ${BATS_TEST_SKIPPED:-} ]] || return 0
  local kept
  kept=$(TMPDIR='' mktemp -d -t mrf-test.XXXXXX)
  cd / && mv "$BATS_TEST_TMPDIR"/* "$kept" && mkdir -p "$BATS_TEST_TMPDIR"
  echo "the test's files are kept in $kept"
}

setup() { common_setup; }
teardown() { common_teardown; }

run_apart() { run --separate-stderr -- "$@"; }

show_result() {
  printf '%s\n' "$1" "status: ${status:-}" "stdout: ${output:0:4000}" "stderr: ${stderr:0:4000}" >&2
  return 1
}
assert_status() {
  [[ $status == "$1" ]] || show_result "expected status $1"
}
assert_output_is() {
  [[ $output == "$1" ]] || show_result "expected stdout: $1"
}
assert_stderr() {
  [[ $'\n'$stderr$'\n' == *$'\n'"$1"$'\n'* ]] || show_result "expected a line of stderr: $1"
}
assert_stderr_has() {
  [[ $stderr == *"$1"* ]] || show_result "expected in stderr: $1"
}
assert_stderr_is() {
  [[ $stderr == "$1" ]] || show_result "expected stderr: $1"
}

assert_files() {
  local expected found
  expected=$(printf '%s\n' "$@" | sort)
  found=$(find . -mindepth 1 | sed 's,^\./,,' | sort)
  [[ $expected == "$found" ]] || {
    printf '%s\n' "expected these files:" "$expected" "found:" "$found" >&2
    return 1
  }
}

# Those that were started by this test are known by MRF_TEST in their first environment, which is also
# that of everything they forked.
processes_left() {
  local environment pid words all=(/proc/[0-9]*/environ) # known before grep is one of them
  while read -r environment; do
    pid=${environment//[^0-9]/}
    words=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || continue
    # One that has let go of its memory, words and all, is about to end.
    [[ -z $words ]] || in_state ZX "$pid" || [[ ! -e /proc/$pid ]] || printf '%s %s\n' "$pid" "$words"
  done < <(grep -lzxF "MRF_TEST=$MRF_TEST" "${all[@]}" 2>/dev/null)
}
assert_nothing_left() {
  local left
  left=$(processes_left)$(find "$TMPDIR" -mindepth 1)
  [[ -z $left ]] || {
    printf '%s\n' "left behind:" "$left" >&2
    return 1
  }
}

# SAM text whose header says that the records are in no order.
as_unsorted() { sed 's/^\(@HD.*SO:\)[a-z]*/\1unsorted/'; }
sam_text() { samtools view --no-PG -h "$1"; }
assert_same_sam() {
  cmp <(sam_text "$1") <(sam_text "$2") >&2 && samtools quickcheck -u "$2"
}

small_bam() {
  local records=${1:-5000}
  local path=$BATS_RUN_TMPDIR/small-$records.bam
  if [[ ! -e $path ]]; then
    local temporary
    temporary=$(mktemp -d -p "$BATS_RUN_TMPDIR")
    "$ROOT/tests/data/make-bam" --records "$records" -o "$temporary/small.bam" && mv "$temporary/small.bam" "$path"
  fi
  echo "$path"
}

serve() {
  local url
  mkfifo "$BATS_TEST_TMPDIR/url"
  python3 - "$1" >"$BATS_TEST_TMPDIR/url" 2>"$BATS_TEST_TMPDIR/served.log" 3>&- <<'END' &
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
END
  SERVER=$!
  read -r url <"$BATS_TEST_TMPDIR/url"
  export SERVED=$url
}

in_state() {
  local letters=$1 pid state
  shift
  (($# > 0)) || return 1
  for pid; do
    state=$(sed 's/.*) \(.\).*/\1/' "/proc/$pid/stat" 2>/dev/null) && [[ $state == ["$letters"] ]] || return 1
  done
}

wait_until() {
  local end=$((SECONDS + 300))
  until "$@"; do
    ((SECONDS < end)) || {
      echo "waited in vain for: $*" >&2
      return 1
    }
    sleep 0.02
  done
}

as_user() {
  if ((EUID != 0)); then
    "$@"
    return
  fi
  local public=$BATS_RUN_TMPDIR/public-bin
  if [[ ! -d $public ]]; then
    local temporary
    temporary=$(mktemp -d -p "$BATS_RUN_TMPDIR")
    find "$BIN" -maxdepth 1 -type f -executable -exec cp -t "$temporary" {} +
    chmod 755 "$BATS_RUN_TMPDIR" "$temporary"
    mv -T "$temporary" "$public" 2>/dev/null || [[ -d $public ]]
  fi
  chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
  chown -R nobody "$BATS_TEST_TMPDIR/work" "$TMPDIR"
  PATH="$public:$PATH" setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"
}

sanitized() { if [[ -n ${MRF_SANITIZED-} ]]; then echo "$1"; else echo "$2"; fi; }

some() {
  local number=0 word
  for word; do
    ((number++ % $(sanitized 4 1) != 0)) || printf '%s\n' "$word"
  done
}

with_small_disk() {
  local size=$1
  shift
  local namespaces=(--mount)
  ((EUID == 0)) || namespaces+=(--user --map-root-user)
  mkdir -p disk
  unshare "${namespaces[@]}" -- bash -c '
    mount -t tmpfs -o size="$1" none disk && shift && "$@"' bash "$size" "$@"
}
