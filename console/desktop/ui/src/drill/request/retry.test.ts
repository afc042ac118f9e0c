import { expect, test } from "vitest";
import { aRecord } from "../lines/sample";
import { firstAnswered, retrySpans } from "./retry";

const failed = aRecord();
const at = Date.parse(failed.timestamp) + failed.time_total_ms;
const later = (ms: number, status_code: number) =>
  aRecord({
    timestamp: new Date(at + ms).toISOString(),
    status_code,
    journal_offset: failed.journal_offset + ms + 1,
  });

test("spans follow one another up to a minute", () => {
  const spans = retrySpans(failed);
  expect(spans[0]?.from, "once it had its answer").toBe(at);
  expect(spans.at(-1)?.to).toBe(at + 60_000);
  spans.slice(1).forEach((span, index) => {
    expect(span.from).toBe(spans[index]?.to);
  });
});

test("the first that was answered well, not the request itself, nor another failure", () => {
  const page = [later(900, 200), later(140, 200), later(20, 504), failed];
  expect(firstAnswered(failed, page, false)).toMatchObject({ afterMs: 140, atMost: false });
});

test("what came before it is no retry", () => {
  expect(firstAnswered(failed, [later(-5, 200), later(0, 200)], false)).toBeNull();
});

test("a page that is not all of it says at most", () => {
  expect(firstAnswered(failed, [later(140, 200)], true)?.atMost).toBe(true);
});
