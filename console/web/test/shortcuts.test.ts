import { describe, expect, test } from "vitest";
import { type Circumstances, parentOf, pressed } from "../src/shell/shortcuts";

const FREE: Circumstances = { typing: false, covered: false, lettersOff: false, going: false };

function press(key: string, at: Partial<Circumstances> = {}, command = false) {
  return pressed({ key, command, alt: false }, { ...FREE, ...at });
}

test.each([
  ["/", { does: "filter" }],
  ["?", { does: "list" }],
  ["t", { does: "theme" }],
  ["Escape", { does: "back" }],
  ["x", null],
])("%s", (key, act) => {
  expect(press(key)).toEqual({ act, going: false });
});

test.each([
  ["o", "/"],
  ["u", "/usage"],
  ["k", "/keys"],
  ["b", "/billing"],
  ["a", "/activity"],
  ["s", "/settings"],
])("g %s goes to %s", (letter, to) => {
  expect(press("g")).toEqual({ act: null, going: true });
  expect(press(letter, { going: true })).toEqual({ act: { does: "go", to }, going: false });
});

test("a letter that leads nowhere ends the going, and does nothing else", () => {
  expect(press("t", { going: true })).toEqual({ act: null, going: false });
});

describe("keys that are somebody else's", () => {
  test.each(["/", "?", "t", "g", "Escape"])("%s while typing, and under a dialog", (key) => {
    expect(press(key, { typing: true }).act).toBeNull();
    expect(press(key, { covered: true })).toEqual({ act: null, going: false });
  });

  test.each(["/", "?", "t", "g"])("%s where letters are switched off", (key) => {
    expect(press(key, { lettersOff: true })).toEqual({ act: null, going: false });
  });

  test("a letter with Ctrl or Alt is the browser's", () => {
    expect(press("t", {}, true).act).toBeNull();
    expect(pressed({ key: "t", command: false, alt: true }, FREE).act).toBeNull();
  });
});

test("the palette opens while typing too, with letters off, but over no dialog", () => {
  const palette = { act: { does: "palette" }, going: false };
  expect(press("k", { typing: true }, true)).toEqual(palette);
  expect(press("K", { lettersOff: true }, true)).toEqual(palette);
  expect(press("k", { covered: true }, true).act).toBeNull();
});

test.each([
  ["/", null],
  ["/billing", null],
  ["/billing/transactions", "/billing"],
  ["/billing/invoices/INV-2026-000001", "/billing"],
  ["/services/seal", "/"],
  ["/services/seal/configure", "/services/seal"],
])("one level up from %s is %s", (path, parent) => {
  expect(parentOf(path)).toBe(parent);
});
