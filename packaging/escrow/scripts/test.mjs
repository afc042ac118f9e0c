// `npm test`: compiles the package without a warning, holds it against interface.json, and runs its Move tests.
import { testMovePackage } from "@zktx.io/sui-move-builder/full";
import { check } from "./check.mjs";
import { Framework, sources } from "./package.mjs";

const framework = new Framework();
const { digest, found } = await check(framework);
for (const one of found) console.error(one);
console.log(`[ ${found.length === 0 ? "PASS" : "FAIL"}    ] interface.json: digest ${digest}`);

const run = await testMovePackage({ files: sources({ withTests: true }), fetcher: framework, ansiColor: false });
if (run.error) throw new Error(`the tests do not run:\n${run.error}`);
console.log(run.output.trimEnd());
// The runner's own closing line: nothing else says that tests ran.
const [, passed, failed] = /passed: (\d+); failed: (\d+)/.exec(run.output) ?? [];
if (passed === undefined || run.passed !== (failed === "0"))
  throw new Error("the runner's closing line was not understood");

const interfacePasses = found.length === 0 ? 1 : 0;
console.log(`move: ${Number(passed) + interfacePasses} passed, ${Number(failed) + 1 - interfacePasses} failed`);
process.exitCode = run.passed && interfacePasses && Number(passed) > 0 ? 0 : 1;
