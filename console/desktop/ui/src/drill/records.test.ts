import type { RecordSummary } from "@suiftly/ui/api/admin";
import { expect, test } from "vitest";
import { cellsOfRecords } from "./cells";
import { combine } from "./records";

function summary(
  groups: readonly (readonly [number, number])[],
  change: Partial<RecordSummary> = {},
) {
  return {
    from: "2026-11-19T14:00:00Z",
    to: "2026-11-19T15:00:00Z",
    requests: groups.reduce((sum, [, requests]) => sum + requests, 0),
    customers: groups.length,
    not_billed_micro_usd: 100,
    groups: groups.map(([customer_id, requests]) => ({
      group: { customer_id },
      requests,
      first_at: "2026-11-19T14:00:00Z",
      last_at: "2026-11-19T14:26:12Z",
    })),
    groups_left_out: 0,
    ...change,
  } satisfies RecordSummary;
}

test("one question is answered as it came", () => {
  const counted = combine([summary([[1, 9]], { customers: 211, groups_left_out: 191 })], []);
  expect(counted).toMatchObject({
    requests: 9,
    customers: 211,
    leftOut: 191,
    notBilledMicroUsd: 100,
  });
  expect(counted.groups[0]?.lastAt).toBe(Date.parse("2026-11-19T14:26:12Z"));
});

test("several are added, and a customer of two is one", () => {
  const counted = combine(
    [
      summary([[1, 5]]),
      summary([
        [2, 7],
        [1, 4],
      ]),
    ],
    [],
  );
  expect(counted.groups.map(({ group, requests }) => [group.customer_id, requests])).toEqual([
    [1, 9],
    [2, 7],
  ]);
  expect(counted).toMatchObject({ requests: 16, customers: 2, notBilledMicroUsd: 200 });
});

test("what is taken off leaves no empty groups", () => {
  const counted = combine(
    [
      summary([
        [1, 9],
        [2, 4],
      ]),
    ],
    [summary([[1, 9]], { not_billed_micro_usd: 0 })],
  );
  expect(counted.groups.map(({ group }) => group.customer_id)).toEqual([2]);
  expect(counted).toMatchObject({ requests: 4, customers: 1 });
});

test("records counted by gateway and backend are cells", () => {
  const group = { server_id: 34, backend_id: 2, event_type: 53, termination_state: "sH--" };
  const { cells, requests } = cellsOfRecords([{ group, requests: 8, lastAt: 0 }], []);
  expect(requests).toBe(8);
  expect(cells[0]).toMatchObject({ filter: group, usual: 0, termination: "sH--", phases: null });
});
