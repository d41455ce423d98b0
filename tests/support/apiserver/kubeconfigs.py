"""The files from which clients learn where a server is and who they are: kubeconfigs of every kind, and the directory that
a pod finds its service account in. JSON, which is YAML. `api` is an ApiServer; each function returns the path it wrote."""
import base64
import json
import os
import pathlib
import shlex
import shutil

from .certificates import ODD_NAME


def write(path, text, mode=0o600):
    """Renames into place, so that a reader sees the old or the new file."""
    path = pathlib.Path(path)
    fresh = path.with_name(f".{path.name}.fresh")
    fresh.write_text(text)
    fresh.chmod(mode)
    os.replace(fresh, path)
    return path


def _data(path):
    return base64.b64encode(pathlib.Path(path).read_bytes()).decode()


def kubeconfig(path, api, user, namespace=None, **cluster):
    """Current context `test`, and another one, `nowhere`, that leads to a closed port. `cluster` is laid over the cluster's
    entry, whose names are written with - for _ ; None takes one away."""
    entry = {"server": api.url, "certificate-authority": str(api.ca_file)}
    entry |= {key.replace("_", "-"): value for key, value in cluster.items()}
    entry = {key: value for key, value in entry.items() if value is not None}
    context = {"cluster": "test", "user": "test"} | ({"namespace": namespace} if namespace else {})
    return write(path, json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "test", "preferences": {},
        "clusters": [{"name": "nowhere", "cluster": {"server": "https://127.0.0.1:1"}}, {"name": "test", "cluster": entry}],
        "contexts": [{"name": "nowhere", "context": {"cluster": "nowhere", "user": "nobody"}},
                     {"name": "test", "context": context}],
        "users": [{"name": "nobody", "user": {}}, {"name": "test", "user": user}]}, indent=1))


# The kinds, by the name that write_kubeconfig() takes. `more` are entries of the cluster.

def token(path, api, token=None, **more):
    """`token`: in the file itself."""
    return kubeconfig(path, api, {"token": token or api.token}, **more)


def token_file(path, api, token_file=None, **more):
    """`tokenFile`: read again when it rotates."""
    return kubeconfig(path, api, {"tokenFile": str(token_file or api.token_file)}, **more)


def authority_data(path, api, **more):
    """`certificate-authority-data`, with a token."""
    return token(path, api, **{"certificate_authority": None, "certificate_authority_data": _data(api.ca_file), **more})


def client_certificate(path, api, user="system:masters-user", groups=("system:masters",), **more):
    """`client-certificate` and `client-key` as files."""
    pair = api.authority.client(user, groups)
    return kubeconfig(path, api, {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}, **more)


def client_certificate_data(path, api, user="system:masters-user", groups=("system:masters",), **more):
    """`client-certificate-data` and `client-key-data`."""
    pair = api.authority.client(user, groups)
    return kubeconfig(path, api, {"client-certificate-data": _data(pair.certificate), "client-key-data": _data(pair.key)},
                      **more)


def exec_plugin(path, api, token=None, expires=None, command=None, **more):
    """`exec`: a script beside the file prints PATH.credential (an ExecCredential, which a test may rewrite) and adds a line
    to PATH.runs for each run: $KUBERNETES_EXEC_INFO. `expires`: the credential's expirationTimestamp; `command`: shell
    text that is run first (`exit 1`, `sleep 1000`)."""
    path = pathlib.Path(path)
    credential, runs, script = (path.with_name(f"{path.name}.{part}") for part in ("credential", "runs", "plugin"))
    write_credential(credential, token or api.token, expires)
    write(script, "#!/bin/sh\n"
          f'printf "%s\\n" "${{KUBERNETES_EXEC_INFO:-none}}" >> {shlex.quote(str(runs))}\n{command or ":"}\n'
          f"exec cat {shlex.quote(str(credential))}\n", 0o700)
    return kubeconfig(path, api, {"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": str(script), "args": ["get-token"],
        "env": [{"name": "MERIDIAN_TEST", "value": "yes"}], "interactiveMode": "Never", "provideClusterInfo": True}}, **more)


def write_credential(path, token, expires=None):
    """What an exec plugin prints."""
    status = {"token": token} | ({"expirationTimestamp": expires} if expires else {})
    return write(path, json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
                                   "status": status}))


def tls_server_name(path, api, name=ODD_NAME, **more):
    """`tls-server-name`; serve_certificate(names=[ODD_NAME]) makes it needed."""
    return token(path, api, tls_server_name=name, **more)


def insecure(path, api, **more):
    """`insecure-skip-tls-verify`, without an authority."""
    return token(path, api, **{"certificate_authority": None, "insecure_skip_tls_verify": True, **more})


def proxy(path, api, url, **more):
    """`proxy-url`: see ConnectProxy."""
    return token(path, api, proxy_url=url, **more)


KINDS = {f.__name__.replace("_", "-"): f for f in (token, token_file, authority_data, client_certificate,
                                                    client_certificate_data, exec_plugin, tls_server_name, insecure, proxy)}


def service_account(directory, api, token=None, namespace="default"):
    """What is mounted at /var/run/secrets/kubernetes.io/serviceaccount: token, ca.crt and namespace are links through
    `..data`, which the kubelet changes in one rename. Written again into the same directory it is such a rotation."""
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    old = [p for p in directory.iterdir() if p.name.startswith("..2")]
    number = 1 + max([int(p.name.rpartition(".")[2]) for p in old], default=0)
    fresh = directory / f"..2026_01_01_00_00_00.{number}"
    fresh.mkdir()
    for name, text in (("token", token or api.token), ("ca.crt", pathlib.Path(api.ca_file).read_text()),
                       ("namespace", namespace)):
        (fresh / name).write_text(text)
        if not (directory / name).is_symlink():
            (directory / name).symlink_to(f"..data/{name}")
    link = directory / "..data_tmp"
    link.symlink_to(fresh.name)
    os.replace(link, directory / "..data")
    for gone in old:
        shutil.rmtree(gone)
    return directory
