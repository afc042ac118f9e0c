// `npm run build`: build/*.mv, build/digest, and interface.json.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "./compile.mjs";
import { Framework, ROOT } from "./package.mjs";

const built = await compile(new Framework());
const folder = join(ROOT, "build");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
for (const [name, bytes] of Object.entries(built.bytes)) writeFileSync(join(folder, `${name}.mv`), bytes);
writeFileSync(join(folder, "digest"), `${built.interface.digest}\n`);
writeFileSync(join(ROOT, "interface.json"), `${JSON.stringify(built.interface, null, 2)}\n`);
console.log(`${Object.keys(built.bytes).length} modules, digest ${built.interface.digest}`);
