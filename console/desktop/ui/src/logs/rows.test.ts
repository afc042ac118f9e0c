import { describe, expect, it } from "vitest";
import { logRows, wantedRows } from "./rows";

const AT = "2026-11-22T10:00:00.5Z";
const item = (message: string, server_id: number | null = 17) => ({
  timestamp: AT,
  server_id,
  message,
  count: 1,
});

describe("rows of the log", () => {
  it("are told apart though they are equal", () => {
    const rows = logRows([item("Loading success."), item("Loading success."), item("x")]);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(3);
    expect(rows[0]).toMatchObject({ at: Date.parse(AT), serverId: 17, raw: "Loading success." });
  });

  const rows = logRows([
    item("Server be_app/app1 is DOWN, reason: Layer4 timeout.", 17),
    item("Server be_app/app1 is UP.", 33),
    item("Server be_app/app2 enters drain state.", null),
  ]);
  const name = (id: number | null) => (id === 33 ? "fra-1" : "–");
  const cases = [
    ["", false, [0, 1, 2]],
    ["APP1", false, [0, 1]],
    ["app1 down", false, [0]],
    ["went down", false, [0]],
    ["fra-1", false, [1]],
    ["app3", false, []],
    ["", true, [0, 2]],
    ["app1", true, [0]],
  ] as const;
  it.each(cases)("“%s”, trouble alone: %s", (find, trouble, expected) => {
    const found = wantedRows(rows, { find, trouble }, name);
    expect(found).toEqual(expected.map((at) => rows[at]));
  });
});
