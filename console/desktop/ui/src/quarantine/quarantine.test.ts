import { describe, expect, it } from "vitest";
import { attributionOf, nextName, rowsOf, withRow, wrongName } from "./attribution";
import { bytesOf, dump } from "./hex";
import { bodyOf, markAt } from "./marks";
import { progressOf, spanOf } from "./progress";
import { linesWaiting, replayable } from "./waiting";
import { canBeGiven, outcomeWord, reasonWord, standOf } from "./words";

describe("marks", () => {
  it.each([
    ["200 20x 7", 5, ["200 ", "20x", " 7"]],
    ["200 20x", 8, ["200 20x", "", ""]],
    ["200", 99, ["200", "", ""]],
    ["ab", null, ["ab", "", ""]],
    ["é x", 3, ["é ", "x", ""]],
    ["😀 bad end", 3, ["😀 ", "bad", " end"]],
    ["a  b c", 2, ["a", "  b", " c"]],
  ])("marks %j at %s", (text, at, [before, wrong, after]) => {
    expect(markAt(text, at)).toEqual({ before, wrong, after });
  });
});

describe("a line’s body", () => {
  it.each([
    ["<134>Nov 22 22:11:01 edge haproxy[9]: SF1 1 2 3", "SF1 1 2 3"],
    ["garbage without: header", "garbage without: header"],
    [
      "<134>1 2026-11-22T22:11:01Z edge haproxy 9 - - body",
      "<134>1 2026-11-22T22:11:01Z edge haproxy 9 - - body",
    ],
    ["<134>Nov 22 22:11:01 edge haproxy[9]: ", "<134>Nov 22 22:11:01 edge haproxy[9]: "],
  ])("%j is %j", (text, body) => {
    expect(bodyOf(text)).toBe(body);
  });
});

describe("dump", () => {
  it("shows bytes, and a dot for what cannot be printed", () => {
    expect(dump(bytesOf(btoa("caf\xe9 \x00")))).toEqual([
      { at: "0000", bytes: "63 61 66 e9 20 00", text: "caf. ." },
    ]);
  });
  it("has sixteen a row", () => {
    const rows = dump(new Uint8Array(33));
    expect(rows.map(({ at }) => at)).toEqual(["0000", "0010", "0020"]);
    expect(rows[2]?.bytes).toBe("00");
    expect(dump(new Uint8Array(0))).toEqual([]);
  });
});

describe("attribution", () => {
  it("goes into rows and back", () => {
    const said = { customer: "hr[1]", service: "=seal" };
    expect(attributionOf(rowsOf(said))).toEqual(said);
  });
  it("leaves out what says nothing yet", () => {
    const rows = withRow(rowsOf({ customer: " hr[1] " }));
    expect(rows.at(-1)).toEqual({ id: 2, name: "key", from: "" });
    expect(attributionOf(rows)).toEqual({ customer: "hr[1]" });
  });
  it("has each name once", () => {
    let rows = rowsOf({});
    for (let more = 0; more < 20; more += 1) rows = withRow(rows);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(15);
    expect(rows).toHaveLength(15);
    expect(nextName(rows)).toBeNull();
  });
  it.each([
    ["", "Give it a name."],
    ["edge-2.a_b", null],
    ["an edge", "Letters, digits, and . _ - only."],
    ["x".repeat(65), "At most 64 characters."],
  ])("says of the name %j: %s", (name, words) => {
    expect(wrongName(name)).toBe(words);
  });
});

describe("outcomes", () => {
  it.each([
    [null, null, "kept", "kept"],
    [null, "2026-11-22T22:00:00Z", "under_way", "under way"],
    ["accepted", "2026-11-22T22:00:00Z", "record", "became a record"],
    ["duplicate", "2026-11-22T22:00:00Z", "done", "a record it already was"],
    ["sf1_tokens", "2026-11-22T22:00:00Z", "again", "rejected again: other than 30 tokens"],
  ] as const)("%s asked %s is %s", (outcome, requested_at, stand, word) => {
    expect(standOf({ outcome, requested_at })).toBe(stand);
    expect(outcomeWord({ outcome, requested_at })).toBe(word);
    expect(canBeGiven({ outcome, requested_at })).toBe(stand === "kept" || stand === "again");
  });
  it("says a reason that it does not know all the same", () => {
    expect(reasonWord("unknown_format")).toBe("Of no known format");
    expect(reasonWord("brand_new")).toBe("Brand new");
  });
});

describe("progress", () => {
  const line = (offset: number, requested_at: string | null, outcome: string | null) => ({
    offset,
    requested_at,
    outcome,
    received_at: "2026-11-22T22:00:00Z",
  });
  it("is of the lines asked for last", () => {
    const [before, last] = ["2026-11-22T22:00:00Z", "2026-11-22T22:05:00.5Z"];
    const lines = [
      line(1, null, null),
      line(2, before, "unknown_format"),
      line(3, last, "accepted"),
      line(4, last, null),
      line(5, last, "duplicate"),
      line(6, last, "sf1_tokens"),
    ];
    expect(progressOf(lines)).toEqual({
      total: 4,
      underWay: 1,
      records: 1,
      done: 1,
      again: 1,
      recordOffsets: [3],
    });
  });
  it("is nothing where nothing was asked for", () => {
    expect(progressOf([line(1, null, null)]).total).toBe(0);
  });
  it("spans whole minutes", () => {
    expect(spanOf([])).toBeNull();
    expect(spanOf(["2026-11-22T22:01:30Z", "2026-11-22T21:59:59.9Z"])).toEqual({
      from: "2026-11-22T21:59:00.000Z",
      to: "2026-11-22T22:02:00.000Z",
    });
  });
});

describe("lines that wait", () => {
  it("are those of every reason that have become nothing yet", () => {
    expect(linesWaiting([])).toBe(0);
    expect(linesWaiting([{ waiting: 0 }, { waiting: 3 }, { waiting: 2 }])).toBe(5);
  });
  it.each([
    [{ waiting: 3, under_way: 0 }, 3, "3 lines"],
    [{ waiting: 3, under_way: 2 }, 1, "1 line"],
    [{ waiting: 2, under_way: 2 }, 0, "0 lines"],
    [{ waiting: 1_800, under_way: 0 }, 1_000, "1,000 lines"],
    [null, 0, "0 lines"],
  ])("of %j %d can be given again", (stand, most, words) => {
    expect(replayable(stand)).toEqual({ most, words });
  });
});
