# Sourced by run.sh and test.sh: installs what they need on Debian 12. $1: "run" or "test".

build_packages="g++ meson ninja-build pkg-config libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libc-ares-dev libldns-dev
  libyaml-cpp-dev libspdlog-dev libsqlite3-dev libcli11-dev prometheus-cpp-dev"
run_packages="$build_packages bind9-dnsutils"
# Compilers and checkers; clients; the real servers that stand in front of Meridian and behind it.
test_packages="$run_packages doctest-dev libbenchmark-dev clang clang-format libclang-rt-14-dev
  knot-dnsutils ldnsutils python3 python3-dnspython python3-yaml curl jq git procps iproute2
  dnsmasq-base unbound bind9 knot nsd"

install_packages() {
  if [ ! -r /etc/debian_version ] || ! command -v apt-get >/dev/null; then
    echo "This script knows Debian 12 (bookworm) only. On another system install: $1" >&2
    exit 1
  fi
  missing=$(for p in $1; do dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || echo "$p"; done)
  [ -z "$missing" ] && return
  sudo=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "Not root, and there is no sudo: install as root:" $missing >&2; exit 1; }
    sudo=sudo
  fi
  echo "installing:" $missing
  # A server that apt starts would take port 53 from the machine; policy-rc.d forbids it while we install, if nobody has one.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null && $sudo chmod 755 "$policy"
    trap '$sudo rm -f "$policy"' EXIT
  fi
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
  if [ -n "$(trap -p EXIT 2>/dev/null)" ]; then $sudo rm -f "$policy"; trap - EXIT; fi
}
