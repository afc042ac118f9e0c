// Whose lines the page is of, by its address.
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { ingestersQuery } from "./queries";
import { ingesterOf } from "./whose";

const NONE: readonly string[] = [];

export function useIngester() {
  const { ingester } = useSearch({ from: "/quarantine" });
  const { data } = useQuery(ingestersQuery);
  // Until they are known, what the address says holds: the server takes no name that it does not know.
  const journal = data === undefined ? ingester : ingesterOf(data, ingester);
  return { ingesters: data ?? NONE, journal };
}
