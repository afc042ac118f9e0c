// Which key does what. Pure, so that it can be tried without a page.
import { PLACES, type Place } from "./navigation";

export type Act =
  | { readonly does: "palette" | "list" | "theme" | "filter" | "back" }
  | { readonly does: "go"; readonly to: Place["to"] };

interface KeyPress {
  readonly key: string;
  /** Ctrl or the command key. */
  readonly command: boolean;
  readonly alt: boolean;
}

export interface Circumstances {
  /** A letter typed into something is a letter. */
  readonly typing: boolean;
  /** A dialog or a menu is open: keys are its own. */
  readonly covered: boolean;
  /** Single letters are switched off: they are in somebody's way. */
  readonly lettersOff: boolean;
  /** A g was pressed just now. */
  readonly going: boolean;
}

export interface Outcome {
  readonly act: Act | null;
  /** The next letter says where to. */
  readonly going: boolean;
}

const NOTHING: Outcome = { act: null, going: false };

const LETTERS: Record<string, Act> = {
  "/": { does: "filter" },
  "?": { does: "list" },
  t: { does: "theme" },
};

export function pressed({ key, command, alt }: KeyPress, at: Circumstances): Outcome {
  if (command && !alt && key.toLowerCase() === "k") {
    return at.covered ? NOTHING : { act: { does: "palette" }, going: false };
  }
  if (command || alt || at.covered || at.typing) return NOTHING;
  if (key === "Escape") return { act: { does: "back" }, going: false };
  if (at.lettersOff) return NOTHING;
  if (at.going) return { act: goTo(key), going: false };
  if (key === "g") return { act: null, going: true };
  return { act: LETTERS[key] ?? null, going: false };
}

function goTo(letter: string): Act | null {
  const place = PLACES.find((one) => one.letter === letter);
  return place ? { does: "go", to: place.to } : null;
}

/** One level up; null at the top. There is no page of all services. */
export function parentOf(path: string): string | null {
  const parts = path.split("/").filter(Boolean);
  if (parts.length < 2) return null;
  const parent = parts.slice(0, -1);
  // An invoice is under /billing/invoices, which is the page of billing.
  if (parent.at(-1) === "invoices") parent.pop();
  return parent[0] === "services" && parent.length === 1 ? "/" : `/${parent.join("/")}`;
}
