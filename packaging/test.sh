#!/bin/bash
# Sets everything up on a fresh Debian 12, then runs all tests: a release build and both sanitizer builds of the same
# suites (the rooms without threads under address and undefined only), the end-to-end tests against real clients and servers, and a minute of fuzzing. MERIDIAN_TEST=quick: the release
# build only. Ends with "N passed, M failed".
set -uo pipefail
cd "$(dirname "$0")/.."
. packaging/setup.sh
install_packages "$test_packages" || exit 1

root=${MERIDIAN_BUILD:-build-test}
export CCACHE_NOHASHDIR=true CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-5G}  # what another clone compiled is as good
passed=0 failed=0
result() { # NAME STATUS
  if [ "$2" = 0 ]; then passed=$((passed + 1)); echo "ok      $1"; else failed=$((failed + 1)); echo "FAILED  $1"; fi
}
build() { # NAME MESON-OPTIONS...: all, or $targets
  local name=$1; shift
  [ -f "$root/$name/build.ninja" ] || meson setup "$root/$name" "$@" >"$root/$name.log" 2>&1 || { cat "$root/$name.log"; return 1; }
  ninja -C "$root/$name" ${targets:-} >"$root/$name.log" 2>&1 || { tail -50 "$root/$name.log"; return 1; }
}
suites() { # NAME MESON-OPTIONS...: every meson test counts
  local name=$1; shift
  meson test -C "$root/$name" "$@" --no-rebuild --print-errorlogs >"$root/$name-tests.log" 2>&1
  local status=$?
  passed=$((passed + $(awk '/^Ok:/ {print $2}' "$root/$name-tests.log")))
  failed=$((failed + $(awk '/^(Fail|Timeout|Unexpected Pass):/ {n += $NF} END {print n + 0}' "$root/$name-tests.log")))
  if [ $status = 0 ]; then
    sed -nE 's/^ *[0-9]+\/[0-9]+ (meridian:)?(.*[^ ]) +OK .*/ok      '"$name"': \2/p' "$root/$name-tests.log"
  else
    cat "$root/$name-tests.log"
  fi
}
mkdir -p "$root"

git ls-files '*.cpp' '*.hpp' | xargs clang-format --dry-run --Werror
result "clang-format is clean" $?

# Tests mostly wait for something, so the next build goes on beside the tests of the one before it.
sanitized() { # SANITIZER: builds it, without the rooms that have no thread where only threads matter
  local name=${1%%,*} targets=
  if [ "$name" = thread ]; then
    targets="src/meridian $(printf 'tests/%s/%s_test ' kube kube source source ledger ledger upstream upstream server server \
      server server_allocation control control cli cli stats stats)"
  fi
  # -O0 and line tables: what a sanitizer finds does not depend on more, and the builds take a third of the time.
  build "$name" -Doptimization=0 -Dcpp_args=-g1 -Db_sanitize="$1"
}
fuzzers() {
  local targets="tests/fuzz/parse_fuzz tests/fuzz/respond_fuzz tests/fuzz/reply_fuzz tests/fuzz/config_fuzz tests/fuzz/scan_fuzz"
  CC=clang CXX=clang++ build fuzz --buildtype=debugoptimized -Dfuzz=true -Dtests=false -Db_lundef=false
}
ahead() { "$@" & builder=$!; }
built() { wait "$builder"; status=$?; result "$1" $status; return $status; }

export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
ahead build release --buildtype=release
built "the release builds without a warning" && release=yes || release=
if [ "${MERIDIAN_TEST:-all}" != all ]; then
  [ "$release" ] && suites release
else
  ahead sanitized address,undefined
  [ "$release" ] && suites release
  # Under sanitizers races of replicas are shorter; what reads documents says the same in every build.
  export MERIDIAN_REPLICAS_SECONDS=${MERIDIAN_REPLICAS_SECONDS:-15}
  built "the address,undefined sanitizer builds" && address=yes || address=
  ahead sanitized thread
  [ "$address" ] && suites address --no-suite documents
  built "the thread sanitizer builds" && thread=yes || thread=
  ahead fuzzers
  [ "$thread" ] && suites thread --no-suite documents --no-suite pure
  built "the fuzz targets build" && { tests/fuzz/run.sh "$root/fuzz" 60; result "a minute of fuzzing over the kept corpus" $?; }
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
