import { defineConfig } from "vitest/config";

// The journey where the escrow is a contract: it takes a server with `--escrow sui` beside a local chain.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.sui.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // A machine that is shared is late now and then. What passes only when it is tried again is told at the end of the checks.
    retry: 1,
    // The cases walk through one session in one browser, in their order.
    bail: 1,
  },
});
