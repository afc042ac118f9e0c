/** Why a file proves nothing. */
export type ProofFailure =
  | "size"
  | "no_proof"
  | "format"
  | "checksum"
  | "form"
  | "path"
  | "hour"
  | "invoice"
  | "charge"
  | "another";

const WORDS: Record<ProofFailure, string> = {
  size: "The file is too long: it is no proof.",
  no_proof: "This is no proof.",
  format: "The proof is of another format than this page reads.",
  checksum: "The file was changed, cut or added to: its checksum does not fit.",
  form: "The proof is not written in the one form that it has.",
  path: "A path of the proof does not fit its place.",
  hour: "The record is not of its part's hour.",
  invoice: "The invoice's hash is not of this month, or not of the root that the proof comes to.",
  charge: "A charge carries neither the root of a beginning of this month nor the invoice's hash.",
  another: "The proof is of another request than the one that was asked for.",
};

export class ProofError extends Error {
  readonly failure: ProofFailure;

  constructor(failure: ProofFailure) {
    super(WORDS[failure]);
    this.name = "ProofError";
    this.failure = failure;
  }
}
