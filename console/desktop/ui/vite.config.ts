import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // The address that tauri.conf.json names for a build without the embedded front end.
  server: { host: "127.0.0.1", port: 5174, strictPort: true },
  // Files only: the window's content security policy allows no data: addresses.
  build: { target: "safari16", assetsInlineLimit: 0 },
  test: { include: ["src/**/*.test.ts"] },
});
