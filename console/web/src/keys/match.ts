import type { KeyView } from "@suiftly/ui/api/customer";
import { SERVICE_NAMES } from "../app/queries";
import { NETWORK_NAMES } from "./words";

/** Every word of the filter has to be in what the row shows. */
export function matches(key: KeyView, filter: string): boolean {
  const shown = [key.name, key.prefix, NETWORK_NAMES[key.network], SERVICE_NAMES[key.service]]
    .join(" ")
    .toLowerCase();
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => shown.includes(word));
}
