import { monthEnd } from "../model/months";

export interface Closing {
  readonly month: string;
  /** Unix time in ms from which it may be closed. */
  readonly closesAt: number;
  readonly stand: "running" | "grace" | "due";
}

/** When each open month may be closed: all wait as long after their end as the first does. */
export function closings(months: readonly string[], nextCloseAt: number, now: number): Closing[] {
  const first = months[0];
  if (first === undefined) return [];
  const grace = nextCloseAt - monthEnd(first);
  return months.map((month) => {
    const [end, closesAt] = [monthEnd(month), monthEnd(month) + grace];
    const stand = now < end ? "running" : now < closesAt ? "grace" : "due";
    return { month, closesAt, stand };
  });
}
