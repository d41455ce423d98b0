#!/bin/bash
# Runs every fuzz target over its kept corpus, SECONDS in all. One line each; status 1 if any of them finds something,
# and then what it found stays in BUILD_DIR/found. The kept corpora are copied, so that the tree is not touched.
set -uo pipefail
[ $# = 2 ] || { echo "usage: $0 BUILD_DIR SECONDS" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) || exit 2
targets=("$here"/corpus/*/)
each=$(($2 / ${#targets[@]}))
[ "$each" -gt 0 ] || each=1  # -max_total_time=0 is for ever
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$build/found"

status=0
for corpus in "${targets[@]}"; do
  name=$(basename "$corpus")
  cp -r "$corpus" "$scratch/$name"
  if "$build/tests/fuzz/${name}_fuzz" -max_total_time="$each" -print_final_stats=0 -artifact_prefix="$build/found/$name-" \
    "$scratch/$name" >"$scratch/$name.log" 2>&1; then
    echo "ok      ${name}_fuzz: nothing in $each s"
  else
    echo "FAILED  ${name}_fuzz: $(grep -m1 -E 'does not hold|ERROR|runtime error|No such file' "$scratch/$name.log")"
    tail -40 "$scratch/$name.log" >&2
    status=1
  fi
done
exit $status
