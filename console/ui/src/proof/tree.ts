// The Merkle tree of RFC 6962: from a leaf to its root, and whether one tree is the beginning of another. Counts may be
// beyond 32 bits, so nothing here is done on bits.

/** SHA-256, as 64 lower-case hexadecimal digits. */
export type Hash = string;
export type Bytes = Uint8Array<ArrayBuffer>;

export interface Tree {
  readonly count: number;
  readonly root: Hash;
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

export function fromHex(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export async function sha256(bytes: Bytes): Promise<Hash> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

export function leaf(content: Bytes): Promise<Hash> {
  return sha256(concat(Uint8Array.of(0), content));
}

export function node(left: Hash, right: Hash): Promise<Hash> {
  return sha256(concat(Uint8Array.of(1), fromHex(left), fromHex(right)));
}

/** The root of a tree without leaves. */
export function ofNoLeaves(): Promise<Hash> {
  return sha256(new Uint8Array());
}

const above = (index: number) => Math.floor(index / 2);

/** The root that a leaf and its path come to; null: the path is not one of this place. */
export async function rootByPath(
  leaf: Hash,
  index: number,
  count: number,
  path: readonly Hash[],
): Promise<Hash | null> {
  if (index >= count) return null;
  let [at, last, hash, used] = [index, count - 1, leaf, 0];
  for (; last > 0; at = above(at), last = above(last)) {
    const isRight = at % 2 === 1;
    if (!isRight && at === last) continue;
    const sibling = path[used++];
    if (sibling === undefined) return null;
    hash = isRight ? await node(sibling, hash) : await node(hash, sibling);
  }
  return used === path.length ? hash : null;
}

/** Whether a proof shows that `before` is the beginning of `now`. */
export async function isConsistent(
  before: Tree,
  now: Tree,
  proof: readonly Hash[],
): Promise<boolean> {
  if (before.count === now.count) return proof.length === 0 && before.root === now.root;
  if (before.count === 0) return proof.length === 0 && before.root === (await ofNoLeaves());
  if (before.count > now.count) return false;
  const roots = await rootsBy(before, now.count, proof);
  return roots !== null && roots.old === before.root && roots.new === now.root;
}

async function rootsBy(before: Tree, count: number, proof: readonly Hash[]) {
  let [at, last, used] = [before.count - 1, count - 1, 0];
  while (at % 2 === 1) [at, last] = [above(at), above(last)];
  // Where the smaller tree is a full one, its root is a node of the larger one, and not repeated.
  const first = at === 0 ? before.root : proof[used++];
  if (first === undefined) return null;
  let roots = { old: first, new: first };
  for (; last > 0; at = above(at), last = above(last)) {
    const isRight = at % 2 === 1;
    if (!isRight && at === last) continue;
    const sibling = proof[used++];
    if (sibling === undefined) return null;
    roots = isRight
      ? { old: await node(sibling, roots.old), new: await node(sibling, roots.new) }
      : { old: roots.old, new: await node(roots.new, sibling) };
  }
  return used === proof.length ? roots : null;
}
