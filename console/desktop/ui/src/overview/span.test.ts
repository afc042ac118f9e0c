import { describe, expect, it } from "vitest";
import {
  hourBefore,
  lastHour,
  minuteOf,
  movingHour,
  recentSpan,
  rfc3339,
  type Span,
  sameHourLastWeek,
  secondsCovered,
} from "./span";

const MINUTE = Date.parse("2026-11-22T14:32:00Z");

describe("spans of the page", () => {
  it.each<[string, (minute: number) => Span, string, string]>([
    ["recent", recentSpan, "2026-11-22T14:27:00.000Z", "2026-11-22T14:33:00.000Z"],
    ["the last hour", lastHour, "2026-11-22T13:33:00.000Z", "2026-11-22T14:33:00.000Z"],
    ["the hour before", hourBefore, "2026-11-22T12:33:00.000Z", "2026-11-22T13:33:00.000Z"],
    ["last week", sameHourLastWeek, "2026-11-15T14:00:00.000Z", "2026-11-15T15:00:00.000Z"],
    ["moving hour", movingHour, "2026-11-22T14:00:00.000Z", "2026-11-22T15:00:00.000Z"],
  ])("%s", (_, span, from, to) => {
    const found = span(MINUTE);
    expect([rfc3339(found.from), rfc3339(found.to)]).toEqual([from, to]);
  });

  it("compares the hour that is over while the running one is young", () => {
    const young = Date.parse("2026-11-22T14:14:00Z");
    expect(rfc3339(movingHour(young).from)).toBe("2026-11-22T13:00:00.000Z");
    expect(rfc3339(movingHour(young + 60_000).from)).toBe("2026-11-22T14:00:00.000Z");
  });

  it("begins minutes", () => {
    expect(rfc3339(minuteOf(MINUTE + 59_999))).toBe("2026-11-22T14:32:00.000Z");
  });

  it.each([
    ["up to where it is complete", "2026-11-22T14:32:30Z", 330],
    ["no further than its end", "2026-11-22T15:00:00Z", 360],
    ["never less than nothing", "2026-11-22T14:00:00Z", 0],
  ])("covers seconds %s", (_, complete_to, seconds) => {
    const { from, to } = recentSpan(MINUTE);
    expect(secondsCovered({ from: rfc3339(from), to: rfc3339(to), complete_to })).toBe(seconds);
  });
});
