#!/usr/bin/python3
"""What survives a restart: the last good zone, serials, VIPs; with the source gone, broken, or suspiciously empty."""
import os
import pwd
import signal
import unittest

from meridian import NOBODY, Server, entries, entry, eventually, extended_errors, texts

WEB = entry("web.shop.global", "240.0.0.2")


class Restart(unittest.TestCase):
    def serve(self, files, **options):
        server = Server(entries=files, **options)
        self.addCleanup(server.close)
        return server

    def serial(self, server, zone="global"):
        return server.ask(zone, "SOA").answer[0][0].serial

    def test_with_the_source_gone_the_last_good_zone_is_served_and_marked_stale(self):
        server = self.serve({"a.yaml": entries(WEB, entry("vip.shop.global"))})
        vip = eventually(lambda: server.answer("vip.shop.global").startswith("NOERROR 245.")
                         and server.answer("vip.shop.global"))
        serial = self.serial(server)
        server.stop()
        server.source.rename(server.directory / "away")
        server.start()
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")
        self.assertEqual(server.answer("vip.shop.global"), vip)
        self.assertEqual(server.answer("x.shop.global"), "NXDOMAIN soa")
        source = server.status()["sources"][0]
        self.assertEqual((source["stale"], source["up"], source["synced"]), (True, False, False))
        self.assertTrue(server.get("/readyz")[1]["reasons"])
        self.assertGreater(self.serial(server), serial)
        (server.directory / "away").rename(server.source)
        eventually(lambda: not server.status()["sources"][0]["stale"])
        self.assertEqual(server.answer("vip.shop.global"), vip)

    def test_a_policy_may_make_a_stale_server_unready(self):
        server = self.serve({"a.yaml": WEB}, config={"stale": {"ready": False}})
        server.stop()
        server.source.rename(server.directory / "away")
        server.start(ready=False)
        eventually(lambda: server.answer("web.shop.global") == "NOERROR 240.0.0.2")
        self.assertEqual(server.get("/readyz")[0], 503)

    def test_a_file_that_is_broken_at_the_start_serves_its_last_good_version(self):
        server = self.serve({"a.yaml": WEB, "b.yaml": entry("other.shop.global", "240.0.0.3")})
        server.stop()
        server.write({"a.yaml": "hosts: [\n", "b.yaml": entry("other.shop.global", "240.0.0.4")})
        server.start()
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")
        self.assertEqual(server.answer("other.shop.global"), "NOERROR 240.0.0.4")
        server.restart()
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2", "and again")

    def test_a_directory_emptied_meanwhile_is_held_until_confirmed(self):
        hosts = {f"{i}.yaml": entry(f"h{i}.shop.global", f"240.0.0.{i + 1}") for i in range(30)}
        server = self.serve(hosts)
        server.stop()
        for name in hosts:
            (server.source / name).unlink()
        server.start()
        self.assertTrue(all(server.answer(f"h{i}.shop.global") == f"NOERROR 240.0.0.{i + 1}" for i in range(30)))
        self.assertEqual(server.status()["sources"][0]["held_back"], 30)
        server.signal(signal.SIGHUP)
        eventually(lambda: server.answer("h0.shop.global") == "NXDOMAIN soa")

    def test_entries_deleted_meanwhile_are_gone(self):
        server = self.serve({"a.yaml": WEB, "b.yaml": entry("other.shop.global", "240.0.0.3")})
        server.stop()
        server.write({"b.yaml": None})
        server.start()
        self.assertEqual(server.answer("other.shop.global"), "NXDOMAIN soa")

    def test_serials_grow_with_changes_and_over_kills(self):
        server = self.serve({"a.yaml": WEB})
        last = self.serial(server)
        for i in range(3, 8):
            server.write({"a.yaml": entry("web.shop.global", f"240.0.0.{i}")})
            eventually(lambda: server.answer("web.shop.global") == f"NOERROR 240.0.0.{i}")
            last = eventually(lambda: self.serial(server) > last and self.serial(server), what="a larger serial")
            server.kill()
            server.start()
            self.assertGreaterEqual(self.serial(server), last)
            last = self.serial(server)
        self.assertGreater(self.serial(server, "245.in-addr.arpa"), 1_600_000_000, "zones without hosts too")

    def test_a_damaged_snapshot_is_moved_aside_and_costs_nothing_while_the_source_is_there(self):
        server = self.serve({"a.yaml": entries(WEB, entry("vip.shop.global"))})
        vip = eventually(lambda: "245." in server.answer("vip.shop.global") and server.answer("vip.shop.global"))
        for damage in (b"no database " * 999, b""):
            server.kill()
            for journal in server.state.glob("entries.db-*"):
                journal.unlink()
            (server.state / "entries.db").write_bytes(damage)
            server.start()
            self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")
            self.assertEqual(server.answer("vip.shop.global"), vip)
        self.assertTrue([p for p in server.state.iterdir() if p.name.startswith("entries.db.")])

    def hand_state_to_nobody(self, server, mode):
        """A state directory in which only reading, or not even that, is allowed; and a server without privileges."""
        server.directory.chmod(0o755)
        for path in (server.state, *server.state.iterdir()):
            path.chmod(mode | 0o111 if path.is_dir() else mode)
        self.addCleanup(server.state.chmod, 0o755)
        server.user = NOBODY

    def give_state_back(self, server):
        for path in (server.state, *server.state.iterdir()):
            if os.geteuid() == 0:
                os.chown(path, pwd.getpwnam(NOBODY).pw_uid, -1)
            path.chmod(0o755 if path.is_dir() else 0o644)

    def test_a_state_that_can_only_be_read_still_has_its_vips_and_new_ones_wait(self):
        server = self.serve({"a.yaml": entries(WEB, entry("vip.shop.global"))})
        vip = eventually(lambda: "245." in server.answer("vip.shop.global") and server.answer("vip.shop.global"))
        server.stop()
        server.write({"b.yaml": entry("late.shop.global")})
        self.hand_state_to_nobody(server, 0o444)
        server.start(ready=False)
        eventually(lambda: server.answer("vip.shop.global") == vip)
        self.assertEqual(server.answer("web.shop.global"), "NOERROR 240.0.0.2")
        late = server.ask("late.shop.global")
        self.assertEqual((texts(late), extended_errors(late)), ("SERVFAIL", [14]))
        eventually(lambda: server.status()["vips"]["ledger"]["trouble"])
        self.give_state_back(server)
        eventually(lambda: "245." in server.answer("late.shop.global"))

    def test_hosts_that_came_while_the_ledger_could_not_be_read_have_their_vips_as_soon_as_it_can(self):
        server = self.serve({"a.yaml": entry("vip.shop.global")})
        vip = eventually(lambda: "245." in server.answer("vip.shop.global") and server.answer("vip.shop.global"))
        server.stop()
        server.write({"b.yaml": entry("late.shop.global"), "c.yaml": WEB})
        self.hand_state_to_nobody(server, 0o000)
        server.start(ready=False)
        eventually(lambda: server.answer("web.shop.global") == "NOERROR 240.0.0.2")
        self.assertEqual(server.answer("vip.shop.global"), "SERVFAIL")
        self.assertEqual(server.answer("late.shop.global"), "SERVFAIL")
        self.give_state_back(server)
        eventually(lambda: server.answer("vip.shop.global") == vip)
        eventually(lambda: "245." in server.answer("late.shop.global"))


if __name__ == "__main__":
    unittest.main()
