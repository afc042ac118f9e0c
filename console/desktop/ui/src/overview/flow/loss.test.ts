import { expect, it } from "vitest";
import { ppmByServer } from "./loss";

const worker = (server_id: number, received: number, missing: number) => ({
  server_id,
  received,
  missing,
});

it.each([
  ["over a server's workers", [worker(1, 499_999, 1), worker(1, 500_000, 0)], [[1, 1]]],
  [
    "each server's own",
    [worker(1, 10, 0), worker(2, 9, 1)],
    [
      [1, 0],
      [2, 100_000],
    ],
  ],
  ["none of a server that sent nothing", [worker(1, 0, 0)], []],
])("is in millionths, %s", (_, workers, expected) => {
  expect([...ppmByServer(workers)]).toEqual(expected);
});
