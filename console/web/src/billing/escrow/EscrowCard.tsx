import { splitMicroUsd } from "@suiftly/ui";
import type { Billing } from "@suiftly/ui/api/customer";
import { useState } from "react";
import { useLive } from "../../app/live";
import { DepositForm } from "./DepositForm";
import { WithdrawDialog } from "./WithdrawDialog";
import { lastsWords, withdrawable } from "./words";

interface EscrowCardProps {
  billing: Billing;
  /** In cents, where another page said how much. */
  asked: number | undefined;
  /** A deposit is done. */
  onDeposited: (cents: number, tookMs: number) => void;
}

/** What is in escrow, how long it lasts, and the ways in and out. */
export function EscrowCard({ billing, asked, onDeposited }: EscrowCardProps) {
  const [withdrawing, setWithdrawing] = useState(false);
  const { view } = useLive();
  const form = useAskedForm(asked);
  return (
    <section className="escrow-card" aria-labelledby="escrow">
      <div className="flex items-center justify-between gap-4">
        <h2 id="escrow">Escrow</h2>
        {withdrawable(billing) > 0 && (
          <button type="button" className="link text-13" onClick={() => setWithdrawing(true)}>
            Withdraw
          </button>
        )}
      </div>
      <div className="figure mt-2 mb-0.5">
        <Settled cents={billing.balance_usd_cents} />
      </div>
      <p className="text-12 text-ink-3">{lastsWords(billing, view.now).join(" ")}</p>
      <DepositForm key={form.nth} billing={billing} asked={form.asked} onDeposited={onDeposited} />
      <WithdrawDialog billing={billing} open={withdrawing} onClose={() => setWithdrawing(false)} />
    </section>
  );
}

/** Each amount that is asked begins a new form; that it is no longer asked keeps what the form says of it. */
function useAskedForm(asked: number | undefined) {
  const [before, setBefore] = useState(asked);
  const [form, setForm] = useState({ asked, nth: 0 });
  if (asked !== before) {
    setBefore(asked);
    if (asked !== undefined) setForm({ asked, nth: form.nth + 1 });
  }
  return form;
}

/** A settled amount has two decimals, in the meter's letters. */
function Settled({ cents }: { cents: number }) {
  const money = splitMicroUsd(BigInt(cents) * 10_000n);
  return (
    <div className="meter" data-size="small" data-testid="escrow-balance">
      <span className="meter-sign">{money.sign}$</span>
      {money.dollars}.{money.cents}
    </div>
  );
}
