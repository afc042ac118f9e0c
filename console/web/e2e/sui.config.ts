import { defineConfig } from "vitest/config";

// The journey where the escrow is a contract: it takes a server with `--escrow sui` beside a local chain.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.sui.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // The cases walk through one session in one browser, in their order.
    bail: 1,
  },
});
