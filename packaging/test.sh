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

build release --buildtype=release; status=$?
result "the release builds without a warning" $status
[ $status = 0 ] && suites release
if [ "${MERIDIAN_TEST:-all}" = all ]; then
  # -O0 and line tables: what a sanitizer finds does not depend on more, and the builds take a third of the time.
  for sanitizer in address,undefined thread; do
    name=${sanitizer%%,*} targets= without=
    if [ $name = thread ]; then
      targets="src/meridian $(printf 'tests/%s/%s_test ' kube kube source source ledger ledger upstream upstream server server server server_allocation control control cli cli stats stats)"
      without="--no-suite pure"
    fi
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
    build "$name" -Doptimization=0 -Dcpp_args=-g1 -Db_sanitize=$sanitizer; status=$?
    result "the $sanitizer sanitizer builds" $status
    # Races of replicas are shorter here; what reads documents says the same in every build.
    [ $status = 0 ] && MERIDIAN_REPLICAS_SECONDS=15 suites "$name" --no-suite documents $without
  done
  targets="tests/fuzz/parse_fuzz tests/fuzz/respond_fuzz tests/fuzz/config_fuzz tests/fuzz/scan_fuzz" CC=clang CXX=clang++ build fuzz --buildtype=debugoptimized -Dfuzz=true -Dtests=false -Db_lundef=false; status=$?
  result "the fuzz targets build" $status
  [ $status = 0 ] && { tests/fuzz/run.sh "$root/fuzz" 60; result "a minute of fuzzing over the kept corpus" $?; }
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
