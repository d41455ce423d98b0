"""Lists, whole and in pages. A page's continue token carries the revision of the first page, and later pages show that
moment (storage.EncodeContinue, etcd3's GetList); remainingItemCount is only told where nothing but a namespace selects.
With resourceVersion=0 the watch cache answers, which does not look at the limit."""
import base64
import json

from .status import ApiError, bad_request, expired_continue
from .store import keys_from


def encode_token(revision, start):
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_token(token):
    try:
        value = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(value["rv"]), str(value["start"])
    except (ValueError, KeyError, TypeError):
        raise bad_request("continue key is not valid: illegal base64 data") from None


def page(store, resource, version, selector, query):
    """The octets of the list that `query` asks for. Raises the 410 of an old token."""
    limit, token, asked = query.get("limit") or "0", query.get("continue"), query.get("resourceVersion", "")
    if not limit.isdigit():
        raise bad_request(f'limit: Invalid value: "{limit}": strconv.ParseInt: parsing "{limit}": invalid syntax')
    limit = int(limit)
    revision, start = None, ""
    if token:
        if asked not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        revision, start = decode_token(token)
        revision = None if revision < 0 else revision
    elif asked == "0":
        limit = 0
    elif asked and query.get("resourceVersionMatch") == "Exact":
        revision = int(asked)
    moment = store.snapshot(resource, revision)
    if moment is None:
        if token:
            raise expired_continue(encode_token(-1, start))
        raise ApiError(410, "The resourceVersion for the provided list is too old.")
    keys, items = moment
    shown = store.revision if revision is None else revision
    found, remaining, rest = [], 0, ""
    keys = keys_from(keys, selector.namespace, start)
    for number, key in enumerate(keys):
        item = items[key]
        if not (selector.everything or selector(item.object)):
            continue
        if limit and len(found) == limit:
            rest, remaining = encode_token(shown, found[-1].key + "\0"), len(keys) - number
            break
        found.append(item)
    metadata = {"continue": rest} if rest or resource.custom else {}
    if rest and selector.everything:
        metadata["remainingItemCount"] = remaining
    return encode_list(resource, version, found, metadata | {"resourceVersion": str(shown)})


def encode_list(resource, version, items, metadata):
    """A custom resource's list is written from a map, so its items come before its metadata; a built-in kind's from a
    struct, metadata first, and its items do not repeat apiVersion and kind."""
    api, kind = resource.api_version(version).encode(), resource.kind.encode() + b"List"
    head = json.dumps(metadata, separators=(",", ":")).encode()
    body = b",".join([item.octets(resource, version, bare=True) for item in items])
    if resource.custom:
        return b'{"apiVersion":"%b","items":[%b],"kind":"%b","metadata":%b}\n' % (api, body, kind, head)
    return b'{"kind":"%b","apiVersion":"%b","metadata":%b,"items":[%b]}\n' % (kind, api, head, body)
