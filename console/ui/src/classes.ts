// The six traffic classes. Order, pattern and word never change, so each is known without its hue.
import type { Counts } from "./api";

export const CLASSES = [
  { key: "guaranteed", word: "Guaranteed", meaning: "Answered, inside your guaranteed rate" },
  { key: "burst", word: "Burst", meaning: "Answered, above it, while the region had room" },
  {
    key: "rejected",
    word: "Rejected",
    meaning: "Over your limit (429), or an address you did not allow (403)",
  },
  { key: "client_error", word: "Client error", meaning: "The request itself was wrong: other 4xx" },
  { key: "server_error", word: "Server error", meaning: "Our fault: 5xx" },
  {
    key: "other",
    word: "Other",
    meaning: "The rest: 1xx, 3xx, callers that left early, 2xx outside a plan",
  },
] as const satisfies readonly { key: keyof Counts; word: string; meaning: string }[];

export type ClassKey = (typeof CLASSES)[number]["key"];

/** The classes that get a lane and a scale of their own, or a flood of successes hides them. */
export const ERROR_KEYS: readonly ClassKey[] = ["client_error", "server_error"];
