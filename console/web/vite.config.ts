import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    // The content security policy allows files of our own only: nothing is inlined as data.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The dashboard, and the readable API page: it stands at /api/docs.
    rolldownOptions: { input: ["index.html", "api/docs/index.html"] },
  },
  server: {
    proxy: { "/api": "http://127.0.0.1:3000" },
  },
});
