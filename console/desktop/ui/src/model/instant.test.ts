import { describe, expect, it } from "vitest";
import { clockMs, instantText, parseInstant } from "./instant";

describe("an instant as it is typed", () => {
  it.each([
    ["2026-12-01", "2026-12-01T00:00:00.000Z"],
    ["2026-12-01 13:30", "2026-12-01T13:30:00.000Z"],
    [" 2026-12-01T13:30:05Z ", "2026-12-01T13:30:05.000Z"],
    ["2026-02-30", null],
    ["2026-12-01 25:00", null],
    ["tomorrow", null],
    ["", null],
  ])("%j is %s", (text, iso) => {
    const ms = parseInstant(text);
    expect(ms === null ? null : new Date(ms).toISOString()).toBe(iso);
  });
  it("is typed back as it is written, to the minute", () => {
    expect(instantText(Date.parse("2026-12-01T13:30:59Z"))).toBe("2026-12-01 13:30");
  });
});

it.each([
  ["2026-11-19T14:21:08.146Z", "14:21:08.146"],
  ["2026-11-19T14:21:08.1Z", "14:21:08.100"],
  ["2026-11-19T14:21:08Z", "14:21:08.000"],
])("%s is %s", (timestamp, clock) => {
  expect(clockMs(timestamp)).toBe(clock);
});
