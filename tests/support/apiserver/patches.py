"""The two patches that need no schema: JSON merge patch (RFC 7396) and JSON patch (RFC 6902). Values are not changed in
place. A JSON patch whose test fails is 422 with the generic words of the real server; a malformed one is 400."""
import copy

from .status import ApiError, bad_request


def merge(target, patch):
    """RFC 7396, 2."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def _rejected():
    return ApiError(422, "the server rejected our request due to an error in our request")


def _pointer(text):
    if text and not text.startswith("/"):
        raise bad_request(f"json: bad pointer {text}")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _index(target, word, adding):
    if word == "-" and adding:
        return len(target)
    if not word.isdigit() or int(word) >= len(target) + adding:
        raise _rejected()
    return int(word)


def _get(value, parts):
    for part in parts:
        if isinstance(value, list):
            value = value[_index(value, part, False)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            raise _rejected()
    return value


def _add(root, parts, value):
    if not parts:
        return value
    parent, last = _get(root, parts[:-1]), parts[-1]
    if isinstance(parent, list):
        parent.insert(_index(parent, last, True), value)
    elif isinstance(parent, dict):
        parent[last] = value
    else:
        raise _rejected()
    return root


def _remove(root, parts):
    parent, last = _get(root, parts[:-1]), parts[-1]
    value = _get(parent, [last])
    del parent[int(last) if isinstance(parent, list) else last]
    return value


def json_patch(target, operations):
    """RFC 6902, all or nothing."""
    if not isinstance(operations, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    root = copy.deepcopy(target)
    for operation in operations:
        try:
            op, parts = operation["op"], _pointer(operation["path"])
            if op == "test":
                if _get(root, parts) != operation["value"]:
                    raise _rejected()
            elif op == "add":
                root = _add(root, parts, copy.deepcopy(operation["value"]))
            elif op == "replace":
                _get(root, parts)
                if parts:
                    _remove(root, parts)
                root = _add(root, parts, copy.deepcopy(operation["value"]))
            elif op == "remove":
                _remove(root, parts)
            elif op == "move":
                root = _add(root, parts, _remove(root, _pointer(operation["from"])))
            elif op == "copy":
                root = _add(root, parts, copy.deepcopy(_get(root, _pointer(operation["from"]))))
            else:
                raise bad_request(f"Unexpected kind: {op}")
        except (KeyError, TypeError) as e:
            raise bad_request(f"malformed patch: {e}") from None
    return root
