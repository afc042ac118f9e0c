// `npm run check`: compiles the package and holds it against interface.json.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { compile } from "./compile.mjs";
import { Framework, ROOT } from "./package.mjs";

/** Where two values differ, by path. */
function* differences(committed, compiled, path = "") {
  const isParted = [committed, compiled].every((one) => one !== null && typeof one === "object");
  if (!isParted) {
    if (!isDeepStrictEqual(committed, compiled)) {
      yield `${path}: interface.json has ${JSON.stringify(committed)}, the package ${JSON.stringify(compiled)}`;
    }
    return;
  }
  for (const key of new Set([...Object.keys(committed), ...Object.keys(compiled)])) {
    yield* differences(committed[key], compiled[key], path ? `${path}.${key}` : key);
  }
}

/** How the compiled package differs from interface.json; none if it does not. */
export async function check(framework) {
  const committed = JSON.parse(readFileSync(join(ROOT, "interface.json"), "utf8"));
  const { interface: compiled } = await compile(framework);
  return { digest: compiled.digest, found: [...differences(committed, compiled)] };
}

if (process.argv[1] === import.meta.filename) {
  const { digest, found } = await check(new Framework());
  for (const one of found) console.error(one);
  console.log(
    found.length === 0
      ? `the package is what interface.json says: ${digest}`
      : "run `npm run build`, and look at what changed",
  );
  process.exitCode = found.length === 0 ? 0 : 1;
}
