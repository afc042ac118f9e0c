import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const PACKAGE = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;

export default defineConfig({
  plugins: [react(), tailwindcss(), packagesOfChunks()],
  build: {
    // `npm run size` reads it.
    manifest: true,
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

// Writes down which packages are in which chunk, for `npm run size`: the manifest names files of our own only.
function packagesOfChunks(): Plugin {
  return {
    name: "packages-of-chunks",
    generateBundle(_, bundle) {
      const packages: Record<string, string[]> = {};
      for (const part of Object.values(bundle)) {
        if (part.type === "chunk") packages[part.fileName] = packagesOf(part.moduleIds);
      }
      const source = `${JSON.stringify(packages, null, 2)}\n`;
      this.emitFile({ type: "asset", fileName: ".vite/packages.json", source });
    },
  };
}

function packagesOf(modules: readonly string[]): string[] {
  const names = modules
    .map((module) => PACKAGE.exec(module)?.[1])
    .filter((name) => name !== undefined);
  return [...new Set(names)].sort();
}
