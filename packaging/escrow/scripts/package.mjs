// The Move package: its sources, and the framework it is compiled against.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { MovePackageFetcher } from "@zktx.io/sui-move-builder/full";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** The crate whose Move sources are the framework. */
const CRATE = "moverox-sui";

/** Every Move file and manifest under a folder, by its path in it. */
function moveFiles(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => /(\.move|^Move\.toml)$/.test(name));
  return Object.fromEntries(
    names.sort().map((name) => [name.split(sep).join("/"), readFileSync(join(folder, name), "utf8")]),
  );
}

/** This package's files; its tests only where they run. */
export function sources({ withTests }) {
  const own = ["sources", ...(withTests ? ["tests"] : [])].flatMap((folder) =>
    Object.entries(moveFiles(join(ROOT, folder))).map(([name, text]) => [`${folder}/${name}`, text]),
  );
  return Object.fromEntries([["Move.toml", readFileSync(join(ROOT, "Move.toml"), "utf8")], ...own]);
}

/** Where cargo has put the framework's sources. It fetches them, with the checksums of Cargo.lock, if they are not there. */
function frameworkFolder() {
  const manifest = join(ROOT, "framework", "Cargo.toml");
  const args = ["metadata", "--quiet", "--locked", "--format-version", "1", "--manifest-path", manifest];
  const told = execFileSync("cargo", args, {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const crate = JSON.parse(told).packages.find((one) => one.name === CRATE);
  return { version: crate.version, folder: join(dirname(crate.manifest_path), "move") };
}

/** The framework, as the compiler asks for it: by the folder it has in Sui's repository. */
export class Framework extends MovePackageFetcher {
  constructor() {
    super();
    const { version, folder } = frameworkFolder();
    this.folder = folder;
    this.name = `${CRATE} ${version}`;
  }

  async fetch(_repository, _revision, subdir) {
    return moveFiles(join(this.folder, basename(subdir)));
  }

  async fetchFile() {
    return null;
  }

  /** A digest of every file that is compiled against. */
  digest() {
    const hash = createHash("sha256");
    for (const [name, text] of Object.entries(moveFiles(this.folder))) {
      hash.update(`${name}\0${Buffer.byteLength(text)}\0${text}`);
    }
    return hash.digest("hex");
  }
}
