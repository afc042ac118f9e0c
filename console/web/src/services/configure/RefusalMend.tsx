import { Button, formatUsd, formatUsdCents, MoneyField } from "@suiftly/ui";
import type { OrderQuote, OrderWord, QuoteRefusal } from "@suiftly/ui/api/customer";
import { useState } from "react";
import type { Mend } from "./order";
import { thenWords, wholeCents } from "./words";

interface RefusalMendProps {
  refusal: QuoteRefusal;
  act: { readonly order: OrderWord; readonly quote: OrderQuote; readonly name: string };
  busy: boolean;
  /** Mends it, and goes on with the order. */
  onMend: (first: Mend) => void;
}

/** Why it cannot be paid for, and the one press that solves it and goes on. */
export function RefusalMend({ refusal, act, busy, onMend }: RefusalMendProps) {
  const need = needOf(refusal);
  const [typed, setTyped] = useState<number | null>(null);
  const [touched, setTouched] = useState(false);
  const cents = touched ? typed : need.leastCents;
  const tooLittle = cents === null || cents < need.leastCents;
  return (
    <div className="quote-mend">
      <p role="alert">{need.words}</p>
      <MoneyField
        label={need.label}
        cents={cents}
        onChange={(to) => {
          setTouched(true);
          setTyped(to);
        }}
        error={tooLittle ? `At least ${formatUsdCents(need.leastCents)}.` : null}
        help={need.help}
      />
      <Button
        kind="primary"
        size="large"
        busy={busy}
        disabled={tooLittle}
        onClick={() => cents !== null && onMend({ kind: need.kind, cents })}
      >
        {need.verb(formatUsdCents(cents))} and {thenWords(act)}
      </Button>
    </div>
  );
}

interface Need {
  readonly kind: Mend["kind"];
  readonly leastCents: number;
  readonly words: string;
  readonly label: string;
  readonly help: string;
  readonly verb: (amount: string) => string;
}

function needOf(refusal: QuoteRefusal): Need {
  const cost = formatUsd(refusal.estimated_cost_micro_usd);
  if (refusal.code === "insufficient_balance") {
    const leastCents = wholeCents(refusal.required_deposit_micro_usd ?? 0);
    return {
      kind: "deposit",
      leastCents,
      words: `This costs ${cost} and your escrow holds ${formatUsd(refusal.current_balance_micro_usd ?? null)}.`,
      label: "Deposit",
      help: `${formatUsdCents(leastCents)} is what is missing. It leaves nothing for requests: they are refused until there is more.`,
      verb: (amount) => `Deposit ${amount}`,
    };
  }
  const used = refusal.current_month_charged_micro_usd ?? 0;
  const leastCents = wholeCents(used + refusal.estimated_cost_micro_usd);
  return {
    kind: "limit",
    leastCents,
    words: `This costs ${cost}. Your limit is ${formatUsd(refusal.max_monthly_micro_usd ?? null)} a month, of which ${formatUsd(refusal.remaining_authorization_micro_usd ?? null)} is left.`,
    label: "New monthly limit",
    help: `${formatUsdCents(leastCents)} is the least that allows it. It leaves nothing for requests: they are refused for the rest of the month.`,
    verb: (amount) => `Raise the limit to ${amount}`,
  };
}
