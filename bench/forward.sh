#!/bin/bash
# What forwarding costs: server CPU per answered query, uncached and cached, of Meridian with one worker beside dnsdist,
# Unbound and dnsmasq (and CoreDNS, if COREDNS names one), on NAMES names; then the first question after an upstream has
# died, the memory of a full cache, and its hits under a flood of names of one question. Each server has CPU 0, the load
# and the upstream share CPU 1. The runs of all servers take turns, so that what else the machine does falls on all
# alike; still, read the ratios and not the times.
# usage: bench/forward.sh [MERIDIAN]     needs g++, dig, python3-dnspython; for the peers dnsdist, unbound, dnsmasq-base
# SECS (3): seconds a run. REPS (3): runs of each row. WINDOW (16): questions in flight on each of 8 sockets.
# NAMES (10000). ONLY: rows to measure, of those that are printed ("meridian meridian-own"). BEFORE: another Meridian,
# for what a change did. LIFE= (empty): the rows only.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
meridian=$(realpath "${1:-$here/../build/src/meridian}")
[ -x "$meridian" ] || { echo "no $meridian: build one (packaging/run.sh does), or name it" >&2; exit 1; }
dir=$(mktemp -d)
declare -A pid
finish() { [ ${#pid[@]} -eq 0 ] || kill "${pid[@]}" 2>/dev/null || true; wait; rm -rf "$dir"; }
trap finish EXIT
chmod 777 "$dir" # the peers drop their privileges
for tool in dnsload udpecho upstream_echo; do g++ -O2 -std=c++20 -pthread -o "$dir/$tool" "$here/$tool.cpp"; done
"$here/genzone.py" "${NAMES:-10000}" "$dir"
mkdir "$dir/entries"
mv "$dir/entries.yaml" "$dir/entries/"
sed 's/\.global /.cached /' "$dir/hits.q" >"$dir/cached.q" # as many, as long, but not ours
echo "f0000000.ns1.cached A" >"$dir/fresh.q"
up=5600

serve() { # SERVER COMMAND...: one server on CPU 0
  local name=$1; shift
  taskset -c 0 "$@" >"$dir/$name.log" 2>&1 &
  pid[$name]=$!
}
ready() { # SERVER PORT [NAME]
  for _ in $(seq 100); do
    dig +short +tries=1 +time=1 @127.0.0.1 -p "$2" "${3:-ready.cached}" | grep -q '^[0-9]' && return
    sleep 0.1
  done
  echo "$1 does not answer on port $2:" >&2; tail -5 "$dir/$1.log" >&2; exit 1
}
start_meridian() { # SERVER PORT BINARY CACHE
  cat >"$dir/$1.yaml" <<C
listen: ["127.0.0.1:$2"]
workers: 1
sources: [{files: $dir/entries}]
state: $dir/$1.state
admin: {listen: ""}
forward: {upstreams: ["127.0.0.1:$up"], cache: {size: $4}}
C
  serve "$1" "$3" serve --config "$dir/$1.yaml"
  ready "$1" "$2"
  ready "$1" "$2" "$(head -1 "$dir/hits.q" | cut -d' ' -f1)"
}
start_unbound() { # SERVER PORT CACHE
  cat >"$dir/$1.conf" <<C
server:
  interface: 127.0.0.1@$2
  num-threads: 1
  do-daemonize: no
  chroot: ""
  username: ""
  directory: "$dir"
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  module-config: "iterator"
  outgoing-range: 4096
  num-queries-per-thread: 4096
  msg-cache-size: 64m
  rrset-cache-size: 128m
  domain-insecure: "."
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@$up
  forward-no-cache: $([ "$3" = yes ] && echo no || echo yes)
remote-control:
  control-enable: no
C
  serve "$1" /usr/sbin/unbound -d -c "$dir/$1.conf"
  ready "$1" "$2"
}
start_dnsdist() { # SERVER PORT CACHE
  cat >"$dir/$1.conf" <<C
setLocal("127.0.0.1:$2")
setMaxUDPOutstanding(65535)
newServer({address="127.0.0.1:$up", sockets=4, healthCheckMode="up"})
$([ "$3" = yes ] && echo 'getPool(""):setCache(newPacketCache(200000, {maxTTL=86400}))')
C
  serve "$1" dnsdist --supervised --disable-syslog -C "$dir/$1.conf"
  ready "$1" "$2"
}
start_dnsmasq() { # SERVER PORT ENTRIES
  serve "$1" /usr/sbin/dnsmasq -k -p "$2" --listen-address=127.0.0.1 --bind-interfaces -R -h --conf-file=/dev/null \
    --server=127.0.0.1#$up --cache-size="$3" --dns-forward-max=10000 --user=root --pid-file="$dir/$1.pid"
  ready "$1" "$2"
}
start_coredns() { # SERVER PORT CACHE
  printf '.:%s {\n bind 127.0.0.1\n forward . 127.0.0.1:%s\n%s}\n' "$2" "$up" \
    "$([ "$3" = yes ] && printf ' cache 3600 {\n  success 200000 3600\n }\n')" >"$dir/$1.corefile"
  serve "$1" "$COREDNS" -conf "$dir/$1.corefile"
  ready "$1" "$2"
}

rows=() # "ROW SERVER PORT QUESTIONS"
row() { [ -z "${ONLY:-}" ] || [[ " $ONLY " == *" $1 "* ]] || return 0; rows+=("$*"); }
wanted() { [[ " ${rows[*]} " == *" $1 "* ]]; } # SERVER
row echo echo 5601 cached
row meridian plain 5602 cached
row meridian-fresh flooded 5603 fresh
row meridian-cached caching 5604 cached
row meridian-own caching 5604 hits
if [ -n "${BEFORE:-}" ]; then
  row before before 5605 cached
  row before-cached before-caching 5606 cached
  row before-own before-caching 5606 hits
fi
for kind in '' -cached; do
  if command -v dnsdist >/dev/null; then row dnsdist$kind dnsdist$kind 561${#kind} cached; fi
  if [ -x /usr/sbin/unbound ]; then row unbound$kind unbound$kind 562${#kind} cached; fi
  if [ -x /usr/sbin/dnsmasq ]; then row dnsmasq$kind dnsmasq$kind 563${#kind} cached; fi
  if [ -x "${COREDNS:-}" ]; then row coredns$kind coredns$kind 564${#kind} cached; fi
done

taskset -c 1 "$dir/upstream_echo" $up 3600 &
pid[upstream]=$!
if wanted echo; then serve echo "$dir/upstream_echo" 5601 3600; fi
if wanted plain; then start_meridian plain 5602 "$meridian" 0; fi
if wanted flooded; then start_meridian flooded 5603 "$meridian" 64MiB; fi
if wanted caching; then start_meridian caching 5604 "$meridian" 64MiB; fi
if wanted before; then start_meridian before 5605 "$(realpath "$BEFORE")" 0; fi
if wanted before-caching; then start_meridian before-caching 5606 "$(realpath "$BEFORE")" 64MiB; fi
for kind in '' -cached; do
  cache=$([ -z "$kind" ] && echo no || echo yes)
  if wanted dnsdist$kind; then start_dnsdist dnsdist$kind 561${#kind} $cache; fi
  if wanted unbound$kind; then start_unbound unbound$kind 562${#kind} $cache; fi
  if wanted dnsmasq$kind; then start_dnsmasq dnsmasq$kind 563${#kind} $([ -z "$kind" ] && echo 0 || echo 20000); fi
  if wanted coredns$kind; then start_coredns coredns$kind 564${#kind} $cache; fi
done

measure() { # ROW SERVER PORT QUESTIONS SECONDS
  local fresh=(); [ "$4" = fresh ] && fresh=(env FRESH=$((next_name += 4000000)))
  "${fresh[@]}" taskset -c 1 "$dir/dnsload" 127.0.0.1 "$3" "$dir/$4.q" "$5" "${WINDOW:-16}" "${pid[$2]}"
}
next_name=0
for r in "${rows[@]}"; do measure $r 1 >/dev/null; done # the caches fill
for _ in $(seq "${REPS:-3}"); do
  for r in "${rows[@]}"; do
    printf '%-16s ' "${r%% *}"
    measure $r "${SECS:-3}"
  done
done | tee "$dir/table"
kill "${pid[@]}"
wait
pid=()

echo
echo "server CPU per answered query, the best of ${REPS:-3} runs:"
ratios="meridian:dnsdist meridian-fresh:dnsdist meridian-cached:meridian-own meridian-cached:dnsdist-cached"
ratios+=" meridian-cached:unbound-cached meridian:before meridian-own:before-own meridian-cached:before-cached"
awk -v wanted="$ratios" 'BEGIN {split(wanted, ratios, " ")}
  {for (i = 1; i < NF; i++) {
    if ($i == "bad" && $(i + 1) > 0) print $1 ": " $(i + 1) " answers are wrong, and its figures worth nothing"
    if ($i == "server_cpu_us_per_query") {
      if (!($1 in best)) order[++rows] = $1
      if (!($1 in best) || $(i + 1) < best[$1]) best[$1] = $(i + 1)
    }}}
  END {
    for (i = 1; i <= rows; i++) printf "%-16s %6.2f us\n", order[i], best[order[i]]
    for (i = 1; i in ratios; i++) {
      split(ratios[i], of, ":")
      if (of[1] in best && of[2] in best) printf "%s is %.2f of %s\n", of[1], best[of[1]] / best[of[2]], of[2]
    }
  }' "$dir/table"
[ -n "${LIFE-yes}" ] || exit 0
export PYTHONDONTWRITEBYTECODE=1
for part in failover memory hits; do
  echo
  /usr/bin/python3 "$here/forward_$part.py" "$meridian" "$dir"
done
