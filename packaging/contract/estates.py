"""What a customer owns, as the document tells how to find it: an id in a path is that of an item of the list that the path
before it answers."""

from __future__ import annotations

from typing import Any

from document import Operation
from people import Person

#: Of each list, so many items are taken.
ITEMS = 2


class Estate:
    """One customer's things, looked up once."""

    def __init__(self, operations: list[Operation], owner: Person, shared: set[str]) -> None:
        self.lists = {operation.path: operation for operation in operations if operation.method == "get"}
        self.owner = owner
        #: Names of parameters that are nobody's id.
        self.shared = shared
        self.found: dict[str, list[dict[str, Any]]] = {}

    def names_something(self, operation: Operation) -> bool:
        """Whether its path has an id of something owned."""
        return operation.secured and any(name not in self.shared for name in operation.path_parameters)

    def of(self, operation: Operation) -> list[dict[str, Any]]:
        """Values of its path's parameters that are this customer's; none if the customer owns nothing of the kind."""
        partial: list[dict[str, Any]] = [{}]
        for name in operation.path_parameters:
            partial = [known | {name: value} for known in partial for value in self._values(operation, name, known)]
        return partial

    def _values(self, operation: Operation, name: str, known: dict[str, Any]) -> list[Any]:
        before = operation.path.split("/{" + name + "}")[0]
        listed = self.lists.get(before)
        if listed is None:
            return []
        url = listed.url(known)
        if url not in self.found:
            self.found[url] = items(self.owner.must("get", url))[:ITEMS]
        return [value for item in self.found[url] if (value := item.get(name, item.get("id"))) is not None]


def items(answer: Any) -> list[dict[str, Any]]:
    """The items of a list, however it calls them."""
    if isinstance(answer, list):
        return answer
    if "items" in answer:
        return answer["items"]
    lists = [value for value in answer.values() if isinstance(value, list)]
    return lists[0] if lists else []
