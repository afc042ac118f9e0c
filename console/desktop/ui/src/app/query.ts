// How the server's state is kept here: what every page may assume of every query.
import { ApiError } from "@suiftly/ui";
import { QueryClient } from "@tanstack/react-query";

const RETRIES = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // What is kept is good until the server says that it changed: see `Freshening`.
      staleTime: 30_000,
      retry: (failures, error) => failures < RETRIES && !isFinal(error),
      // The window looks at one server; whether the machine has a network says nothing of it.
      networkMode: "always",
      refetchOnWindowFocus: false,
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

/** A refusal that asking again does not change. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiError && error.status < 500 && error.status !== 429;
}
