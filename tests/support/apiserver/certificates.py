"""Certificates by the `openssl` command: an authority, and what it signs for a server and for clients. P-256, because a
key is made in milliseconds."""
import ipaddress
import os
import pathlib
import secrets
import subprocess

ODD_NAME = "kube-apiserver.meridian.test"  # a name of the server that no address has: for tls-server-name
SERVER_NAMES = ("127.0.0.1", "::1", "localhost", "kubernetes", "kubernetes.default.svc", ODD_NAME)

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"openssl {' '.join(map(str, arguments))}: {done.stderr}")


class Pair:
    """A certificate and its key, as files."""

    def __init__(self, certificate: pathlib.Path, key: pathlib.Path):
        self.certificate, self.key = certificate, key


class Authority:
    """A certificate authority in a directory of its own making. `ca_file` is what a client trusts."""

    def __init__(self, directory, name="kubernetes"):
        self.directory, self.name, self._made = pathlib.Path(directory), name, 0
        self.directory.mkdir(parents=True, exist_ok=True)
        self.ca_file = self.directory / "ca.crt"
        self._key = self.directory / "ca.key"
        _openssl("req", "-x509", *_KEY, "-days", 3650, "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.ca_file,
                 "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                 "-addext", "subjectKeyIdentifier=hash", "-config", os.devnull)

    def server(self, names=SERVER_NAMES, days=365):
        """For a server of these names and addresses. `days` may be negative: expired."""
        listed = ",".join(("IP:" if _is_address(n) else "DNS:") + n for n in names)
        return self._sign("server", "/CN=kube-apiserver", [f"subjectAltName={listed}", "extendedKeyUsage=serverAuth"], days)

    def client(self, user, groups=(), days=365):
        """For a client: the common name is the user, the organizations are the groups."""
        subject = "".join(f"/O={g}" for g in groups) + f"/CN={user}"
        return self._sign("client", subject, ["extendedKeyUsage=clientAuth"], days)

    def _sign(self, kind, subject, extensions, days):
        self._made += 1
        stem = self.directory / f"{kind}-{self._made}"
        pair = Pair(stem.with_suffix(".crt"), stem.with_suffix(".key"))
        request, wanted = stem.with_suffix(".csr"), stem.with_suffix(".ext")
        wanted.write_text("\n".join(["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
                                     "authorityKeyIdentifier=keyid", *extensions]))
        _openssl("req", "-new", *_KEY, "-subj", subject, "-keyout", pair.key, "-out", request, "-config", os.devnull)
        _openssl("x509", "-req", "-in", request, "-CA", self.ca_file, "-CAkey", self._key, "-days", days, "-extfile", wanted,
                 "-set_serial", f"0x{secrets.token_hex(15)}", "-out", pair.certificate)
        return pair


def _is_address(text):
    try:
        ipaddress.ip_address(text)
        return True
    except ValueError:
        return False
