#!/usr/bin/env python3
"""Reads every #include and #pragma of the tree and holds it to the map in src/README.md: which room may know which, which
file may open which library's door, how long a file may be. Ends with status 1 and one line for each thing that is not so."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = sorted(p for d in ("include", "src") for p in (ROOT / d).rglob("*.[ch]pp"))
EVERYTHING = SOURCES + sorted(p for d in ("tests", "bench") for p in (ROOT / d).rglob("*.[ch]pp"))
CORE = {"dns", "zone", "vip", "mesh", "query", "config", "stats"}
PURE = {"dns", "zone", "vip", "mesh", "query"}

# Who may know whom: the arrows of the map, read from the map so that map and house can't differ.
README = (ROOT / "src/README.md").read_text()


def arrows():
    allowed = {}
    block = re.search(r"## Allowed arrows.*?```text\n(.*?)```", README, re.S).group(1)
    for line in block.strip().splitlines():
        room, _, known = line.partition("->")
        rooms = [r.strip() for r in room.split(",")]
        for r in rooms:
            allowed[r] = set() if known.strip() == "nothing" else {k.strip() for k in known.split(",")}
    return allowed


# One door for each library: include pattern -> files that may have it.
DOORS = [
    (r"^ldns/", r"src/dns/rrset\.cpp|tests/support/.*|tests/fuzz/.*"),
    (r"^ares", r"src/upstream/ares_\w+\.[ch]pp|tests/upstream/.*"),
    (r"^yaml-cpp/", r"src/config/.*|src/source/yaml_\w+\.[ch]pp|src/kube/kubeconfig\.cpp|tests/config/.*|tests/fuzz/.*"),
    (r"^boost/beast", r"src/kube/api\w*\.[ch]pp|src/control/admin\w*\.[ch]pp|src/cli/admin_client\.[ch]pp"),
    (r"^boost/json", r"(src|include/meridian|tests)/mesh/.*|src/(kube|source|control|cli)/.*|src/ledger/kube_\w+\.[ch]pp|tests/(kube|source|ledger|control|cli)/.*"),
    (r"^(openssl/|boost/asio/ssl)", r"src/kube/api\w*\.[ch]pp|src/upstream/tls_\w+\.[ch]pp|tests/upstream/.*"),
    (r"^zlib\.h", r"src/kube/gzip\.[ch]pp"),
    (r"^sqlite3", r"src/ledger/sqlite_\w+\.[ch]pp|src/source/entries_database\.[ch]pp|tests/(ledger|source)/.*"),
    (r"^prometheus/", r"src/control/metrics\w*\.[ch]pp"),
    (r"^CLI/", r"src/main\.cpp|src/cli/.*"),
    (r"^spdlog/", r"src/(?!dns|zone|vip|mesh|query|config|stats).*|tests/.*"),
]
# What a pure room may have of Boost.Asio: addresses and networks, values without I/O.
PURE_ASIO = re.compile(r"^boost/asio/ip/(address|address_v4|address_v6|network_v4|network_v6)\.hpp$")
IMPURE = re.compile(r"^(thread|mutex|atomic|fstream|iostream|condition_variable|future|sys/.*|unistd\.h|fcntl\.h)$")
PROMISES = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\b[Ff]or now\b")


def room_of(path):
    parts = path.relative_to(ROOT).parts
    if parts[0] == "include":
        return parts[2]
    return parts[1] if len(parts) > 2 else "main"


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if m := re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line):
            yield number, m.group(1), m.group(2)


def included_room(path, bracket, name):
    if m := re.match(r"meridian/(\w+)/", name):
        return m.group(1)
    if bracket == '"' and "/" in name:
        return name.split("/")[0]
    return room_of(path) if bracket == '"' else None


def main():
    wrong, allowed = [], arrows()
    for path in SOURCES:
        room, where = room_of(path), path.relative_to(ROOT)
        for number, bracket, name in includes(path):
            at = f"{where}:{number}: "
            if bracket == '"' and name.startswith("meridian/"):
                wrong.append(at + f"public headers are spelled <{name}>")
            target = included_room(path, bracket, name)
            if target and target != room and room != "main" and target not in allowed.get(room, set()):
                wrong.append(at + f"{room} may not know {target}")
            if room in CORE and bracket == '"' and "/" in name:
                wrong.append(at + f"the core is compiled without src/: {name}")
            if room in PURE and name.startswith("boost/asio") and not PURE_ASIO.match(name):
                wrong.append(at + f"{room} is pure: of Asio only addresses and networks, not {name}")
            if room in PURE and IMPURE.match(name):
                wrong.append(at + f"{room} is pure: no threads, files, sockets or clocks: {name}")
        if room in PURE and re.search(r"_clock::now|\bstd::random_device\b", path.read_text()):
            wrong.append(f"{where}: {room} is pure: time and randomness come in as arguments")
    for path in EVERYTHING:
        where = str(path.relative_to(ROOT))
        text = path.read_text()
        if (lines := text.count("\n")) >= 400:
            wrong.append(f"{where}: {lines} lines: split it by concept")
        if path.suffix == ".hpp" and "#pragma once" not in text:
            wrong.append(f"{where}: no #pragma once")
        for number, line in enumerate(text.splitlines(), 1):
            if PROMISES.search(line):
                wrong.append(f"{where}:{number}: promises later work")
        for number, _, name in includes(path):
            for pattern, door in DOORS:
                if re.match(pattern, name) and not re.fullmatch(door, where):
                    wrong.append(f"{where}:{number}: {name} comes in by another door ({door})")
    for bad in ("util", "utils", "common", "helpers", "base", "misc"):
        wrong += [f"{p.relative_to(ROOT)}: name the concept" for p in EVERYTHING if bad in (p.stem, p.parent.name)]
    rooms = {room_of(p) for p in SOURCES} - {"main"}
    wrong += [f"src/README.md has no arrows for {r}" for r in sorted(rooms - allowed.keys())]
    print("\n".join(wrong) or f"{len(SOURCES)} files in {len(rooms)} rooms keep to the map")
    return bool(wrong)


sys.exit(main())
