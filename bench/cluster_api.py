#!/usr/bin/python3
"""The scripted API server (tests/support/apiserver) as a process of its own, with what a measurement wants besides: big
collections at once, changes at a steady rate, and the moment at which each marked line was handed to its socket. Reads
commands from standard input, `["NAME", {arguments}]` a line, and answers with a line of JSON each; ends with its input.

Objects are put straight into the store, past validation and the bookkeeping of managedFields, which would take Python a
millisecond each; lists and watches are served as ever."""
import asyncio
import gc
import ipaddress
import json
import pathlib
import random
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/support"))

from apiserver import ApiServer, server, wire  # noqa: E402

import cluster_entries as made  # noqa: E402

_MARK = re.compile(rb'"addresses":\["(241\.\d+\.\d+\.\d+)"\]')
LEDGER_SPACE = "istio-system"


class Stamped(wire.Connection):
    """Notes when a marked line is given to the kernel; what the kernel does not take at once, because the client does not
    read, is counted."""
    stamps, writes, held_up = {}, 0, 0

    def write(self, octets):
        found = _MARK.findall(octets) if b'"type":"MODIFIED"' in octets else ()
        now = time.monotonic()
        super().write(octets)
        Stamped.writes += 1
        Stamped.held_up += bool(self.transport.get_write_buffer_size())
        for address in found:
            Stamped.stamps.setdefault(int(ipaddress.ip_address(address.decode())) - made.MARKED, now)


class BenchServer:
    """The commands. Each returns what JSON can say."""

    def __init__(self, api):
        self.api, self.count, self.changes, self.probes = api, 0, 0, 0
        self.entries = api.catalogue.entries

    def description(self):
        return {"kubeconfig": str(self.api.kubeconfig)}

    def load(self, count, file=None):
        """Replaces all entries by `count` of them (and the probe); also into `file`, as kubectl would print the list.
        Returns the mean size of one in octets."""
        def run():
            store = self.api.store
            for key in list(store.collection(self.entries).items):
                store.remove(self.entries, key)
            store.compact()
            random.seed(7)
            found = list(made.entries(count))
            if count:
                found.append(made.entry(made.PROBE, [made.address(made.MARKED, 0)]))
            items = [store.commit(self.entries, self._key(obj), obj) for obj in found]
            return [item.octets(self.entries, "v1", bare=True) for item in items]  # kept, for the lists to come
        octets = self.api.call(run)
        self.count, self.changes, self.probes = count, 0, 0
        if file:
            pathlib.Path(file).write_bytes(b'{"apiVersion":"v1","items":[%b],"kind":"List"}\n' % b",\n".join(octets))
        return sum(map(len, octets)) // max(1, len(octets))

    def change(self, rate, seconds, gap):
        """`rate` changes of literal addresses a second, and the probe's every `gap` seconds, give or take half of that.
        Returns the moments (time.monotonic()) by the probe's number, and how well the rate was kept."""
        return self.api.run(self._change(rate, seconds, gap))

    async def _change(self, rate, seconds, gap):
        Stamped.stamps, Stamped.writes, Stamped.held_up = {}, 0, 0
        begun, cpu, done, latest = time.monotonic(), time.process_time(), 0, 0.0
        probe = begun + gap
        while (now := time.monotonic()) < begun + seconds:
            while done < rate * (now - begun):
                latest = max(latest, now - begun - done / rate)
                self._change_one()
                done += 1
            if now >= probe:
                self.probes += 1
                self._put(made.PROBE, made.address(made.MARKED, self.probes))
                probe = now + gap * random.uniform(0.5, 1.5)
            due = min(probe, begun + done / rate if rate else probe, begun + seconds)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        took = time.monotonic() - begun
        return {"stamps": Stamped.stamps, "rate": done / took, "writes": Stamped.writes, "held_up": Stamped.held_up,
                "cpu": (time.process_time() - cpu) / took, "latest": latest}

    def _change_one(self):
        number = random.randrange(self.count // 2) * 2
        self._put(made.place(number, self.count), made.address(made.CHANGED, self.changes))
        self.changes += 1

    def _put(self, where, address):
        key = f"{where[0]}/{where[1]}"
        old = self.api.store.get(self.entries, key).object
        metadata = old["metadata"] | {"generation": old["metadata"]["generation"] + 1}
        self.api.store.commit(self.entries, key, {"metadata": metadata, "spec": old["spec"] | {"addresses": [address]}})

    @staticmethod
    def _key(obj):
        return f"{obj['metadata']['namespace']}/{obj['metadata']['name']}"

    def literals(self, numbers):
        """The addresses that these entries have now."""
        def run():
            found = (self.api.store.get(self.entries, "%s/%s" % made.place(n, self.count)[:2]) for n in numbers)
            return [item.object["spec"]["addresses"][0] for item in found]
        return self.api.call(run)

    def add_new(self):
        """An entry that needs a VIP; returns the moment."""
        def run():
            obj = made.entry(made.NEW)
            self.api.store.commit(self.entries, self._key(obj), obj)
            return time.monotonic()
        return self.api.call(run)

    def expire(self):
        """410 for every watch, and the history is gone."""
        self.api.compact()
        return self.api.expire_watches()

    def clear_ledger(self):
        for kind in ("configmaps", "leases"):
            for obj in self.api.objects(kind, LEDGER_SPACE):
                self.api.remove(kind, obj["metadata"]["name"], LEDGER_SPACE)
        self.api.call(self.api.registry.make_namespace, LEDGER_SPACE)

    def requests(self, since=0):
        """What was asked for: number, verb, method, path, octets of the body, status, and when it began and ended."""
        return [{key: r[key] for key in ("number", "verb", "method", "path", "status", "started", "done")}
                | {"octets": len(r["body"].encode())} for r in self.api.requests(since=since)]

    def holders(self):
        return [obj["spec"].get("holderIdentity") for obj in self.api.objects("leases", LEDGER_SPACE)]

    def shards(self):
        """Octets of each ConfigMap of the ledger, keys and values."""
        return [sum(len(k) + len(v) for k, v in (obj.get("data") or {}).items())
                for obj in self.api.objects("configmaps", LEDGER_SPACE)]

    def cpu(self):
        return time.process_time()


def main():
    gc.disable()  # a collection among a million objects takes longer than what is measured
    server.Connection = Stamped
    with ApiServer() as api:
        bench = BenchServer(api)
        for line in sys.stdin:
            name, arguments = json.loads(line)
            print(json.dumps(getattr(bench, name)(**arguments)), flush=True)


main()
