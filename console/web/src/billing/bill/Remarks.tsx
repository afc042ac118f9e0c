import { formatUsdCents, Money } from "@suiftly/ui";
import type { Billing } from "@suiftly/ui/api/customer";
import type { ReactNode } from "react";

interface Remark {
  readonly term: string;
  readonly amount: ReactNode;
  readonly words: string;
}

/** Amounts that are seldom there: each is shown while it is not zero, with what it means. */
export function Remarks({ billing }: { billing: Billing }) {
  const remarks = [...usedRemarks(billing), ...escrowRemarks(billing)];
  if (remarks.length === 0) return null;
  return (
    <dl className="bill-remarks">
      {remarks.map(({ term, amount, words }) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd className="figure">{amount}</dd>
          <dd className="bill-remark-words">{words}</dd>
        </div>
      ))}
    </dl>
  );
}

function usedRemarks(billing: Billing): readonly Remark[] {
  return [
    ...remark(
      billing.draft?.waiver_micro_usd ?? 0,
      "Above your limit",
      "It slipped through before the gateways refused. It is ours to bear and is not charged.",
    ),
    ...remark(
      billing.accrued_micro_usd,
      "Used, not charged yet",
      "Drawn from your escrow once it is worth a charge, and when the month closes.",
    ),
    ...remark(
      billing.in_flight_micro_usd,
      "Being charged",
      "A charge is on its way to the escrow. It is drawn once, whatever happens on the way.",
    ),
  ];
}

function escrowRemarks(billing: Billing): readonly Remark[] {
  const owed = billing.receivable_micro_usd;
  return [
    // Less than a cent cannot be drawn: it is carried, and is no debt to speak of.
    ...remark(
      owed < MICRO_PER_CENT ? 0 : owed,
      "Owed",
      "Posted and not drawn yet. It is drawn first when your escrow covers it.",
    ),
    ...remark(
      billing.credits_micro_usd,
      "Credits",
      "Used before anything is drawn from your escrow.",
    ),
    ...(billing.withdrawing_usd_cents > 0
      ? [
          {
            term: "Being withdrawn",
            amount: formatUsdCents(billing.withdrawing_usd_cents),
            words:
              "Paid to your wallet within 24 hours of your asking, once what you used is charged.",
          },
        ]
      : []),
  ];
}

function remark(microUsd: number, term: string, words: string): readonly Remark[] {
  if (microUsd <= 0) return [];
  return [{ term, amount: <Money microUsd={microUsd} digits="all" />, words }];
}

const MICRO_PER_CENT = 10_000;
