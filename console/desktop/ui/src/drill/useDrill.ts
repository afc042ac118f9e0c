// What the drill's address says, and what follows from it: the bars, the span, and what lines are narrowed by.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useNow } from "../app/console";
import type { DrillSearch } from "../app/search";
import { FILTER_KEYS, filterOf, type RecordFilter } from "./lines/fields";
import { NO_LINE } from "./lines/place";
import { impliedFilter, measureOf, SLOW_MS } from "./measure";
import { partQuery, wholeQuery } from "./query/bars";
import { type Asked, hasPart } from "./query/shared";
import { type Bar, barsOf, findSpike, lastBars } from "./spike";
import { rangeOf, rfc3339, type Span, spanOf, windowOf } from "./window";

const route = getRouteApi("/drill");

/** Shown where nothing stands out. */
const LAST_BARS = 10;

export type Drilling = ReturnType<typeof useDrill>;

export function useDrill() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const now = useNow();
  const measure = measureOf(search.measure);
  const slowMs = search.time_total_min_ms ?? SLOW_MS;
  const filter = useMemo(() => filterOf(search), [search]);
  const asked: Asked = { measure: measure.key, slowMs, filter };
  const range = rangeOf(search.range);
  const chosen = spanOf(search.from, search.to);
  const subject = JSON.stringify([measure.key, slowMs, range, hasPart(filter), filter.customer_id]);
  const [found, setFound] = useState<Found | null>(null);
  const auto = found?.subject === subject ? found : null;

  const window = windowOf(range, chosen ?? auto?.span ?? null, now);
  const whole = useQuery(wholeQuery(window, asked));
  const part = useQuery(partQuery(window, asked));
  const parts = hasPart(filter) ? (part.data ?? null) : null;
  const bars = whole.data
    ? barsOf({ window, ...whole.data, parts: parts?.values ?? null })
    : NO_BARS;
  // Found once: what is looked at does not move by itself. A part is waited for.
  const ready = !whole.isPlaceholderData && whole.data !== undefined;
  if (chosen === null && auto === null && ready && (!hasPart(filter) || !part.isPending)) {
    const next = find(bars, subject);
    if (next !== null) setFound(next);
  }

  const span = chosen ?? auto?.span ?? null;
  const implied = search.every === 1 ? {} : impliedFilter(measure.key, slowMs, filter);
  return {
    search,
    now,
    measure,
    asked,
    filter,
    implied,
    range,
    window,
    whole,
    bars,
    span,
    /** Who chose the span. */
    by: chosen === null ? (auto?.by ?? null) : ("hand" as const),
    go: (change: Change) =>
      void navigate({ search: (before) => defined({ ...before, ...change }), replace: true }),
    /** Other filters; the span that they are looked at in stays. */
    narrow: (next: RecordFilter, every: number | undefined = search.every) =>
      void navigate({
        search: (before) => {
          const held = span && addressOf(span);
          return defined({ ...before, ...NO_FILTER, ...held, ...NO_LINE, ...next, every });
        },
      }),
    findAgain: () => {
      setFound(null);
      void navigate({ search: ({ from: _, to: __, ...rest }) => rest, replace: true });
    },
  };
}

interface Found {
  readonly subject: string;
  readonly span: Span;
  readonly by: "spike" | "last";
}

const NO_BARS: readonly Bar[] = [];
const NO_FILTER = Object.fromEntries(FILTER_KEYS.map((key) => [key, undefined]));

function find(bars: readonly Bar[], subject: string): Found | null {
  const spike = findSpike(bars);
  if (spike !== null) return { subject, span: spike, by: "spike" };
  const last = lastBars(bars, LAST_BARS);
  return last && { subject, span: last, by: "last" };
}

export function addressOf({ from, to }: Span) {
  return { from: rfc3339(from), to: rfc3339(to) };
}

/** What an act changes of the address; what is undefined goes out of it. */
type Change = { readonly [K in keyof DrillSearch]?: DrillSearch[K] | undefined };

/** The address holds what is there alone. */
function defined(search: Change): DrillSearch {
  const there = Object.entries(search).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as DrillSearch;
}
