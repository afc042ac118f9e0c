"""Who asks: customers with a mock wallet, operators with a token, nobody."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from typing import Any

import requests

#: Longer than the server lets itself.
TIMEOUT_S = 40


@dataclass
class Person:
    """Somebody at one server."""

    url: str
    #: A bearer token, or none.
    token: str | None = None

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Sends one request; nothing is followed, nothing kept."""
        headers = {"X-Forwarded-For": somewhere()} | options.pop("headers", {})
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        options.setdefault("timeout", TIMEOUT_S)
        return requests.request(method, self.url + path, headers=headers, allow_redirects=False, **options)

    def must(self, method: str, path: str, **options: Any) -> Any:
        """The same, which has to succeed; what it answered."""
        response = self.ask(method, path, **options)
        assert response.ok, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None


#: How often something was asked for.
_asked = itertools.count()
#: Fewer than attempts may fail at one address.
_ATTEMPTS_AN_ADDRESS = 10


def somewhere() -> str:
    """An address of the documentation's, another each few requests: the server counts failed attempts by it."""
    return f"2001:db8::{next(_asked) // _ATTEMPTS_AN_ADDRESS:x}"


def somewhere_else() -> str:
    """An address that nothing else comes from."""
    return f"2001:db8:1::{next(_asked):x}"


def wallet(name: str) -> str:
    """The address of a mock wallet: always the same for a name."""
    return "0x" + hashlib.blake2b(name.encode(), digest_size=32).hexdigest()


def customer(url: str, address: str) -> Person:
    """Signs a customer in, who is made if nobody has this wallet."""
    nobody = Person(url)
    nobody.must("post", "/api/v1/auth/challenge", json={"address": address})
    signed = {"address": address, "signature": MOCK_SIGNATURE, "tokens": "body"}
    return Person(url, nobody.must("post", "/api/v1/auth/verify", json=signed)["access_token"])


def operator(admin: Person, name: str, role: str) -> Person:
    """An operator who is made now."""
    made = admin.must("post", "/api/v1/operators", json={"name": name, "role": role})
    return Person(admin.url, made["token"])


#: Taken where sign-in is mock.
MOCK_SIGNATURE = "AA=="
