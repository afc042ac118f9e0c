import { describe, expect, it } from "vitest";
import { closings } from "./closings";
import { checkWord, documentWord, invoiceStatus, quantityWords } from "./words";

const NOW = Date.parse("2026-11-22T22:00:00Z");

describe("closings", () => {
  it("wait as long as the first does", () => {
    const next = Date.parse("2026-11-02T00:00:00Z");
    expect(closings(["2026-10", "2026-11"], next, NOW)).toEqual([
      { month: "2026-10", closesAt: next, stand: "due" },
      { month: "2026-11", closesAt: Date.parse("2026-12-02T00:00:00Z"), stand: "running" },
    ]);
  });
  it("say that a month is over and waits", () => {
    const now = Date.parse("2026-12-01T12:00:00Z");
    const [only] = closings(["2026-11"], Date.parse("2026-12-02T00:00:00Z"), now);
    expect(only?.stand).toBe("grace");
  });
  it("are none without open months", () => {
    expect(closings([], NOW, NOW)).toEqual([]);
  });
});

describe("words", () => {
  it.each([
    [quantityWords(1, "request"), "1 request"],
    [quantityWords(4_440_753, "request"), "4,440,753 requests"],
    [quantityWords(1, "piece"), "1"],
    [documentWord("credit_note"), "Credit note"],
    [invoiceStatus("failed").status, "down"],
    [invoiceStatus("odd").word, "odd"],
    [checkWord("cap"), "Drawn, at most the limit"],
    [checkWord("brand_new"), "brand new"],
  ])("%s is %s", (said, expected) => {
    expect(said).toBe(expected);
  });
});
