// `npm run mutants`: breaks the contract in one place at a time, and says which breaks no test notices. A quarter of an
// hour of one core, so by hand, after a change of the contract; what it said last is in docs/proof/move.md.
import { initMovePackageBuilder, testMovePackage } from "@zktx.io/sui-move-builder/full";
import { Framework, sources } from "./package.mjs";

/** Ways to break a line: what to look for, and what to put there. */
const SWAPS = [
  [/ <= /g, " < "],
  [/ >= /g, " > "],
  [/ < /g, " <= "],
  [/ > /g, " >= "],
  [/ == /g, " != "],
  [/ && /g, " || "],
  [/ \|\| /g, " && "],
  [/ \+ /g, " - "],
  [/ - /g, " + "],
  [/\.min\(/g, ".max("],
  [/\.max\(/g, ".min("],
  [/\btrue\b/g, "false"],
  [/\bfalse\b/g, "true"],
];
/** Statements that may be left out: checks, and changes of state. */
const STATEMENT =
  /^\s+(assert!\(.*\)|[\w.*():]+(\.|::)(check\w*|insert|remove|emit\w*|conclude|write|add|set_\w+|cancel|pay|charge|refund|push_back)\(.*\)|\*?[\w.]+ = .*);$/;

/** A file's mutants: what the line becomes, and the file with it. Only what is compiled for the chain is broken. */
function* mutants(name, text) {
  const lines = text.split("\n");
  const end = lines.indexOf("#[test_only]");
  const put = (at, line) => [...lines.slice(0, at), line, ...lines.slice(at + 1)].join("\n");
  for (const [at, line] of lines.entries()) {
    if (end !== -1 && at >= end) return;
    if (/^\s*\/\/|^(use|module|public struct|const E|const [A-Z_]+: u8)/.test(line)) continue;
    const where = `${name}:${at + 1}`;
    const constant = /^const ([A-Z_0-9]+): u64 = ([\d_]+)(.*);/.exec(line);
    if (constant) {
      const more = Number(constant[2].replaceAll("_", "")) + 1;
      yield {
        where,
        line: `${constant[1]} = ${more}${constant[3]}`,
        text: put(at, `const ${constant[1]}: u64 = ${more}${constant[3]};`),
      };
      continue;
    }
    if (STATEMENT.test(line)) yield { where, line: `without: ${line.trim()}`, text: put(at, "") };
    for (const [found, other] of SWAPS) {
      for (const { index, 0: was } of line.matchAll(found)) {
        const broken = line.slice(0, index) + other + line.slice(index + was.length);
        // Arrows and generics are no comparisons.
        if (!/=>|->/.test(line)) yield { where, line: broken.trim(), text: put(at, broken) };
      }
    }
  }
}

await initMovePackageBuilder();
const [fetcher, whole] = [new Framework(), sources({ withTests: true })];
// The random walks take half of the time, and are asked only about what the others have not noticed.
const quick = Object.fromEntries(Object.entries(whole).filter(([name]) => !name.includes("walk")));
const verdictOn = async (files) => {
  const run = await testMovePackage({ files, fetcher, ansiColor: false, silenceWarnings: true });
  if (run.error) return "broken";
  return run.passed ? undefined : "noticed";
};
const words = ({ noticed, survived, broken }) => `${noticed} noticed, ${survived} survived, ${broken} do not compile`;
const all = { noticed: 0, survived: 0, broken: 0 };
for (const [name, text] of Object.entries(whole).filter(([name]) => name.startsWith("sources/"))) {
  const counts = { noticed: 0, survived: 0, broken: 0 };
  for (const mutant of mutants(name, text)) {
    const verdict =
      (await verdictOn({ ...quick, [name]: mutant.text })) ?? (await verdictOn({ ...whole, [name]: mutant.text }));
    counts[verdict ?? "survived"] += 1;
    if (verdict === undefined) console.log(`survived: ${mutant.where}: ${mutant.line}`);
  }
  for (const key of Object.keys(all)) all[key] += counts[key];
  console.log(`${name}: ${words(counts)}`);
}
console.log(`in all: ${words(all)}`);
