import { expect, test } from "vitest";
import { BAR_BYTES, firstLoad, wrong } from "../size.mjs";

const manifest = {
  "index.html": {
    file: "main.js",
    imports: ["_shared"],
    dynamicImports: ["src/overview/Overview.tsx"],
  },
  "src/overview/Overview.tsx": { file: "overview.js", imports: ["index.html", "_charts"] },
  _shared: { file: "shared.js" },
  _charts: { file: "charts.js", imports: ["_shared"], css: ["charts.css"] },
  "src/billing/BillingPage.tsx": { file: "billing.js", imports: ["_shared"] },
};

test("the first load is the entry, the page, and what either imports, each once", () => {
  expect(firstLoad(manifest)).toEqual(["main.js", "shared.js", "overview.js", "charts.js"]);
  expect(() => firstLoad({ "index.html": { file: "main.js" } })).toThrow(
    "src/overview/Overview.tsx",
  );
});

const chunk = (file: string, gzip: number, ...packages: string[]) => ({ file, gzip, packages });

test.each([
  ["within the bar", [chunk("a.js", BAR_BYTES, "react")], []],
  ["above it", [chunk("a.js", BAR_BYTES), chunk("b.js", 100)], ["200.1 KB are more than 200.0 KB"]],
  [
    "wallet code",
    [chunk("a.js", 1, "@mysten/sui")],
    ["a.js has wallet code: what imports it must be loaded when it is used"],
  ],
])("%s", (_, chunks, words) => {
  expect(wrong(chunks)).toEqual(words);
});
