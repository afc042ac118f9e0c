import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.e2e.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // A machine that is shared is late now and then. What passes only when it is tried again is told at the end of the checks.
    retry: 1,
    // The cases walk through one session in one browser, in their order.
    bail: 1,
  },
});
