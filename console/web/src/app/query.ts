// How the server's state is kept here: what several pages may assume of every query.
import { ApiError } from "@suiftly/ui";
import { QueryClient } from "@tanstack/react-query";

/** Read again when it is looked at and older than this. */
const FRESH_MS = 5_000;
const RETRIES = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      retry: (failures, error) => failures < RETRIES && !isFinal(error),
    },
    mutations: { retry: false },
  },
});

/** A refusal that asking again does not change. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiError && error.status < 500 && error.status !== 429;
}
