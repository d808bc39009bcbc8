"""Who records: the attributes of OTLP's Resource."""

from __future__ import annotations

from functools import cache

from workers_otel.attributes import Attributes, AttributeSet, typed_attribute
from workers_otel.version import VERSION

_SDK = {
    "telemetry.sdk.name": "workers-otel",
    "telemetry.sdk.language": "python",
    "telemetry.sdk.version": VERSION,
}

# As the semantic conventions have it.
_UNKNOWN_SERVICE = "unknown_service"


class Resource:
    """The attributes, with those that can only be known when a request is there."""

    def __init__(
        self,
        service_name: str,
        attributes: Attributes,
        instance_id: str | None,
        random_instance_id: bool,
        max_length: int,
    ) -> None:
        self._attributes = {**attributes, **_SDK, "service.name": service_name or _UNKNOWN_SERVICE}
        if instance_id is not None:
            self._attributes["service.instance.id"] = instance_id
        self._is_random = random_instance_id and instance_id is None
        self._max_length = max_length
        self._set: AttributeSet | None = None

    def attribute_set(self) -> AttributeSet:
        """Return them; what is no attribute is left out."""
        if self._set is None:
            if self._is_random:
                self._attributes["service.instance.id"] = _isolate_id()
            typed = (typed_attribute(key, value, self._max_length) for key, value in self._attributes.items())
            self._set = tuple(attribute for attribute in typed if attribute is not None)
        return self._set


@cache
def _isolate_id() -> str:
    """Return the id of this isolate; the top level of a module, which has no randomness, must not call it."""
    from uuid import uuid4

    return str(uuid4())
