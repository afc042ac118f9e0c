import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  type Anchor,
  ProofError,
  type ProofPart,
  type ProofRecord,
  verifyProof,
} from "../src/proof";
import { monthBytes, partBytes, recordBytes } from "../src/proof/leaves";
import {
  fromHex,
  isConsistent,
  leaf,
  node,
  ofNoLeaves,
  rootByPath,
  sha256,
  toHex,
  utf8,
} from "../src/proof/tree";

interface Vectors {
  tree: {
    leaves: string[];
    roots: string[];
    paths: { index: number; count: number; path: string[] }[];
    consistency: { before: number; count: number; path: string[] }[];
  };
  leaves: {
    records: { record: ProofRecord; encoded: string; leaf: string }[];
    parts: { part: ProofPart; count: number; root: string; encoded: string; leaf: string }[];
  };
  files: {
    valid: { name: string; root: string; parts: number; anchors: Anchor[]; file: string }[];
    invalid: {
      name: string;
      error: string;
      of: string;
      old: string;
      new: string;
      sealed: boolean;
    }[];
    inputs: {
      hash: string;
      rest: string | null;
      month: string | null;
      parts: number | null;
      root: string | null;
    }[];
  };
}

/** What Rust's verifier is held against too. */
function vectors<K extends keyof Vectors>(name: K): Vectors[K] {
  const at = new URL(`../../../schema/tests/data/proof/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(at, "utf8"));
}

async function sealed(text: string): Promise<string> {
  const body = text.slice(0, -74);
  return `${body},"sum":"${await sha256(utf8(body))}"}`;
}

async function failure(bytes: Uint8Array): Promise<string> {
  try {
    await verifyProof(bytes);
    return "verified";
  } catch (error) {
    if (error instanceof ProofError) return error.failure;
    throw error;
  }
}

test("the published vectors of certificate transparency", async () => {
  const { leaves, roots, paths, consistency } = vectors("tree");
  const hashes = await Promise.all(leaves.map((content) => leaf(fromHex(content))));
  expect([hashes.length, roots.length, paths.length, consistency.length]).toEqual([8, 9, 36, 45]);
  expect(await ofNoLeaves()).toBe(roots[0]);
  for (const { index, count, path } of paths) {
    const of = hashes[index] ?? "";
    expect(await rootByPath(of, index, count, path)).toBe(roots[count]);
    expect(await rootByPath(of, index, count, [...path, of])).toBeNull();
    expect(await rootByPath(of, count, count, path)).toBeNull();
    if (path.length > 0) expect(await rootByPath(of, index, count, path.slice(1))).toBeNull();
  }
  for (const { before, count, path } of consistency) {
    const [old, now] = [before, count].map((count) => ({ count, root: roots[count] ?? "" }));
    if (old === undefined || now === undefined) throw new Error("no vector");
    expect(await isConsistent(old, now, path)).toBe(true);
    expect(await isConsistent(old, now, [...path, now.root])).toBe(false);
    const other = await sha256(utf8("another"));
    expect(await isConsistent({ ...old, root: other }, now, path)).toBe(false);
    if (before > 0) expect(await isConsistent(old, { ...now, root: other }, path)).toBe(false);
    if (before < count) expect(await isConsistent(now, old, path)).toBe(false);
    for (const i of path.keys()) {
      expect(await isConsistent(old, now, path.with(i, other))).toBe(false);
      expect(await isConsistent(old, now, path.toSpliced(i, 1))).toBe(false);
    }
  }
});

test("records and parts are encoded as the vectors have them", async () => {
  const { records, parts } = vectors("leaves");
  expect([records.length, parts.length]).toEqual([6, 3]);
  for (const of of records) {
    expect(toHex(recordBytes(of.record))).toBe(of.encoded);
    expect(await leaf(recordBytes(of.record))).toBe(of.leaf);
  }
  for (const of of parts) {
    expect(toHex(partBytes(of.part, of))).toBe(of.encoded);
    expect(await leaf(partBytes(of.part, of))).toBe(of.leaf);
  }
});

test("an invoice's hash is that of its month and of the rest", async () => {
  const [of] = vectors("files").inputs;
  if (of?.rest == null || of.month === null || of.parts === null || of.root === null) {
    throw new Error("no vector");
  }
  const month = await leaf(monthBytes(of.month, { count: of.parts, root: of.root }));
  expect(await node(of.rest, month)).toBe(of.hash);
  const next = await leaf(monthBytes("2026-12", { count: of.parts, root: of.root }));
  expect(await node(of.rest, next)).not.toBe(of.hash);
});

test("a valid file says what it proves", async () => {
  const { valid } = vectors("files");
  expect(valid.map((file) => file.name)).toEqual(["running", "closed", "alone", "of ten million"]);
  for (const { file, root, parts, anchors } of valid) {
    const found = await verifyProof(utf8(file));
    expect(found.tree).toEqual({ root, count: parts });
    expect(found.anchors).toEqual(anchors);
    expect(found.month).toBe("2026-11");
    expect(JSON.parse(file).record).toEqual(found.record);
  }
});

test("what is no proof is refused for the same reason as in Rust", async () => {
  const { valid, invalid } = vectors("files");
  expect(invalid.length).toBeGreaterThan(130);
  for (const bad of invalid) {
    const whole = valid.find((file) => file.name === bad.of)?.file ?? "";
    const changed = whole.replace(bad.old, () => bad.new);
    expect(changed, bad.name).not.toBe(whole);
    const text = bad.sealed ? await sealed(changed) : changed;
    expect(await failure(utf8(text)), bad.name).toBe(bad.error);
  }
});

test("each byte counts", async () => {
  const whole = utf8(vectors("files").valid.find((file) => file.name === "closed")?.file ?? "");
  const flipped = Array.from(whole.keys(), (at) => whole.with(at, (whole[at] ?? 0) ^ 1));
  const failures = await Promise.all(flipped.map(failure));
  expect(failures.length).toBe(whole.length);
  expect(failures.flatMap((found, at) => (found === "verified" ? [at] : []))).toEqual([]);
});

test("what is no file at all", async () => {
  for (const text of ["", "{", "{}", "[]", '{"suiftly_proof":x', "no proof at all"]) {
    expect(await failure(utf8(text)), text).toBe("no_proof");
  }
  expect(await failure(Uint8Array.of(0xff, 0xfe))).toBe("form");
  expect(await failure(new Uint8Array((16 << 20) + 1))).toBe("size");
});
