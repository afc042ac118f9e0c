import { type ChoiceSearch, EXTRAS, isTier } from "./choice";

/** A link's choice; what cannot be read is as if it were not there. */
export function readChoiceSearch(search: Record<string, unknown>): ChoiceSearch {
  return {
    ...(isTier(search.tier) && { tier: search.tier }),
    ...(typeof search.burst === "boolean" && { burst: search.burst }),
    ...Object.fromEntries(
      EXTRAS.filter((extra) => isCount(search[extra])).map((extra) => [extra, search[extra]]),
    ),
  };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
