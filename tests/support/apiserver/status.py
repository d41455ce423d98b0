"""Failures, as the API server words them: metav1.Status with the code, reason, message and details of
k8s.io/apimachinery/pkg/api/errors. `ApiError` is raised anywhere below a request and becomes its answer."""
import json

REASONS = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed",
           406: "NotAcceptable", 409: "Conflict", 410: "Expired", 413: "RequestEntityTooLarge",
           415: "UnsupportedMediaType", 422: "Invalid", 429: "TooManyRequests", 500: "InternalError",
           503: "ServiceUnavailable", 504: "Timeout"}


class ApiError(Exception):
    """A failure with its Status. `text` replaces the Status by plain text (what the real server's mux says of a path
    that nobody has registered). `retry_after` is in seconds, and goes into the header and the details."""

    def __init__(self, code, message, reason=None, details=None, metadata=None, retry_after=None, text=None):
        super().__init__(message)
        self.code, self.message, self.text, self.retry_after = code, message, text, retry_after
        self.reason = REASONS.get(code, "") if reason is None else reason
        self.details, self.metadata = dict(details or {}), metadata or {}
        if retry_after is not None:
            self.details.setdefault("retryAfterSeconds", int(retry_after))

    def status(self):
        """The Status as a value."""
        status = {"kind": "Status", "apiVersion": "v1", "metadata": self.metadata, "status": "Failure",
                  "message": self.message}
        if self.reason:
            status["reason"] = self.reason
        if self.details:
            status["details"] = self.details
        return status | {"code": self.code}

    def body(self):
        """(octets, content type) of the answer."""
        if self.text is not None:
            return self.text.encode(), "text/plain; charset=utf-8"
        return json.dumps(self.status(), separators=(",", ":")).encode() + b"\n", "application/json"


def details_of(resource, name=None, **more):
    details = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    return details | {"kind": resource.plural} | more


def qualified(resource):
    """`serviceentries.networking.istio.io`; `configmaps`."""
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural


def page_not_found():
    return ApiError(404, "404 page not found", text="404 page not found\n")


def not_found(resource, name):
    return ApiError(404, f'{qualified(resource)} "{name}" not found', details=details_of(resource, name))


def already_exists(resource, name):
    return ApiError(409, f'{qualified(resource)} "{name}" already exists', reason="AlreadyExists",
                    details=details_of(resource, name))


def conflict(resource, name, why):
    return ApiError(409, f'Operation cannot be fulfilled on {qualified(resource)} "{name}": {why}',
                    details=details_of(resource, name))


def modified(resource, name):
    """registry.OptimisticLockErrorMsg: the resourceVersion sent is not the object's."""
    return conflict(resource, name,
                    "the object has been modified; please apply your changes to the latest version and try again")


def apply_conflict(causes, message):
    return ApiError(409, message, details={"causes": causes})


def invalid(kind, group, name, causes):
    """`causes`: (field, what is wrong) as field.Error words it, without the field."""
    causes = [{"reason": "FieldValue" + ("Required" if what.startswith("Required") else "Invalid"), "message": what,
               "field": field} for field, what in causes]
    said = [f"{c['field']}: {c['message']}" for c in causes]
    listed = said[0] if len(said) == 1 else "[" + ", ".join(said) + "]"
    qualified_kind = f"{kind}.{group}" if group else kind
    details = {"name": name, "kind": kind, "causes": causes} | ({"group": group} if group else {})
    return ApiError(422, f'{qualified_kind} "{name}" is invalid: {listed}', details=details)


def bad_request(message):
    return ApiError(400, message)


def unauthorized():
    return ApiError(401, "Unauthorized")


def too_old(asked, oldest):
    """The watch cache's and etcd's answer to a revision that is compacted."""
    return ApiError(410, f"too old resource version: {asked} ({oldest})")


def expired_continue(token):
    """A continue token whose revision is compacted. The real server offers another one, which goes on with what there
    is now (storage.handleCompactedErrorForPaging)."""
    return ApiError(410, "The provided continue parameter is too old to display a consistent list result. You can start "
                    "a new list without the continue parameter, or use the continue token in this response to retrieve "
                    "the remainder of the results. Continuing with the provided token results in an inconsistent list - "
                    "objects that were created, modified, or deleted between the time the first chunk was returned and "
                    "now may show up in the list.", metadata={"continue": token})


def too_large_version(asked, current):
    """A list from a revision of the future (the watch cache waits 3 s for it)."""
    return ApiError(504, f"Too large resource version: {asked}, current: {current}", retry_after=1,
                    details={"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]})


def webhook_denied(name, why, code=403):
    """What an admission webhook's refusal looks like (admission/plugin/webhook/errors.ToStatusErr)."""
    return ApiError(code, f'admission webhook "{name}" denied the request: {why}')
