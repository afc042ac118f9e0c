// What the proof of a request says, in one place: nothing else of it is in words.

export const WORDS = {
  prove: "Prove",
  title: "Proof of a request",
  making: "The server reads the hour's records once more. Your browser then checks what it made.",
  holds: "Your browser recomputed every hash below: the file holds.",
  broken: "The proof does not hold",
  brokenMore: "The bill is not affected. Please tell us, with the code.",
  failed: "The proof could not be made",
  unaffected: "The bill is not affected.",
  save: "Save the proof",
  close: "Close",
  compare: "Compare with",
  nothingYet:
    "No invoice and no charge carries this root yet. The month’s invoice will: make the proof again after its close.",
  elsewhere: "Anybody can check the file, without us:",
  copyCommand: "Copy the command",
  copyRoot: "Copy",
  invoice: "Invoice",
  charge: "Charge",
  before: "made before this request was sealed",
} as const;
