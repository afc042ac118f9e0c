import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ["*.e2e.ts"],
    testTimeout: 240_000,
    hookTimeout: 60_000,
    // A machine that is shared is late now and then. What passes only when it is tried again is told at the end of the checks.
    retry: 1,
    // One display, one driver, one window at a time.
    fileParallelism: false,
    disableConsoleIntercept: true,
  },
});
