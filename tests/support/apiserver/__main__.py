"""`python3 -m apiserver`: prints one JSON line (url, ca, token, kubeconfig, control, ...) and serves until standard input
closes."""
import argparse
import asyncio
import json
import pathlib
import sys

from . import ApiServer
from .control import Control


def options():
    parser = argparse.ArgumentParser(prog="apiserver", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="127.0.0.1 or ::1")
    parser.add_argument("--directory", help="where the files go; made and removed if not given")
    parser.add_argument("--versions", default="v1,v1beta1,v1alpha3", help="served versions of ServiceEntry")
    parser.add_argument("--bookmarks", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--history", type=int, default=20_000, help="changes that a watch can look back")
    parser.add_argument("--load", action="append", default=[], metavar="FILE", help="objects to start with (YAML, JSON)")
    parser.add_argument("--rbac", action="append", default=[], metavar="FILE", help="roles and bindings to load")
    return parser.parse_args()


async def serve(api):
    control = Control(api)
    await control.listen()
    print(json.dumps(api.description() | {"control": control.url}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)


def main():
    chosen = options()
    api = ApiServer(chosen.host, chosen.directory, chosen.versions.split(","), chosen.bookmarks, chosen.history)
    with api:
        for file in chosen.load:
            api.put_many(pathlib.Path(file))
        for file in chosen.rbac:
            api.load_rbac(pathlib.Path(file))
        asyncio.run(serve(api))


main()
