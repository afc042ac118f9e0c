import { formatCount, formatDuration, Money } from "@suiftly/ui";
import type { WhatIfCustomer, WhatIfView } from "@suiftly/ui/api/admin";
import { monthOfYear } from "../model/months";
import { CustomerLink } from "../parts/CustomerName";
import { type Column, DataTable } from "../parts/DataTable";

export interface Answered {
  readonly view: WhatIfView;
  readonly tookMs: number;
  /** The text of the book that was asked about. */
  readonly text: string;
}

/** What everybody would have paid, and who would feel it most. */
export function WhatIfResult({ of, isStale }: { of: Answered; isStale: boolean }) {
  const { view, tookMs } = of;
  const { month, before_version, raised, lowered, unchanged } = view;
  return (
    <div className="what-if-result" data-kept={isStale} data-testid="what-if-result">
      <div className="what-if-sums">
        <Sum word={`By v${before_version}`} microUsd={view.before_micro_usd} />
        <Sum word="By the copy" microUsd={view.after_micro_usd} />
        <Sum word="Difference" microUsd={view.delta_micro_usd} sign />
      </div>
      <p className="words">
        {monthOfYear(month)}: {formatCount(raised)} would pay more, {formatCount(lowered)} less,{" "}
        {formatCount(unchanged)} the same. Rated in {formatDuration(tookMs)}.
        {isStale && " The copy was changed since: ask again."}
      </p>
      <DataTable
        label="Who would pay more, and who less"
        columns={COLUMNS}
        rows={[...view.most_raised, ...view.most_lowered]}
        rowKey={({ customer_id }) => customer_id}
        empty={<p className="text-ink-3">Nobody would pay more or less.</p>}
      />
    </div>
  );
}

function Sum({ word, microUsd, sign = false }: { word: string; microUsd: number; sign?: boolean }) {
  return (
    <div>
      <span className="standing-label">{word}</span>
      <span className="standing-value" data-value={microUsd}>
        <Money microUsd={microUsd} sign={sign} />
      </span>
    </div>
  );
}

const COLUMNS: readonly Column<WhatIfCustomer>[] = [
  {
    key: "customer",
    head: "Customer",
    cell: ({ customer_id }) => <CustomerLink id={customer_id} />,
    by: ({ customer_id }) => customer_id,
  },
  {
    key: "before",
    head: "Before",
    width: "100px",
    number: true,
    cell: ({ before_micro_usd }) => <Money microUsd={before_micro_usd} />,
    by: ({ before_micro_usd }) => before_micro_usd,
  },
  {
    key: "after",
    head: "After",
    width: "100px",
    number: true,
    cell: ({ after_micro_usd }) => <Money microUsd={after_micro_usd} />,
    by: ({ after_micro_usd }) => after_micro_usd,
  },
  {
    key: "delta",
    head: "Difference",
    width: "104px",
    number: true,
    cell: ({ delta_micro_usd }) => (
      <span data-testid="what-if-customer" data-value={delta_micro_usd}>
        <Money microUsd={delta_micro_usd} sign />
      </span>
    ),
    by: ({ delta_micro_usd }) => delta_micro_usd,
  },
];
