"""labelSelector and fieldSelector, as apimachinery's labels.Parse and fields.ParseSelector take them: `a=b`, `a==b`,
`a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas; `!=` and `notin` are true of an object without the
label. Of fields, custom resources know only metadata.name and metadata.namespace."""
import re

from .status import bad_request

_KEY = r"([A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?)"
_REQUIREMENT = re.compile(
    rf"\s*(?:!\s*{_KEY}|{_KEY}\s+(in|notin)\s*\(([^)]*)\)|{_KEY}\s*(==|=|!=)\s*([-A-Za-z0-9_.]*)|{_KEY})\s*(?:,|$)")


def parse_labels(text):
    """A predicate over a dict of labels; None where everything is selected."""
    tests, at = [], 0
    while at < len(text):
        match = _REQUIREMENT.match(text, at)
        if not match or match.end() == at:
            raise bad_request(f"unable to parse requirement: found '{text[at:]}'")
        tests.append(_requirement(*match.groups()))
        at = match.end()
    if not tests:
        return None
    return lambda labels: all(test(labels) for test in tests)


def _requirement(absent, set_key, operator, values, key, sign, value, present):
    if absent:
        return lambda labels: absent not in labels
    if set_key:
        wanted = {v.strip() for v in values.split(",")}
        if operator == "in":
            return lambda labels: labels.get(set_key) in wanted
        return lambda labels: labels.get(set_key) not in wanted
    if key:
        if sign == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    return lambda labels: present in labels


def parse_fields(text, known=("metadata.name", "metadata.namespace")):
    """[(field, equal, value)]. A field that the resource has no selector for is refused, in the real words."""
    found = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        match = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", part)
        if not match:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        field, sign, value = match.groups()
        if field not in known:
            raise bad_request(f'field label not supported: {field}')
        found.append((field, sign != "!=", value))
    return found


def field_value(obj, field):
    for part in field.split("."):
        obj = obj.get(part, "") if isinstance(obj, dict) else ""
    return obj


class Selector:
    """What of a collection a request asks for: a namespace, labels, fields. `everything` says that nothing but the
    namespace is selected (a page of it can count what remains)."""

    def __init__(self, namespace=None, labels="", fields="", known_fields=("metadata.name", "metadata.namespace")):
        self.namespace = namespace
        self._labels = parse_labels(labels)
        self._fields = parse_fields(fields, known_fields)
        self.everything = self._labels is None and not self._fields

    @property
    def name(self):
        """The one name that fieldSelector leaves, if any (RBAC's resourceNames can allow a list of that)."""
        return next((value for field, equal, value in self._fields if field == "metadata.name" and equal), None)

    def __call__(self, obj):
        metadata = obj["metadata"]
        if self.namespace and metadata.get("namespace") != self.namespace:
            return False
        if self._labels and not self._labels(metadata.get("labels") or {}):
            return False
        return all((field_value(obj, field) == value) == equal for field, equal, value in self._fields)
