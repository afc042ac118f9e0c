import type { InfraLabels, InfraRow, PhaseTimes } from "@suiftly/ui/api/admin";
import { describe, expect, test } from "vitest";
import { type Cells, cellsOf, endWord, isChosen } from "./cells";
import { percent, spreadWords, verdict } from "./verdict";

const NOT_REACHED: PhaseTimes = { reached: 0, sum_ms: 0, time_ms: null };
const took = (ms: number): PhaseTimes => ({
  reached: 9,
  sum_ms: 9 * ms,
  time_ms: { min: ms, p50: ms, p95: ms, p99: ms, max: ms },
});

function row(group: InfraLabels, requests: number, change: Partial<InfraRow> = {}): InfraRow {
  return {
    group: { server_id: 34, service_type: "seal", ...group },
    requests,
    bytes_sent: 0,
    phases: {
      request: NOT_REACHED,
      queue: took(0),
      connect: took(1),
      response: NOT_REACHED,
      total: took(30_001),
    },
    terminations: { "sH--": requests },
    ...change,
  };
}

const GATEWAY_TIMEOUT = { backend_id: 2, event_type: 53, status_class: 5 };
const BROKE_OFF = { backend_id: 2, event_type: 51, status_class: 5 };
const SUCCESS = { backend_id: 1, event_type: 0, status_class: 2 };
const names = (id: number | null) => (id === null ? "–" : `fra-${id}`);

describe("cellsOf", () => {
  const rows = [row(BROKE_OFF, 65), row(SUCCESS, 5_000), row(GATEWAY_TIMEOUT, 935)];
  test("takes those of the measure, the most first, and what they had before", () => {
    const { cells, requests } = cellsOf("server_error", rows, [row(GATEWAY_TIMEOUT, 3)]);
    expect(requests).toBe(1_000);
    expect(cells.map(({ requests, usual }) => [requests, usual])).toEqual([
      [935, 3],
      [65, 0],
    ]);
  });
  test("where the time before is no longer kept there is no usual", () => {
    expect(cellsOf("server_error", rows, null).cells[0]?.usual).toBeNull();
  });
  test("a cell is a filter of lines", () => {
    const [cell] = cellsOf("server_error", rows, null).cells;
    const filter = { server_id: 34, service_type: "seal", backend_id: 2, event_type: 53 };
    expect(cell?.filter).toEqual(filter);
    if (!cell) throw new Error("no cell");
    expect(isChosen(cell, { ...filter, customer_id: 7 })).toBe(true);
    expect(isChosen(cell, { ...filter, backend_id: 1 })).toBe(false);
    const [success] = cellsOf("requests", [row(SUCCESS, 1)], null).cells;
    expect(success?.filter).toMatchObject({ event_type: 0, status: "2xx" });
  });
});

test.each([
  [GATEWAY_TIMEOUT, "sH--", "504 no answer"],
  [{ backend_id: 1, event_type: 0, status_class: 0 }, "CD--", "client left"],
  [{ backend_id: 1, event_type: 0, status_class: 4 }, "----", "4xx"],
  [{ backend_id: 1, event_type: 0, status_class: 0 }, "--", "no status"],
])("%j with %s ended with %s", (group, termination, word) => {
  expect(endWord({ group, termination })).toBe(word);
});

describe("verdict", () => {
  const of = (...rows: InfraRow[]): Cells => cellsOf("requests", rows, null);
  test("no answer, and a network that is fine", () => {
    expect(verdict(of(row(GATEWAY_TIMEOUT, 935), row(BROKE_OFF, 65)), names)).toEqual({
      share: "93.5% is one cell:",
      said: "fra-34 waited 30.0 s for seal local 2 and gave up.",
      because:
        "Connects stayed at 1 ms, so the network is fine; the backend itself did not answer.",
    });
  });
  test("slow connects are no fine network", () => {
    const slow = row(GATEWAY_TIMEOUT, 9);
    const cells = of({ ...slow, phases: { ...slow.phases, connect: took(900) } });
    expect(verdict(cells, names)?.because).toContain("Connects took up to 900 ms as well");
  });
  test("no single cell makes it", () => {
    const many = [4, 3, 3].map((requests, at) =>
      row({ ...BROKE_OFF, backend_id: at + 1 }, requests),
    );
    expect(verdict(of(...many), names)?.share).toBe(
      "40.0% is the largest cell; no single one makes it:",
    );
  });
  test.each([
    [
      { backend_id: 9, event_type: 60, status_class: 5 },
      "seal local 9 refused fra-34’s connections.",
      "nothing listens",
    ],
    [
      { backend_id: 0, event_type: 62, status_class: 5 },
      "fra-34 had no backend to ask for seal.",
      null,
    ],
    [
      { backend_id: 0, event_type: 0, status_class: 4 },
      "fra-34 rejected requests for seal over their rate.",
      null,
    ],
    [
      { backend_id: 0, event_type: 10, status_class: 4 },
      "fra-34 turned requests for seal away: missing key.",
      null,
    ],
    [
      { backend_id: 1, event_type: 0, status_class: 4 },
      "seal local 1 answered 4xx to fra-34.",
      null,
    ],
    [SUCCESS, "seal local 1 answered fra-34 well.", null],
  ])("%j", (group, said, because) => {
    const found = verdict(of(row(group, 1)), names);
    expect(found?.said).toBe(said);
    if (because === null) expect(found?.because).toBeNull();
    else expect(found?.because).toContain(because);
  });
  test("of nothing there is none", () => {
    expect(verdict({ cells: [], requests: 0 }, names)).toBeNull();
  });
  test("says so where the lines name no server", () => {
    const found = verdict(of(row({ ...GATEWAY_TIMEOUT, server_id: null }, 1)), names);
    expect(found?.said).toBe("an unnamed server waited 30.0 s for seal local 2 and gave up.");
  });
});

test.each([
  [1, "100%"],
  [0.99999, "99.9%"],
  [0.0001, "0.1%"],
  [0, "0%"],
])("%d is %s", (part, text) => {
  expect(percent(part)).toBe(text);
});

test.each([
  [[10], 10, "All of it is one customer."],
  [[8, 2], 10, "80.0% is one customer."],
  [[3, 2], 10, "No customer makes it alone: the largest has 30.0%."],
  [[], 0, null],
] as const)("%j of %d", (parts, requests, words) => {
  const made = parts.map((part) => ({ requests: part }));
  expect(spreadWords(made, requests, "customer")).toBe(words);
});
