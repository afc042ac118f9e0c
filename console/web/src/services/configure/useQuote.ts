import { explain, type Problem } from "@suiftly/ui";
import type { Quotation, QuoteRequest, ServiceView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { quoteQuery } from "../queries";
import type { Choice } from "./choice";
import { orderFor } from "./order";

/** So long nothing has to change before a price is asked for: a stepper that is held asks once. */
const DEBOUNCE_MS = 150;

export interface Asked {
  /** What would be ordered; null where nothing is new. */
  readonly request: QuoteRequest | null;
  /** The latest answer, which may be of the choice before. */
  readonly quote: Quotation | undefined;
  /** Whether the quote is of this very request. */
  readonly isCurrent: boolean;
  readonly problem: Problem | null;
  readonly again: () => Promise<unknown>;
}

/** The price of what is chosen, live. */
export function useQuote(service: ServiceView, choice: Choice): Asked {
  const request = orderFor(service, choice);
  const settled = useSettled(request);
  const { data, error, isFetching, refetch } = useQuery(quoteQuery(service.service, settled.value));
  const isCurrent = settled.isSettled && !isFetching;
  return {
    request,
    quote: request === null ? undefined : data,
    isCurrent: isCurrent && error === null && data !== undefined,
    problem: isCurrent && error !== null ? explain(error) : null,
    again: refetch,
  };
}

/** A request once it has rested for a moment. The first is taken at once. */
function useSettled(request: QuoteRequest | null) {
  const wanted = JSON.stringify(request);
  const [settled, setSettled] = useState({ key: wanted, value: request });
  useEffect(() => {
    const value: QuoteRequest | null = JSON.parse(wanted);
    const timer = setTimeout(
      () => setSettled((before) => (before.key === wanted ? before : { key: wanted, value })),
      DEBOUNCE_MS,
    );
    return () => clearTimeout(timer);
  }, [wanted]);
  return { value: settled.value, isSettled: settled.key === wanted };
}
