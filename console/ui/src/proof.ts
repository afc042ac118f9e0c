// Verifies a proof in the browser, which asks nobody: the same files, and the same refusals, as the Rust module `proof` of
// suiftly-schema, which also says what each field means and what the proof does not show.
import { ProofError } from "./proof/error";
import { type ProofFile, type ProofPart, type ProofRecord, parseProof } from "./proof/file";
import { monthBytes, partBytes, recordBytes } from "./proof/leaves";
import { type Hash, isConsistent, leaf, node, rootByPath, type Tree } from "./proof/tree";

export { ProofError, type ProofFailure } from "./proof/error";
export type { ProofPart, ProofRecord } from "./proof/file";
export type { Hash, Tree } from "./proof/tree";

/** A root that stands elsewhere: to be compared there. */
export interface Anchor {
  readonly kind: "invoice" | "charge";
  /** The invoice's number, or the charge's transaction. */
  readonly name: string;
  readonly root: Hash;
  /** Whether the record is under it: a charge may have been made before its part was sealed. */
  readonly covers: boolean;
}

export interface VerifiedProof {
  readonly record: ProofRecord;
  readonly part: ProofPart;
  /** Records of the part. */
  readonly records: number;
  /** As "2026-11". */
  readonly month: string;
  /** The month's tree as the file knows it. */
  readonly tree: Tree;
  readonly anchors: readonly Anchor[];
}

const HOUR_MS = 3_600_000;

/** Recomputes everything in a file; throws a {@link ProofError} where something does not fit. */
export async function verifyProof(bytes: Uint8Array): Promise<VerifiedProof> {
  const file = await parseProof(bytes);
  const { record, part, in_part, in_month } = file;
  if (record.timestamp - (record.timestamp % HOUR_MS) !== part.hour) throw new ProofError("hour");
  const records = await treeOf(await leaf(recordBytes(record)), in_part);
  const tree = await treeOf(await leaf(partBytes(part, records)), in_month);
  const month = new Date(part.hour).toISOString().slice(0, "2026-11".length);
  const anchors = file.invoice === null ? [] : [await invoiceAnchor(file.invoice, month, tree)];
  const invoice = anchors[0]?.root ?? null;
  for (const charge of file.charges) {
    anchors.push(await chargeAnchor(charge, in_month.index, tree, invoice));
  }
  return { record, part, records: records.count, month, tree, anchors };
}

/** Whether a record is the request of this name: its id, or `<server>-<boot>-<seq>`. */
export function isOfRequest(
  { server_id, line, request_id }: ProofRecord,
  request: string,
): boolean {
  if (request_id !== null && request === request_id) return true;
  return line !== null && request === `${server_id}-${line.boot}-${line.seq}`;
}

async function treeOf(of: Hash, place: ProofFile["in_part"]): Promise<Tree> {
  const root = await rootByPath(of, place.index, place.count, place.path);
  if (root === null) throw new ProofError("path");
  return { count: place.count, root };
}

/** The invoice's hash follows from the month, its root, and the hash of everything else that was billed by. */
async function invoiceAnchor(
  { number, hash, rest }: NonNullable<ProofFile["invoice"]>,
  month: string,
  tree: Tree,
): Promise<Anchor> {
  if ((await node(rest, await leaf(monthBytes(month, tree)))) !== hash) {
    throw new ProofError("invoice");
  }
  return { kind: "invoice", name: number, root: hash, covers: true };
}

async function chargeAnchor(
  charge: ProofFile["charges"][number],
  part: number,
  tree: Tree,
  invoice: Hash | null,
): Promise<Anchor> {
  const { digest: name, root, parts, path } = charge;
  const holds =
    parts === null
      ? root === invoice && path.length === 0
      : await isConsistent({ count: parts, root }, tree, path);
  if (!holds) throw new ProofError("charge");
  return { kind: "charge", name, root, covers: parts === null || part < parts };
}
