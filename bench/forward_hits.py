#!/usr/bin/python3
"""forward_hits.py MERIDIAN TOOLS: how many questions for popular names (Zipf) the cache answers while as many questions
for names that nobody asks for twice go through it, beside what a plain LRU of as many replies would have answered. The
cache has no room for all popular names. TOOLS: a directory with dnsload and upstream_echo."""
import collections
import itertools
import pathlib
import random
import subprocess
import sys
import tempfile

from forward_server import echo_upstream, forwarding

POPULAR = 50_000
SIZE = "2MiB"
QUESTIONS = 1_000_000  # prepared for each run, of which the time allows a part
SECONDS = 8


def questions(seed):
    """Names: popular ones at even places, one-time ones at odd."""
    chance = random.Random(seed)
    weights = list(itertools.accumulate(1 / rank for rank in range(1, POPULAR + 1)))
    ranks = chance.choices(range(POPULAR), cum_weights=weights, k=QUESTIONS // 2)
    for number, rank in enumerate(ranks):
        yield f"p{rank:07}.zipf"
        yield f"o{seed}{number:07}.once"


def lru_hits(warm, asked, capacity):
    kept, hits = collections.OrderedDict(), 0
    for number, name in enumerate(itertools.chain(warm, asked)):
        if name in kept:
            kept.move_to_end(name)
            hits += number >= len(warm)
            continue
        kept[name] = None
        if len(kept) > capacity:
            kept.popitem(last=False)
    return hits


def load(server, tools, names):
    """Asks them in order for SECONDS. Returns those that were answered."""
    with tempfile.NamedTemporaryFile("w", suffix=".q") as file:
        file.writelines(f"{name} A\n" for name in names)
        file.flush()
        command = [tools / "dnsload", "127.0.0.1", str(server.port), file.name, str(SECONDS), "2"]
        out = subprocess.run(["taskset", "-c", "1", *command], capture_output=True, text=True, check=True).stdout
    return names[:int(out.split("answered ")[1].split()[0])]


def main():
    binary, tools = sys.argv[1], pathlib.Path(sys.argv[2])
    with echo_upstream(tools) as upstream:
        section = f'{{upstreams: ["{upstream}"], cache: {{size: {SIZE}}}}}'
        with forwarding(binary, section, cpu=0) as server:
            warm = load(server, tools, list(questions(1)))
            before = server.metric("meridian_cache_hits_total")
            asked = load(server, tools, list(questions(2)))
            hits = server.metric("meridian_cache_hits_total") - before
            capacity = int(server.metric("meridian_cache_entries"))
    popular = len(asked) / 2
    print(f"{len(asked)} questions, every other for one of {POPULAR} popular names, the others for names of one question: "
          f"a cache of {capacity} replies answers {hits / popular:.3f} of the popular, a plain LRU of as many "
          f"{lru_hits(warm, asked, capacity) / popular:.3f}")


main()
