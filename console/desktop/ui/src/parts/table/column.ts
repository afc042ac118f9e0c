import type { ReactNode } from "react";

export interface Column<R> {
  readonly key: string;
  readonly head: ReactNode;
  /** A CSS track: "72px", "minmax(0, 1fr)". Default: an even share. */
  readonly width?: string;
  readonly number?: boolean;
  readonly cell: (row: R) => ReactNode;
  /** Rows can be sorted by it. */
  readonly by?: (row: R) => number | string;
}

/** A row's name among the others: by it a row is known when it comes again with other figures. */
export type RowKey<R> = (row: R) => string | number;
