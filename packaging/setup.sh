# Sourced by run.sh and test.sh: what they need, and install_packages, which installs what of it is missing on Debian 12.

build_packages="g++ meson ninja-build pkg-config libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libc-ares-dev libldns-dev
  libyaml-cpp-dev libspdlog-dev libsqlite3-dev libssl-dev zlib1g-dev libcli11-dev prometheus-cpp-dev"
run_packages="$build_packages bind9-dnsutils curl"
# Compilers and checkers; clients; the real servers that stand in front of Meridian and behind it.
test_packages="$run_packages ccache doctest-dev libbenchmark-dev clang clang-format libclang-rt-14-dev
  knot-dnsutils python3 python3-dnspython python3-yaml python3-jsonschema git procps
  dnsmasq-base unbound bind9 knot nsd knot-resolver openssl"
# What builds the manifests, and fetches what is published of their kinds: any kubectl and any npm will do, and Debian's
# packages would be in the way of those that came from elsewhere.
command -v kubectl >/dev/null || test_packages="$test_packages kubernetes-client"
command -v npm >/dev/null || test_packages="$test_packages npm"

install_packages() {
  if [ "$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${VERSION_ID:-}")" != "debian 12" ]; then
    echo "This script knows Debian 12 (bookworm) only; on another system install what there is called" $1 "and build with meson." >&2
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
  local status=0
  $sudo apt-get update -qq &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || status=$?
  if [ -n "$(trap -p EXIT)" ]; then $sudo rm -f "$policy"; trap - EXIT; fi
  return $status
}
