#!/bin/bash
# Sets everything up on a fresh Debian 12, builds a release, and serves conf/examples/ on 127.0.0.1:5300.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/setup.sh
install_packages "$run_packages"

[ -f build/build.ninja ] || meson setup build --buildtype=release -Dtests=false >/dev/null
ninja -C build src/meridian
cat <<'TRY'

Meridian serves conf/examples/ on 127.0.0.1:5300; Ctrl-C stops it. In another terminal, try:

  dig @127.0.0.1 -p 5300 httpbin.bar.global        # a literal address of an entry: 240.0.0.2
  dig @127.0.0.1 -p 5300 ratings.shop.global       # an entry without addresses: a VIP from 245.0.0.0/8
  dig @127.0.0.1 -p 5300 www.debian.org            # not ours: forwarded

  curl http://127.0.0.1:9253/status                # what it serves, and why: /explain?name=httpbin.bar.global

TRY
exec build/src/meridian serve --config conf/example.yaml
