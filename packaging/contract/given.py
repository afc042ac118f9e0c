"""What the documents do not tell: bodies that mean something, what ends somebody's way in, what is nobody's."""

from __future__ import annotations

from typing import Any

#: Room for what is made below and by random cases, a few of each.
ROOMY = {"tier": "enterprise", "burst": True, "extra_api_keys": 4, "extra_seal_keys": 3, "extra_packages": 3}

#: One of each thing that a customer can own: its name here, where it is made, from what. `{seal_key}` is the id of that made
#: under this name before.
GIVENS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("order", "/api/v1/services/seal/change", {"subscription": ROOMY}),
    ("key", "/api/v1/keys", {"service": "seal", "network": "mainnet", "name": "contract"}),
    ("seal_key", "/api/v1/seal-keys", {"name": "contract"}),
    ("package", "/api/v1/seal-keys/{seal_key}/packages", {"address": "0x2"}),
    ("webhook", "/api/v1/webhooks", {"url": "https://told.example.invalid/"}),
    ("delivery", "/api/v1/webhooks/{webhook}/test", {}),
    ("alert", "/api/v1/alerts", {"name": "contract", "metric": "requests", "period": "hour", "threshold": 1}),
)

#: Bodies by the customers' operation, where one out of the document would be refused before it is asked whose the thing is.
BODIES: dict[str, dict[str, Any]] = {
    "change_alert": {"name": "other"},
    "change_webhook": {"is_enabled": False},
    "change_seal_key": {"name": "other"},
    "change_package": {"name": "other"},
    "add_package": {"address": "0x3"},
    "rename_key": {"name": "other"},
    "regenerate_key": {},
}

#: Names of parameters that are nobody's id: what is sold is the same for all.
SHARED = {"service"}

#: What a seeded customer has none of, and why: it cannot be asked for with that customer's id.
OWNED_BY_NOBODY = {
    "get_invoice": "an invoice takes a month to close",
    "invoice_document": "likewise",
    "invoice_hours": "likewise",
    "invoice_records": "likewise",
    "transaction_state": "transactions are signed only where the escrow is a contract on Sui",
    "submit_transaction": "likewise",
    "acknowledge_notification": "nothing has gone wrong yet",
}

#: Operations after which whoever asked has no way in any more, or others have none: each is driven by somebody made for it.
ENDINGS_OF_CUSTOMERS = {"close_account", "cancel_closure", "log_out", "revoke_session", "revoke_other_sessions"}
ENDINGS_OF_OPERATORS = {"disable_operator", "put_operator"}

#: Writes by POST that change nothing: whoever may look may ask.
OPEN_TO_VIEWERS = {"what_if"}
