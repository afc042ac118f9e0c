"""An OpenAPI document as the checks need it: its operations, and what each takes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
EVENT_STREAM = "text/event-stream"
LINES = "application/x-ndjson"


@dataclass(frozen=True)
class Operation:
    """One operation."""

    id: str
    method: str
    path: str
    secured: bool
    #: Whether it is a gateway's edge that asks, by a token of its own.
    for_edges: bool
    #: Names of the path's parameters, from left to right.
    path_parameters: tuple[str, ...]
    raw: dict[str, Any]

    @property
    def writes(self) -> bool:
        return self.method != "get"

    @property
    def streams(self) -> bool:
        """Whether it answers with events until either side ends."""
        return EVENT_STREAM in self.raw["responses"].get("200", {}).get("content", {})

    @property
    def follows(self) -> bool:
        """Whether it answers with lines of JSON until either side ends."""
        return LINES in self.raw["responses"].get("200", {}).get("content", {})

    def url(self, values: dict[str, Any]) -> str:
        """Its path with these values of its parameters."""
        path = self.path
        for name, value in values.items():
            path = path.replace("{" + name + "}", str(value))
        return path

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"


def read(path: Path) -> dict[str, Any]:
    """The document in a file."""
    return json.loads(path.read_text())


def operations(document: dict[str, Any]) -> list[Operation]:
    """All operations, in the document's order."""
    found = []
    for path, methods in document["paths"].items():
        for method, raw in methods.items():
            if method not in METHODS:
                continue
            security = raw.get("security", document.get("security", []))
            # An empty requirement among them means that none is needed.
            secured = bool(security) and all(security)
            for_edges = any("edge" in requirement for requirement in security)
            names = tuple(re.findall(r"{([^}]+)}", path))
            found.append(Operation(raw["operationId"], method, path, secured, for_edges, names, raw))
    ids = [operation.id for operation in found]
    assert len(ids) == len(set(ids)), "two operations have one id"
    return found


def with_events(document: dict[str, Any]) -> dict[str, Any]:
    """The document as a fuzzer reads it: what streams answer is described event by event (OpenAPI 3.2's `itemSchema`)."""
    changed = json.loads(json.dumps(document))
    event = {
        "type": "object",
        "required": ["event", "data"],
        "properties": {"event": {"type": "string"}, "data": {"type": "string"}, "id": {"type": "string"}},
    }
    for methods in changed["paths"].values():
        for raw in methods.values():
            content = raw.get("responses", {}).get("200", {}).get("content", {})
            if EVENT_STREAM in content:
                content[EVENT_STREAM] = {"itemSchema": event}
    return changed
