// Compiles the package, and says what came of it.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dumpMovePackage, getPinnedSuiVersion, initMovePackageBuilder } from "@zktx.io/sui-move-builder/full";
import { describe, moduleName } from "./interface.mjs";
import { ROOT, sources } from "./package.mjs";

const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** The modules by their names, and their interface. Warnings are failures: a contract has none. */
export async function compile(framework) {
  await initMovePackageBuilder();
  const files = sources({ withTests: false });
  const built = await dumpMovePackage({ files, fetcher: framework, lintFlag: "all" });
  if (built.error) throw new Error(`the package does not compile:\n${built.error}`);
  if (built.warnings) throw new Error(`the package compiles with warnings:\n${built.warnings}`);
  const texts = Object.entries(files).filter(([name]) => name.startsWith("sources/"));
  const byModule = Object.fromEntries(
    texts.map(([name, text]) => [name.slice("sources/".length, -".move".length), text]),
  );
  const modules = describe(built.modules, byModule);
  const bytes = Object.fromEntries(built.modules.map((base64) => [moduleName(base64), Buffer.from(base64, "base64")]));
  return { bytes, interface: await document(built, modules, bytes, framework) };
}

async function document(built, modules, bytes, framework) {
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const builder = "@zktx.io/sui-move-builder";
  const compiler = `Sui ${await getPinnedSuiVersion()}, of ${builder} ${devDependencies[builder]}`;
  return {
    note: "Written by `npm run build`; `npm test` holds the compiled package against it.",
    compiler,
    framework: { name: framework.name, sha256: framework.digest() },
    digest: hex(built.digest),
    dependencies: built.dependencies,
    sha256: Object.fromEntries(
      Object.entries(bytes).map(([name, code]) => [name, createHash("sha256").update(code).digest("hex")]),
    ),
    modules,
  };
}
