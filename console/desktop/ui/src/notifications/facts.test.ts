import { expect, it } from "vitest";
import { bodyFacts } from "./facts";

const digest = "6fe138fb3d8ec8e1384429be55263c67b72a51a95d7a82af1042697d0d510ec7";
const CASES = [
  ["max_monthly_usd_cents", 147_314, "Max monthly", "$1,473.14", false],
  ["owed_micro_usd", 4_100_000, "Owed", "$4.10", false],
  ["differences", 1_204, "Differences", "1,204", false],
  ["server_id", 1_234, "Server", "1234", false],
  ["threshold", 0.5, "Threshold", "0.5", false],
  ["since", "2026-11-22T22:06:39.317Z", "Since", "22 Nov 2026 22:06:39", false],
  ["digest", digest, "Digest", digest, true],
  ["month", "2026-11", "Month", "2026-11", false],
  ["first", [{ a: 1 }], "First", '[{"a":1}]', true],
  ["is_here", true, "Is here", "yes", false],
] as const;

it.each(CASES)("%s", (name, value, word, text, code) => {
  expect(bodyFacts({ [name]: value })).toEqual([{ word, value: text, code }]);
});

it("what is not there is not shown", () => {
  expect(bodyFacts({ service: null, cause: "", of: undefined })).toEqual([]);
});
