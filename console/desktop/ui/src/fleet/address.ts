import type { fleetSearch } from "../app/search";

export type FleetSearch = ReturnType<typeof fleetSearch>;

type Change = { readonly [K in keyof FleetSearch]: FleetSearch[K] | undefined };

/** The address with parts changed; those that are undefined are taken out of it. */
export function addressWith(search: FleetSearch, change: Change): FleetSearch {
  const parts = Object.entries({ ...search, ...change });
  return Object.fromEntries(parts.filter(([, value]) => value !== undefined));
}
