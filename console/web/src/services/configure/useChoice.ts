import type { ServiceView } from "@suiftly/ui/api/customer";
import { getRouteApi } from "@tanstack/react-router";
import { type Choice, nearest, sameChoice, searchOf, standing } from "./choice";

const route = getRouteApi("/services/$service/configure");

export interface Choosing {
  readonly choice: Choice;
  /** Whether it is another than what there is, or is scheduled. */
  readonly isNew: boolean;
  readonly choose: (change: Partial<Choice>) => void;
  readonly reset: () => void;
}

/** What is chosen. It is kept in the address, so that a link shows the same. */
export function useChoice(service: ServiceView): Choosing {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const from = standing(service);
  // What is wished is kept as it was: burst comes back with a tier that has it.
  const wish: Choice = { ...from, ...search };
  const choice = nearest(wish, service.offer);
  const go = (to: Choice) =>
    void navigate({ search: searchOf(to, from), replace: true, resetScroll: false });
  return {
    choice,
    isNew: !sameChoice(choice, from),
    choose: (change) => go({ ...wish, ...change }),
    reset: () => go(from),
  };
}
