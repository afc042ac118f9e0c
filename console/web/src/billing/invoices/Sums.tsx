import { Money } from "@suiftly/ui";
import type { DocumentView } from "@suiftly/ui/api/customer";
import type { ReactNode } from "react";

/** From the lines to what is asked for: each step that changes it, with why. */
export function Sums({ document: { sums } }: { document: DocumentView }) {
  const carried = "Less than a cent cannot be drawn: it is carried from month to month.";
  return (
    <dl className="invoice-sums">
      {sums.waiver_micro_usd !== 0 && (
        <Step term="Above your limit" note="Ours to bear, not charged.">
          <Money microUsd={-sums.waiver_micro_usd} digits="all" />
        </Step>
      )}
      {sums.carried_in_micro_usd !== 0 && (
        <Step term="Carried from the month before" note={carried}>
          <Money microUsd={sums.carried_in_micro_usd} digits="all" sign />
        </Step>
      )}
      {sums.carried_out_micro_usd !== 0 && (
        <Step term="Carried to the next month" note={carried}>
          <Money microUsd={-sums.carried_out_micro_usd} digits="all" />
        </Step>
      )}
      <Step term={sums.payable_micro_usd < 0 ? "Given back" : "To pay"} total>
        <Money microUsd={sums.payable_micro_usd} />
      </Step>
    </dl>
  );
}

interface StepProps {
  term: string;
  note?: string;
  total?: boolean;
  children: ReactNode;
}

function Step({ term, note, total = false, children }: StepProps) {
  return (
    <div data-total={total}>
      <dt>
        {term}
        {note !== undefined && <span>{note}</span>}
      </dt>
      <dd className="figure">{children}</dd>
    </div>
  );
}
