"""A kube-apiserver for tests: the behaviour of 1.34 that a client can see, in one process, with a script for everything
that goes wrong.

    with ApiServer() as api:
        api.put({"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", ...})
        start_a_client(api.kubeconfig)
        api.wait_for_watch("serviceentries")
        api.fault(verb="list", status=429, retry_after=1, times=3)
        api.freeze_watches()
"""
from .server import ApiServer

__all__ = ["ApiServer"]
