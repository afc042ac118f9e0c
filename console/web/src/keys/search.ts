// What of the page is in its address.
import type { ServiceWord } from "@suiftly/ui/api/customer";
import { isService } from "../app/queries";
import { isLanguage, type Language } from "./call/language";

export interface KeysSearch {
  /** One service's keys alone. */
  readonly service?: ServiceWord;
  /** The service for which a key is being made. */
  readonly new?: ServiceWord;
  /** What of a key's name, prefix or network is looked for. */
  readonly filter?: string;
  /** Which form of the first call. */
  readonly call?: Language;
}

const FILTER_CHARS_MAX = 100;
/** Long enough to be a key, or most of one. */
const KEY_LIKE = /[A-Za-z0-9]{20,}/g;
const PREFIX_CHARS = 8;

export function readKeysSearch(search: Record<string, unknown>): KeysSearch {
  const { service, new: of, filter, call } = search;
  return {
    ...(typeof service === "string" && isService(service) && { service }),
    ...(typeof of === "string" && isService(of) && { new: of }),
    // What looks like a number comes as one.
    ...((typeof filter === "string" || typeof filter === "number") &&
      filter !== "" && { filter: harmless(String(filter)) }),
    ...(typeof call === "string" && isLanguage(call) && { call }),
  };
}

/** A key that is pasted to be looked for is cut to what may stand in an address. */
export function harmless(filter: string): string {
  return filter.replace(KEY_LIKE, (key) => key.slice(0, PREFIX_CHARS)).slice(0, FILTER_CHARS_MAX);
}
