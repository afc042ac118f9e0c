import type { NoticeItem } from "@suiftly/ui/api/admin";
import type { Body } from "./read";

/** A place in the window: what `Link` takes. */
export interface NoticePlace {
  readonly to: string;
  readonly search?: Readonly<Record<string, string | number>>;
  /** "Open the fleet" */
  readonly word: string;
}

export interface NoticeWords {
  readonly title: string;
  readonly detail: string | null;
  /** What to do; null: nothing. */
  readonly todo: string | null;
  readonly place: NoticePlace | null;
}

export type Told = Pick<NoticeItem, "kind" | "body"> &
  Partial<Pick<NoticeItem, "customer_id" | "created_at">>;

/** What one kind says of its figures. */
export type Say = (body: Body, notice: Told) => NoticeWords;

export function customerPlace({ customer_id }: Told): NoticePlace | null {
  if (customer_id == null) return null;
  return { to: `/customers/${customer_id}`, word: "Open the customer" };
}
