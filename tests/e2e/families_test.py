#!/usr/bin/python3
"""A machine whose kernel has no IPv6: what is to listen on all addresses, or on both loopback ones, listens on IPv4."""
import ctypes
import json
import platform
import re
import struct
import subprocess
import tempfile
import unittest

from meridian import Server, command, eventually

SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]  # the number of the system call
AF_INET6, EAFNOSUPPORT = 10, 97
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # of BPF, as seccomp_data is read: the number at 0, the arguments from 16 on
ALLOW, ERRNO = 0x7fff0000, 0x00050000
FILTER = b"".join(struct.pack("HBBI", *row) for row in [
    (LOAD, 0, 0, 0), (IF_EQUAL, 0, 3, SOCKET), (LOAD, 0, 0, 16), (IF_EQUAL, 0, 1, AF_INET6),
    (RETURN, 0, 0, ERRNO | EAFNOSUPPORT), (RETURN, 0, 0, ALLOW)])


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


LIBC = ctypes.CDLL(None, use_errno=True)
PROGRAM = Program(len(FILTER) // 8, FILTER)


def without_ipv6():
    """In the child, before it becomes the server."""
    if LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(PROGRAM), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


class WithoutIPv6(unittest.TestCase):
    def start(self, listen):
        """(exit status or None while it runs, log) of a server that listens there, once it has said where or has ended."""
        with Server(config={"listen": listen}, start=False) as files, tempfile.TemporaryFile("w+") as log:
            line, options = command("serve", "--config", files.config_file)
            process = subprocess.Popen(line, stderr=log, preexec_fn=without_ipv6, **options)

            def said():
                log.seek(0)
                return log.read()
            try:
                eventually(lambda: process.poll() is not None or "admin on http" in said())
                return process.poll(), said()
            finally:
                process.kill()
                process.wait()

    def test_ipv4_is_enough(self):
        for listen in (["0.0.0.0:0", "[::]:0"], ["127.0.0.1:0", "[::1]:0"]):
            with self.subTest(json.dumps(listen)):
                status, log = self.start(listen)
                self.assertIsNone(status, log)
                self.assertEqual(len(re.findall("listening on", log)), 1)
                self.assertIn(f"listen {listen[1]}: this machine has no IPv6", log)

    def test_an_address_that_was_meant_is_not_left_out(self):
        status, log = self.start(["127.0.0.1:0", "[2001:db8::53]:0"])
        self.assertEqual(status, 1)
        self.assertIn("2001:db8::53", log)

    def test_nothing_to_listen_on_is_an_error(self):
        self.assertEqual(self.start(["[::]:0"])[0], 1)


if __name__ == "__main__":
    unittest.main()
