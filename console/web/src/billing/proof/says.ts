// What is said of a proof that was verified, and of one that was not.
import { ProofError, type VerifiedProof } from "@suiftly/ui/proof";
import { WORDS } from "./words";

export const VERIFY_COMMAND = "suiftly audit verify proof.json";

/** One step of the way up, and the hash that it comes to. */
export interface Step {
  readonly name: string;
  readonly says: string;
  readonly hash: string | null;
}

/** From the request to the month's root. */
export function steps({ record, part, records, month, tree }: VerifiedProof): readonly Step[] {
  const { timestamp, status_code, bytes_sent, request_id } = record;
  const at = new Date(timestamp).toISOString();
  const epochs = `epochs ${part.first_epoch} to ${part.last_epoch}`;
  return [
    {
      name: request_id === null ? "Request" : `Request ${request_id}`,
      says: `${at}, status ${status_code}, ${count(bytes_sent, "byte")}`,
      hash: null,
    },
    {
      name: `Hour of ${new Date(part.hour).toISOString()}`,
      says: `one of ${count(records, "billed record")}, ${epochs} of journal ${part.journal.slice(0, 8)}…`,
      hash: null,
    },
    {
      name: `Month ${month}`,
      says: `one of ${count(tree.count, "part")}, whose root is`,
      hash: tree.root,
    },
  ];
}

export function count(value: number, unit: string): string {
  return `${value.toLocaleString("en-US")} ${unit}${value === 1 ? "" : "s"}`;
}

/** What is wrong with a file, if that is what the error is about. */
export function brokenWords(error: unknown): string | null {
  return error instanceof ProofError ? `${error.message} ${WORDS.brokenMore}` : null;
}

/** What the file is called when it is kept: by the request's time. */
export function fileName({ record }: VerifiedProof): string {
  return `proof-${new Date(record.timestamp).toISOString().replace(/[:.]/g, "")}.json`;
}
