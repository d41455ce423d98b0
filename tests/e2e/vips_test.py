#!/usr/bin/python3
"""Virtual IPs, as their users see them: one host, one VIP, for good (behaviour 7)."""
import random
import time
import unittest

from meridian import Server, entries, entry, eventually

POOL = "10.50.0.0/24"  # 254 places: hosts that want the same one are common


def hosts(numbers):
    return entries(*(entry(f"h{i}.shop.global") for i in numbers))


class Vips(unittest.TestCase):
    def serve(self, files, **vip):
        server = Server(entries=files, config={"vip": vip} if vip else None)
        self.addCleanup(server.close)
        return server

    def vip(self, server, host, rdtype="A"):
        """The host's one address, once it has one."""
        def ask():
            words = server.answer(f"{host}.shop.global", rdtype).split()
            return words[0] == "NOERROR" and len(words) == 2 and words[1] != "soa" and words[1]
        return eventually(ask, what=f"a VIP for {host}")

    def vips(self, server, numbers):
        return {f"h{i}": self.vip(server, f"h{i}") for i in numbers}

    def test_every_host_has_its_own_from_the_pool_and_none_that_is_excluded(self):
        literal = entry("fixed.shop.global", "10.50.0.77")
        server = self.serve({"a.yaml": hosts(range(200)), "b.yaml": literal}, pools=[POOL], exclude=["10.50.0.16/28"])
        vips = self.vips(server, range(200))
        self.assertEqual(len(set(vips.values())), 200)
        last = {int(v.split(".")[3]) for v in vips.values()}
        self.assertEqual(last & {0, 255, 77, *range(16, 32)}, set())
        self.assertEqual(server.answer(f"{vips['h7'].split('.')[3]}.0.50.10.in-addr.arpa", "PTR"),
                         "NOERROR h7.shop.global.")

    def test_who_gets_none(self):
        server = self.serve({"a.yaml": entries(
            entry("web.shop.global"), entry("label.shop.global",
                                            labels={"networking.istio.io/enable-autoallocate-ip": "False"}),
            entry("none.shop.global", annotations={"meridian.internal/vip": "none"}),
            entry("noresolution.shop.global", resolution="NONE"), entry("*.wild.global", resolution="DYNAMIC_DNS"),
            entry("cidr.shop.global", "10.0.0.0/8", resolution="STATIC"))})
        self.assertTrue(self.vip(server, "web").startswith("245."))
        for name in ("label.shop", "none.shop", "noresolution.shop", "a.wild", "cidr.shop"):
            self.assertEqual(server.answer(f"{name}.global"), "NOERROR soa", name)
        self.assertEqual(server.answer("web.shop.global", "AAAA"), "NOERROR soa")
        self.assertEqual(server.status()["vips"]["pools"][0]["used"], 1)

    def test_a_v6_pool_switches_v6_on(self):
        server = self.serve({"a.yaml": hosts([1])}, pools=[POOL, "fd00:50::/112"])
        self.assertTrue(self.vip(server, "h1").startswith("10.50.0."))
        self.assertTrue(self.vip(server, "h1", "AAAA").startswith("fd00:50::"))

    def test_stable_while_others_come_and_go_over_restarts_and_another_pool(self):
        server = self.serve({"a.yaml": hosts(range(100))}, pools=[POOL])
        before = self.vips(server, range(100))
        server.write({"a.yaml": hosts(range(50, 100)), "b.yaml": hosts(range(100, 150))})
        self.vip(server, "h149")
        server.write({"a.yaml": hosts(range(100))})  # created again within the tombstone's time
        self.assertEqual(self.vips(server, range(100)), before)
        server.restart()
        self.assertEqual(self.vips(server, range(100)), before)
        server.restart(vip={"pools": ["10.60.0.0/24"]})
        server.write({"c.yaml": hosts([200])})
        self.assertTrue(self.vip(server, "h200").startswith("10.60.0."))
        self.assertEqual(self.vips(server, range(100)), before)

    def test_twenty_kills_lose_no_vip_that_was_answered(self):
        dice, known, present = random.Random(4), {}, []
        server = self.serve({}, pools=[POOL])
        for turn in range(20):
            fresh = [i for i in dice.sample(range(1000), 30) if i not in present][:11]
            present += fresh
            server.write({f"{turn}.yaml": hosts(fresh)})
            for i in dice.sample(fresh, dice.randrange(1, 5)):  # the others are killed on their way to the ledger
                known[f"h{i}"] = self.vip(server, f"h{i}")
            server.kill()
            server.start(ready=False)
            for host in known:
                self.assertEqual(self.vip(server, host), known[host], f"after {turn + 1} kills")
        everyone = self.vips(server, present)
        self.assertEqual(len(set(everyone.values())), len(present), "no VIP twice")

    def test_two_machines_from_the_same_files_agree(self):
        first = self.serve({"a.yaml": hosts(range(200))}, pools=[POOL])
        numbers = list(range(200))
        random.Random(1).shuffle(numbers)
        second = self.serve({"z.yaml": hosts(numbers[:80]), "b.yaml": hosts(numbers[80:])}, pools=[POOL])
        self.assertEqual(self.vips(first, range(200)), self.vips(second, range(200)))

    def test_a_freed_vip_goes_to_nobody_in_its_quarantine_and_then_without_a_restart(self):
        server = Server(entries={f"{i}.yaml": hosts([i]) for i in range(4)},
                        config={"zones": [{"name": "global", "ttl": "1s", "negative-ttl": "1s"}],
                                "vip": {"pools": ["10.50.0.4/30"], "quarantine": "3s", "tombstone": "1h"}})
        self.addCleanup(server.close)
        before = self.vips(server, range(4))
        server.write({"late.yaml": entry("late.shop.global")})
        eventually(lambda: server.status()["vips"]["starved_hosts"] == 1)
        self.assertEqual(server.answer("late.shop.global"), "NOERROR soa", "exhausted: never another host's")
        self.assertIn("exhausted", server.log())
        freed = time.monotonic()
        server.write({"2.yaml": None})
        self.assertEqual(self.vip(server, "late"), before["h2"])
        self.assertGreaterEqual(time.monotonic() - freed, 3.0)

    def test_pins_are_given_and_a_users_literal_wins(self):
        pin = {"meridian.internal/vip": "245.1.2.3"}
        server = self.serve({"a.yaml": entries(entry("pinned.shop.global", annotations=pin), entry("web.shop.global"))})
        self.assertEqual(self.vip(server, "pinned"), "245.1.2.3")
        self.assertEqual(server.answer("3.2.1.245.in-addr.arpa", "PTR"), "NOERROR pinned.shop.global.")
        taken = self.vip(server, "web")
        server.write({"b.yaml": entry("user.shop.global", taken)})
        eventually(lambda: server.answer("user.shop.global") == f"NOERROR {taken}")
        eventually(lambda: self.vip(server, "web") != taken)
        self.assertRegex(server.log(), r"warn.* web\.shop\.global: .*" + taken.replace(".", r"\."))
        moved = self.vip(server, "web")
        server.restart()
        self.assertEqual(self.vip(server, "web"), moved)

    def test_istiods_address_in_the_status_is_served_and_our_pool_not_touched(self):
        status = ', "status": {"addresses": [{"value": "240.240.0.9", "host": "web.shop.global"}]}}'
        server = self.serve({"a.yaml": entry("web.shop.global")[:-1] + status})
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.240.0.9")
        self.assertEqual(server.status()["vips"]["pools"][0]["used"], 0)

    def test_a_damaged_ledger_is_moved_aside_and_vips_are_found_again(self):
        server = self.serve({"a.yaml": hosts(range(50))})  # a /8: no two hosts want the same place
        before = self.vips(server, range(50))
        for damage in ("garbage", "empty", "gone", "flipped"):
            server.kill()
            file = server.state / "vips.db"
            whole = file.read_bytes()
            for journal in server.state.glob("vips.db-*"):
                journal.unlink()
            if damage == "gone":
                file.unlink()
            else:
                file.write_bytes({"garbage": b"no database " * 999, "empty": b"",
                                  "flipped": whole[:40] + bytes(b ^ 0x55 for b in whole[40:])}[damage])
            server.start()
            with self.subTest(damage):
                self.assertEqual(self.vips(server, range(50)), before)
                if damage in ("garbage", "flipped"):
                    self.assertIn("vips.db", server.log())
        aside = [p.name for p in server.state.iterdir() if p.name.startswith("vips.db.")]
        self.assertGreaterEqual(len(aside), 2, aside)


if __name__ == "__main__":
    unittest.main()
