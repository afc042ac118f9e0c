import { readFileSync } from "node:fs";
import { THEME_KEY } from "@suiftly/ui";
import { expect, test } from "vitest";

// theme.js runs before any bundle, so it cannot import the key.
test("the script in the page's head reads the key that the toggle writes", () => {
  const script = readFileSync(new URL("../public/theme.js", import.meta.url), "utf8");
  expect(script).toContain(`getItem("${THEME_KEY}")`);
});
