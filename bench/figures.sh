#!/bin/bash
# The first figures, one command: CPU per answered query of Meridian with one worker beside the kernel's floor (udpecho),
# Knot and NSD, on 10,000 names; then what a change and a start cost. Times on a shared machine are noise: read the ratios.
# usage: bench/figures.sh [MERIDIAN]     needs g++, dig, python3-dnspython, and for the peers knot and nsd (see packaging/setup.sh)
# SECS (4): seconds a run. REPS (3): runs of each. NAMES (10000).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
meridian=$(realpath "${1:-$here/../build/src/meridian}")
[ -x "$meridian" ] || { echo "no $meridian: build one (packaging/run.sh does), or name it" >&2; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
for tool in dnsload udpecho; do g++ -O2 -std=c++20 -pthread -o "$dir/$tool" "$here/$tool.cpp"; done
"$here/genzone.py" "${NAMES:-10000}" "$dir"
mkdir "$dir/entries" "$dir/knot"
cp "$dir/entries.yaml" "$dir/entries/"

cat >"$dir/meridian.yaml" <<C
listen: ["127.0.0.1:5310"]
workers: 1
sources: [{files: $dir/entries}]
state: $dir/state
admin: {listen: ""}
forward: {upstreams: []}
C
cat >"$dir/knot.conf" <<C
server:
    rundir: $dir/knot
    listen: 127.0.0.1@5311
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: $dir/knot
zone:
  - domain: global
    storage: $dir
    file: global.zone
    zonefile-sync: -1
    journal-content: none
C
cat >"$dir/nsd.conf" <<C
server:
  ip-address: 127.0.0.1@5312
  server-count: 1
  username: ""
  pidfile: "$dir/nsd.pid"
  xfrdfile: "$dir/xfrd.state"
  zonelistfile: "$dir/zone.list"
  zonesdir: "$dir"
  database: ""
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: global
  zonefile: global.zone
C

tree() { local c; echo "$1"; for c in $(pgrep -P "$1"); do tree "$c"; done; }
measure() { # LABEL PORT COMMAND...: one server on CPU 0, the load on CPU 1
  local label=$1 port=$2 pid pids; shift 2
  taskset -c 0 "$@" >"$dir/$label.log" 2>&1 &
  pid=$!
  for _ in $(seq 100); do
    dig +short +tries=1 +time=1 @127.0.0.1 -p "$port" "$(head -1 "$dir/hits.q" | cut -d' ' -f1)" | grep -q '^240' && break
    sleep 0.1
  done
  pids=$(tree "$pid")
  for questions in hits mixed; do
    for _ in $(seq "${REPS:-3}"); do
      printf '%-9s %-6s ' "$label" "$questions"
      taskset -c 1 "$dir/dnsload" 127.0.0.1 "$port" "$dir/$questions.q" "${SECS:-4}" 32 $pids
    done
  done
  kill $pids 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}
measure echo 5309 "$dir/udpecho" 5309 1 | tee "$dir/table"
measure meridian 5310 "$meridian" serve --config "$dir/meridian.yaml" | tee -a "$dir/table"
if command -v knotd >/dev/null; then measure knot 5311 knotd -c "$dir/knot.conf" | tee -a "$dir/table"; fi
if command -v nsd >/dev/null; then measure nsd 5312 nsd -d -c "$dir/nsd.conf" | tee -a "$dir/table"; fi

echo
echo "server CPU per answered query, the best of ${REPS:-3} runs, and its ratio to the floor:"
awk '{for (i = 1; i < NF; i++) if ($i == "server_cpu_us_per_query") {k = $1 " " $2; if (!(k in best) || $(i + 1) < best[k]) best[k] = $(i + 1)}}
  END {for (k in best) {split(k, a, " "); printf "%-9s %-6s %6.2f us  %.2f\n", a[1], a[2], best[k], best[k] / best["echo " a[2]]}}' "$dir/table" | sort -k2,2 -k3,3n
echo
"$here/life.py" "$meridian" "$dir/entries.yaml"
