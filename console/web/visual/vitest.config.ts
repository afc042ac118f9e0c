import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.visual.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
