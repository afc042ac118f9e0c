import { expect, it } from "vitest";
import { serviceWord } from "./services";

it.each([
  ["seal", "Seal"],
  ["grpc", "gRPC"],
  ["another", "another"],
  [null, "unknown"],
  [undefined, "unknown"],
])("%s is %s", (service, word) => {
  expect(serviceWord(service)).toBe(word);
});
