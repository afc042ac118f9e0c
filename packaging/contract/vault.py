"""The stream of the vault, as an edge follows it: it never ends, so no fuzzer can drive it. Each frame that is as it should be
comes as None, each other as what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from document import Operation
from people import Person
from refusals import unlike

#: What may come before the stream says that it is alive: the set, row by row, and changes of it.
FRAMES_MAX = 1_000
#: Roots that are none, each as a query.
NO_ROOTS = ("root=", "root=x", "root=" + "0" * 63, "root=" + "G" * 64, "root=" + "0" * 64 + "&root=" + "1" * 64, "other=1")


def follow(edge: Person, operations: list[Operation]) -> Iterator[str | None]:
    """Reads each stream of lines up to a frame that says no more than that it is alive, and asks for what is none."""
    streams = [one for one in operations if one.follows]
    if not streams:
        yield "no operation answers with lines"
    for operation in streams:
        yield from frames(edge, operation)
        for query in NO_ROOTS:
            with edge.ask(operation.method, f"{operation.path}?{query}", stream=True) as response:
                yield unlike(response, 400, "validation", f"{operation}?{query}")


def frames(edge: Person, operation: Operation) -> Iterator[str | None]:
    """`hello`, then a whole set for who has none, then whatever comes."""
    seen: list[str] = []
    rows = {"keys": 0, "access": 0}
    with edge.ask(operation.method, operation.path, stream=True) as response:
        yield None if response.status_code == 200 else f"{operation}: {response.status_code}: {response.text[:300]}"
        for line in response.iter_lines():
            frame: dict[str, Any] = json.loads(line)
            seen.append(frame["frame"])
            for kind in rows:
                rows[kind] += len(frame.get(kind, [])) if isinstance(frame.get(kind), list) else 0
            if "alive" in seen or len(seen) >= FRAMES_MAX:
                break
    yield None if seen[:2] == ["hello", "whole"] else f"{operation} begins with {seen[:2]}"
    yield None if "alive" in seen else f"{operation}: {FRAMES_MAX} frames, and none says that it is alive"
    yield None if all(rows.values()) else f"{operation} tells of {rows}"
