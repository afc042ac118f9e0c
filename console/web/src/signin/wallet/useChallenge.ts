import { ApiError, explain, type Problem } from "@suiftly/ui";
import type { Challenge } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { askForChallenge, isProblem } from "../session";

/** A clock that is far off must not make a page ask in a circle. */
const SOONEST_MS = 30_000;

interface Asked {
  readonly challenge: Challenge | null;
  readonly problem: Problem | null;
  /** Asks anew: the pending one was used, or has expired. */
  readonly again: () => void;
}

/** The message for an address; a new one once it has expired. */
export function useChallenge(address: string | null): Asked {
  const { data, error, refetch } = useQuery({
    queryKey: ["challenge", address],
    queryFn: async () => {
      const asked = await askForChallenge(address ?? "");
      if (isProblem(asked)) throw new ApiError(0, asked);
      return asked;
    },
    enabled: address !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchInterval: ({ state }) =>
      state.data ? Math.max(SOONEST_MS, Date.parse(state.data.expires_at) - Date.now()) : false,
  });
  return {
    challenge: data ?? null,
    problem: error === null ? null : explain(error),
    again: () => void refetch(),
  };
}
