"""What a request is about, from its method, path and query (apiserver's RequestInfoFactory)."""
import re

from .access import Asked

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


def asked_of(request):
    """Of a path that is no resource's the verb is the method in lower case."""
    parts = [p for p in request.path.split("/") if p]
    asked = Asked(request.method.lower().replace("head", "get"), request.path)
    if parts[:1] == ["api"] and len(parts) > 2:
        asked.version, rest = parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 3:
        asked.group, asked.version, rest = parts[1], parts[2], parts[3:]
    else:
        return asked
    if rest[0] == "namespaces" and len(rest) > 1:
        asked.namespace = rest[1]
        if len(rest) > 2 and rest[2] not in ("status", "finalize"):
            rest = rest[2:]
    asked.plural, asked.name = rest[0], rest[1] if len(rest) > 1 else ""
    asked.subresource = "/".join(rest[2:])
    asked.verb = _verb(request, asked)
    return asked


def _verb(request, asked):
    if request.method in ("GET", "HEAD"):
        if asked.name:
            return "get"
        if name := re.search(r"(?:^|,)metadata\.name==?([^,]+)", request.query.get("fieldSelector", "")):
            asked.selected_name = name.group(1)
        return "watch" if request.flag("watch") else "list"
    if request.method == "DELETE":
        return "delete" if asked.name else "deletecollection"
    return _VERBS.get(request.method, request.method.lower())
