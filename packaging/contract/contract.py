"""Holds both APIs of a running development server against their OpenAPI documents. `cargo xtask contract` starts the
server and this.

Every secured operation without a token is 401, and with another customer's id 404; schemathesis drives every operation, and
whatever is a server's error, an undocumented status or an answer of another shape than documented breaks the contract. What
ends an account, a session or an operator is driven by somebody who is made for it, last, so that the rest is not blinded.
The last line counts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fuzz
import people
import refusals
import vault
from document import Operation, operations, read
from estates import Estate
from given import (
    BODIES,
    ENDINGS_OF_CUSTOMERS,
    ENDINGS_OF_OPERATORS,
    GIVENS,
    OPEN_TO_VIEWERS,
    OWNED_BY_NOBODY,
    SHARED,
)
from samples import Samples

#: Random cases an operation.
EXAMPLES = 8


class Side:
    """One server with its document."""

    def __init__(self, url: str, file: Path, bodies: dict[str, Any]) -> None:
        self.url = url
        self.document = read(file)
        self.operations = operations(self.document)
        self.samples = Samples(self.document, bodies)

    def run(self, name: str, token: str, chosen: list[Operation]) -> fuzz.Run:
        """A run over these operations."""
        return fuzz.Run(name, self.document, self.url, token, people.somewhere_else(), chosen, EXAMPLES)


def main() -> int:
    """Asks, tells, counts."""
    arguments = parsed()
    customers = Side(arguments.customers, arguments.documents / "openapi.json", BODIES)
    operators = Side(arguments.operators, arguments.documents / "openapi-admin.json", {})
    broken = unknown(customers, set(BODIES) | ENDINGS_OF_CUSTOMERS | set(OWNED_BY_NOBODY))
    broken += unknown(operators, ENDINGS_OF_OPERATORS | OPEN_TO_VIEWERS)
    admin = people.Person(operators.url, arguments.operator_token.read_text().strip())
    edge = people.Person(operators.url, arguments.edge_token.read_text().strip())
    owner = people.customer(customers.url, arguments.wallet)
    settle_in(owner)
    counts: dict[str, int] = {}
    counted(broken, counts, "without a token 401", nobody(customers, operators, owner, admin, edge))
    counted(broken, counts, "with another's id 404", others(customers, owner))
    counted(broken, counts, "by a viewer 403", viewers(operators, admin))
    counted(broken, counts, "frames of the vault", vault.follow(edge, operators.operations))
    outcome = fuzz.Outcome()
    for run in runs(customers, operators, owner, admin, edge):
        fuzz.run(run, arguments.folder, outcome)
    broken += outcome.failures
    for problem in broken:
        print(problem)
    print(f"no success was seen of: {', '.join(outcome.never_accepted) or 'none'}")
    told = "; ".join(f"{number} {what}" for what, number in counts.items())
    verdict = "kept" if not broken else f"broken in {len(broken)} places"
    print(f"contract {verdict}: {outcome.tested} operations, {outcome.cases} cases by schemathesis; {told}")
    return 1 if broken else 0


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", required=True, help="where customers are served")
    parser.add_argument("--operators", required=True, help="where operators are served")
    parser.add_argument("--wallet", required=True, help="the mock wallet of a customer with services and funds")
    for name in ("--documents", "--operator-token", "--edge-token", "--folder"):
        parser.add_argument(name, required=True, type=Path)
    return parser.parse_args()


def unknown(side: Side, named: set[str]) -> list[str]:
    """Operations that this program knows by name, and the document does not."""
    return [f"{id} is in no document" for id in sorted(named - {operation.id for operation in side.operations})]


def counted(broken: list[str], counts: dict[str, int], what: str, problems: Iterator[str | None]) -> None:
    """Each answer that is as it should be comes as None."""
    for problem in problems:
        if problem is None:
            counts[what] = counts.get(what, 0) + 1
        else:
            broken.append(problem)


def settle_in(owner: people.Person) -> None:
    """Makes one of each thing that a customer can own."""
    made: dict[str, Any] = {}
    for name, path, body in GIVENS:
        made[name] = id_of(owner.must("post", path.format(**made), json=body))


def id_of(answer: Any) -> Any:
    """Of what was made: it stands at the top, or one below."""
    parts = [answer, *[part for part in answer.values() if isinstance(part, dict)]] if answer else []
    return next((part["id"] for part in parts if "id" in part), None)


def nobody(
    customers: Side, operators: Side, owner: people.Person, admin: people.Person, edge: people.Person
) -> Iterator[str | None]:
    """Without a token, with one that is none, and with those that are good elsewhere."""
    strangers = [None, "x", "sop_" + "A" * 43]
    edges, rest = by_edges(operators.operations)
    groups = (
        (customers, customers.operations, [admin, edge]),
        (operators, rest, [owner, edge]),
        (operators, edges, [owner, admin]),
    )
    for side, asked, elsewhere in groups:
        tokens = [*strangers, *[person.token for person in elsewhere]]
        intruders = [people.Person(side.url, token) for token in tokens]
        yield from refusals.without_token(asked, intruders)


def others(side: Side, owner: people.Person) -> Iterator[str | None]:
    """With ids of what somebody else owns."""
    estate = Estate(side.operations, owner, SHARED)
    other = people.customer(side.url, people.wallet("another customer"))
    for operation in filter(estate.names_something, side.operations):
        # What looks like an id of theirs is of another kind then: a mirrored transaction's, say, of one that is to be signed.
        values = [] if operation.id in OWNED_BY_NOBODY else estate.of(operation)
        if not values and operation.id not in OWNED_BY_NOBODY:
            yield f"{operation}: the owner has nothing of the kind, so nobody can ask for it"
        yield from refusals.others_ids(operation, values, owner, other, side.samples)


def viewers(side: Side, admin: people.Person) -> Iterator[str | None]:
    """Writes of who may only look."""
    viewer = people.operator(admin, "contract-viewer", "viewer")
    yield from refusals.looking_on(by_edges(side.operations)[1], viewer, side.samples, OPEN_TO_VIEWERS)


def runs(
    customers: Side, operators: Side, owner: people.Person, admin: people.Person, edge: people.Person
) -> Iterator[fuzz.Run]:
    """All operations, those that end somebody's way in last and by people of their own. The stream of the vault never ends:
    it is followed instead."""
    endings, rest = apart(customers.operations, ENDINGS_OF_CUSTOMERS)
    yield customers.run("customers", owner.token or "", rest)
    for operation in endings:
        leaver = people.customer(customers.url, people.wallet(operation.id))
        yield customers.run(f"customers-{operation.id}", leaver.token or "", [operation])
    edges, others_ = by_edges(operators.operations)
    yield operators.run("edges", edge.token or "", [one for one in edges if not one.follows])
    endings, rest = apart(others_, ENDINGS_OF_OPERATORS)
    yield operators.run("operators", admin.token or "", rest)
    for operation in endings:
        leaver = people.operator(admin, f"contract-{operation.id.replace('_', '-')}", "admin")
        yield operators.run(f"operators-{operation.id}", leaver.token or "", [operation])


def by_edges(operations_: list[Operation]) -> tuple[list[Operation], list[Operation]]:
    """Those that edges ask, and the others."""
    return [one for one in operations_ if one.for_edges], [one for one in operations_ if not one.for_edges]


def apart(operations_: list[Operation], named: set[str]) -> tuple[list[Operation], list[Operation]]:
    """Those of these ids, and the others."""
    return [one for one in operations_ if one.id in named], [one for one in operations_ if one.id not in named]


if __name__ == "__main__":
    sys.exit(main())
