"""Drives a server by its document with schemathesis, and reads what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from document import Operation, with_events

SEED = 1
#: Answers that any operation may give, whether documented or not, are none; everything else is held against the document.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "missing_required_header",
    "use_after_free",
)
#: A run that takes longer has hung.
TIME_MAX_S = 120
#: Of a stream, so many events are read.
EVENTS = 2


@dataclass
class Outcome:
    """What runs came to, all together."""

    tested: int = 0
    cases: int = 0
    failures: list[str] = field(default_factory=list)
    #: Operations that answered no request with success.
    never_accepted: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """One run over some operations of a document."""

    name: str
    document: dict[str, Any]
    url: str
    token: str
    #: Where its requests say that they come from, so that its failed attempts hold up nobody else.
    address: str
    operations: list[Operation]
    #: Random cases for each operation.
    examples: int


def run(one: Run, folder: Path, outcome: Outcome) -> None:
    """Adds what comes of it."""
    report = folder / f"{one.name}.json"
    report.unlink(missing_ok=True)
    document = folder / f"{one.name}.openapi.json"
    document.write_text(json.dumps(with_events(one.document)))
    config = folder / f"{one.name}.toml"
    config.write_text(
        f'seed = {SEED}\nmax-stream-events = {EVENTS}\ncontinue-on-failure = true\n'
        f'[headers]\nAuthorization = "Bearer ${{CONTRACT_TOKEN}}"\nX-Forwarded-For = "{one.address}"\n'
        '[generation]\ndatabase = "none"\n'
    )
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", str(document)]
    command += ["--url", one.url, "--checks", ",".join(CHECKS), "--max-examples", str(one.examples)]
    command += ["--no-color", "--report", "json", "--report-json-path", str(report)]
    for operation in one.operations:
        command += ["--include-operation-id", operation.id]
    log = folder / f"{one.name}.log"
    environment = os.environ | {"CONTRACT_TOKEN": one.token}
    with log.open("w") as output:
        try:
            subprocess.run(command, env=environment, stdout=output, stderr=output, timeout=TIME_MAX_S, check=False)
        except subprocess.TimeoutExpired:
            outcome.failures.append(f"{one.name}: not done after {TIME_MAX_S} s")
    add(outcome, one, json.loads(report.read_text()) if report.exists() else None, log)


def add(outcome: Outcome, one: Run, report: dict[str, Any] | None, log: Path) -> None:
    """Reads a report; without one the run itself went wrong."""
    if report is None:
        outcome.failures.append(f"{one.name}: no report; its log ends: {log.read_text()[-2000:]}")
        return
    outcome.tested += report["operations"]["tested"]
    outcome.cases += report["test_cases"]["generated"]
    if report["operations"]["tested"] != len(one.operations):
        outcome.failures.append(f"{one.name}: {report['operations']} instead of {len(one.operations)}")
    if report["exit_code"] != 0:
        outcome.failures.append(f"{one.name}: see below\n{log.read_text()}")
    for operation, rates in report["valid_rates"].items():
        if not any(phase["accepted"] for phase in rates.values()):
            outcome.never_accepted.append(operation)
