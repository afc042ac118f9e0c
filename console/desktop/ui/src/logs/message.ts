// What HAProxy says of itself, in plain words.
import { RULES } from "./rules";

/** How much it matters: somebody is not served; somebody should look; it is well again; it was meant so. */
export type Weight = "bad" | "warn" | "ok" | "info";

export type MessageKind =
  | "server_down"
  | "server_up"
  | "maintenance"
  | "drain"
  | "none_left"
  | "check"
  | "reload"
  | "proxy"
  | "connection"
  | "other";

export interface Message {
  readonly kind: MessageKind;
  readonly weight: Weight;
  /** One sentence without a full stop. */
  readonly words: string;
  readonly backend: string | null;
  readonly server: string | null;
}

export const WEIGHT_WORDS: Readonly<Record<Weight, string>> = {
  bad: "Down",
  warn: "Look",
  ok: "Well",
  info: "Note",
};

/** `[ALERT]    (7542) : `, as HAProxy writes on its standard error. */
const LEVEL = /^\[(?<level>NOTICE|WARNING|ALERT|EMERG)\]\s+(?:\S+\s+)?\(\d+\)\s*:\s*/;
/** A relay's word for the same message again and again. */
const REPEATED = /^message repeated \d+ times: \[ ?(?<message>.*?)\]$/;

export function readMessage(line: string): Message {
  const plain = (REPEATED.exec(line)?.groups?.message ?? line).trim();
  const level = LEVEL.exec(plain)?.groups?.level;
  const text = plain.replace(LEVEL, "");
  for (const { match, say } of RULES) {
    const groups = match.exec(text)?.groups ?? (match.test(text) ? {} : null);
    if (groups === null) continue;
    const { backend = null, server = null } = groups;
    return { ...say({ ...groups, text }), backend, server };
  }
  const weight = level === "ALERT" || level === "EMERG" ? "bad" : "info";
  return { kind: "other", weight, words: text.replace(/\.$/, ""), backend: null, server: null };
}
