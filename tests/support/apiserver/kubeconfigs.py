"""The files from which clients learn where a server is and who they are: kubeconfigs of every kind, and the directory that
a pod finds its service account in. JSON, which is YAML. `api` is an ApiServer; every function returns the path it wrote."""
import base64
import json
import os
import pathlib


def write(path, text):
    """Renames into place, so that a reader sees the old or the new file."""
    path = pathlib.Path(path)
    fresh = path.with_name(f".{path.name}.fresh")
    fresh.write_text(text)
    fresh.chmod(0o600)
    os.replace(fresh, path)
    return path


def _data(path):
    return base64.b64encode(pathlib.Path(path).read_bytes()).decode()


def kubeconfig(path, api, user, cluster=None, namespace=None):
    """One context `test`. `user` and `cluster` are laid over the entries; a None in `cluster` takes a key away."""
    entry = {"server": api.url, "certificate-authority": str(api.ca_file), **(cluster or {})}
    entry = {k: v for k, v in entry.items() if v is not None}
    context = {"cluster": "test", "user": "test"} | ({"namespace": namespace} if namespace else {})
    return write(path, json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "test", "preferences": {},
        "clusters": [{"name": "test", "cluster": entry}], "contexts": [{"name": "test", "context": context}],
        "users": [{"name": "test", "user": user}]}, indent=1))


def token(path, api, value=None, **cluster):
    """`token`: in the file itself."""
    return kubeconfig(path, api, {"token": value or api.token}, cluster)
