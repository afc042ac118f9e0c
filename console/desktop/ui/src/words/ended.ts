// HAProxy's termination states in plain words. The first character says who or what ended the session, the second in
// which phase it was (HAProxy's configuration manual, "Session state at disconnection").

export interface Ender {
  readonly code: string;
  /** In a table's row: "server too slow". */
  readonly word: string;
}

export interface EndPhase {
  readonly code: string;
  readonly word: string;
}

export const ENDERS: readonly Ender[] = [
  { code: "C", word: "client left" },
  { code: "c", word: "client too slow" },
  { code: "S", word: "server broke off" },
  { code: "s", word: "server too slow" },
  { code: "P", word: "rule refused" },
  { code: "L", word: "answered here" },
  { code: "R", word: "out of resources" },
  { code: "I", word: "internal error" },
  { code: "D", word: "server went down" },
  { code: "U", word: "server came back" },
  { code: "K", word: "ended by an operator" },
];

export const END_PHASES: readonly EndPhase[] = [
  { code: "R", word: "Request" },
  { code: "Q", word: "Queue" },
  { code: "C", word: "Connect" },
  { code: "H", word: "Headers" },
  { code: "D", word: "Data" },
  { code: "L", word: "Last data" },
  { code: "T", word: "Tarpit" },
];

const WHILE: Readonly<Record<string, string>> = {
  R: "while the request came in",
  Q: "in the queue",
  C: "while connecting to the server",
  H: "while we waited for its headers",
  D: "while data went through",
  L: "while the last data went to the client",
  T: "in the tarpit",
};

const BY: Readonly<Record<string, string>> = {
  C: "the client left",
  c: "the client’s timer ran out",
  S: "the server broke off or refused",
  s: "the server’s timer ran out",
  P: "a rule of the proxy refused it",
  L: "the proxy answered by itself",
  R: "a resource of the proxy ran out",
  I: "the proxy found an internal error",
  D: "the server was marked down",
  U: "the server came back up",
  K: "an operator ended it",
};

/** Pairs that there are plainer words for than their two halves. */
const BOTH: Readonly<Record<string, string>> = {
  sQ: "no server was free in time",
  SC: "the server refused the connection",
  sC: "the server did not take the connection in time",
  SH: "the server broke off before its headers",
  sH: "the server did not answer in time",
  SD: "the server broke off in the middle of its answer",
  sD: "the server stalled in the middle of its answer",
  CR: "the client left before its request was whole",
  cR: "the client was too slow to send its request",
  PR: "a rule of the proxy refused it",
  PH: "the proxy refused the server’s answer",
  LR: "the proxy answered by itself",
};

/** A state that says nothing: the session ended as it should. */
export function endedNormally(state: string): boolean {
  return state.startsWith("--") || state === "" || state === "-";
}

/** "the server did not answer in time"; null for one that ended as it should. */
export function endedWords(state: string): string | null {
  if (endedNormally(state)) return null;
  const both = BOTH[state.slice(0, 2)];
  if (both !== undefined) return both;
  const by = BY[state.slice(0, 1)];
  const phase = WHILE[state.slice(1, 2)];
  if (by === undefined) return phase === undefined ? null : `it ended ${phase}`;
  return phase === undefined ? by : `${by} ${phase}`;
}
