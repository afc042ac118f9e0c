"""Who may not, may not: every secured operation without a token is 401, with another customer's id 404, and a write by an
operator who may only look 403. Driven by the document, so that a new operation is held to it too. Each answer that is as it
should be comes as None, each other as what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from document import Operation
from people import Person
from samples import Samples

#: What stands for an id where nobody is let in.
ANY_ID = {"integer": 1, "string": "0" * 32}


def placeholder(operation: Operation) -> dict[str, Any]:
    """Some value for each parameter of the path."""
    schemas = {one["name"]: one.get("schema", {}) for one in operation.raw.get("parameters", [])}
    return {name: ANY_ID.get(schemas.get(name, {}).get("type"), 1) for name in operation.path_parameters}


def without_token(operations: list[Operation], intruders: list[Person]) -> Iterator[str | None]:
    """Asks every secured operation; intruders have no token, or one that is good elsewhere alone."""
    for operation in filter(lambda one: one.secured, operations):
        for number, intruder in enumerate(intruders):
            with intruder.ask(operation.method, operation.url(placeholder(operation)), stream=True) as response:
                yield unlike(response, 401, "unauthorized", f"{operation} by intruder {number}")


def looking_on(
    operations: list[Operation], viewer: Person, samples: Samples, open_to_all: set[str]
) -> Iterator[str | None]:
    """Asks for every write."""
    for operation in operations:
        if operation.secured and operation.writes and operation.id not in open_to_all:
            url = operation.url(placeholder(operation))
            response = viewer.ask(operation.method, url, **samples.body(operation))
            yield unlike(response, 403, "forbidden", f"{operation} by a viewer")


def others_ids(
    operation: Operation, owned: list[dict[str, Any]], owner: Person, other: Person, samples: Samples
) -> Iterator[str | None]:
    """Asks with what another owns; and that the owner is answered, else a 404 would say nothing."""
    for values in owned:
        url = operation.url(values)
        with other.ask(operation.method, url, stream=True, **samples.body(operation)) as response:
            yield unlike(response, 404, "not_found", f"{operation} with another's {values}")
        if operation.method == "get":
            with owner.ask("get", url, stream=True) as response:
                yield None if response.ok else f"{operation} with one's own {values}: {response.status_code}"


def unlike(response: Any, status: int, code: str, what: str) -> str | None:
    """How an answer is not the problem that it should be."""
    if response.status_code != status:
        return f"{what}: {response.status_code} instead of {status}: {response.text[:300]}"
    said = response.json().get("code")
    return None if said == code else f"{what}: code {said} instead of {code}"
