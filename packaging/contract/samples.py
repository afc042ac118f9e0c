"""Bodies that an operation takes: those given by hand, else made out of the document."""

from __future__ import annotations

from typing import Any

import schemathesis
from document import Operation
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode


class Samples:
    """Valid bodies for the operations of one document."""

    def __init__(self, document: dict[str, Any], given_bodies: dict[str, Any]) -> None:
        self.schema = schemathesis.openapi.from_dict(document)
        self.given = given_bodies

    def body(self, operation: Operation) -> dict[str, Any]:
        """As arguments of a request; nothing where there is no body."""
        if operation.id in self.given:
            return {"json": self.given[operation.id]}
        if "requestBody" not in operation.raw:
            return {}
        return {"json": self._made(operation)}

    def _made(self, operation: Operation) -> Any:
        bodies = []
        described = self.schema[operation.path][operation.method]

        @seed(1)
        @settings(
            max_examples=1,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=described.as_strategy(generation_mode=GenerationMode.POSITIVE))
        def take(case: Any) -> None:
            bodies.append(case.body)

        take()
        return bodies[0]
