// What a time opens: the hours of a day, the requests of an hour.
import type { UsageSearch } from "./search";
import { dayText, hourText, type Span } from "./span";

export function opensOf(search: UsageSearch, span: Span, start: number): UsageSearch {
  if (span.rows.bucket !== "day") return { ...search, hour: hourText(start) };
  const { hour: _, ...others } = search;
  const day = dayText(start);
  return { ...others, range: "custom", from: day, to: day };
}

/** The same page with nothing open. */
export function closed({ hour: _, ...others }: UsageSearch): UsageSearch {
  return others;
}
