import { readFileSync } from "node:fs";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// A page in a plain browser, for work on the screens: the running server that SUIFTLY_URL names, opened by the token in
// SUIFTLY_TOKEN_FILE. The token stays on this side.
const { SUIFTLY_URL, SUIFTLY_TOKEN_FILE } = process.env;
const authorization =
  SUIFTLY_TOKEN_FILE && `Bearer ${readFileSync(SUIFTLY_TOKEN_FILE, "utf8").trim()}`;
const api = {
  target: SUIFTLY_URL ?? "http://127.0.0.1:3001",
  ...(authorization && { headers: { authorization } }),
};

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // The address that tauri.conf.json names for a build without the embedded front end.
  server: { host: "127.0.0.1", port: 5174, strictPort: true, proxy: { "/api": api } },
  // Files only: the window's content security policy allows no data: addresses.
  build: { target: "safari16", assetsInlineLimit: 0 },
  test: { include: ["src/**/*.test.ts"] },
});
