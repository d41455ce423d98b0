"""/openapi/v3, no more than `kubectl apply` asks of it before it trusts the server to validate: that a PATCH of the kind
takes `fieldValidation` (kubectl's query parameter verifier)."""
_PARAMETERS = [{"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
               for name in ("dryRun", "fieldManager", "fieldValidation", "force")]


def document(path, catalogue):
    """The document of `/openapi/v3` or `/openapi/v3/apis/GROUP/VERSION`, or None."""
    present = {}
    for resource in catalogue.present():
        for version in resource.versions:
            place = f"apis/{resource.group}/{version}" if resource.group else f"api/{version}"
            present.setdefault(place, []).append((resource, version))
    if path == "/openapi/v3":
        return {"paths": {place: {"serverRelativeURL": f"/openapi/v3/{place}?hash=1"} for place in present}}
    place = path.removeprefix("/openapi/v3/")
    if place not in present:
        return None
    paths = {}
    for resource, version in present[place]:
        inside = "namespaces/{namespace}/" if resource.namespaced else ""
        kind = {"group": resource.group, "version": version, "kind": resource.kind}
        paths[f"/{place}/{inside}{resource.plural}/{{name}}"] = {"patch": {
            "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kind, "parameters": _PARAMETERS,
            "responses": {"200": {"description": "OK"}}}}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.34.0"}, "paths": paths, "components": {}}
