import { Button, Dialog, explain, formatUsdCents, MoneyField, Slider, Switch } from "@suiftly/ui";
import type { Billing } from "@suiftly/ui/api/customer";
import { type FormEvent, useId, useState } from "react";
import { useLive } from "../../app/live";
import { usedNow } from "../bill/live";
import { refusalWords } from "../escrow/refusal";
import { LEAST_LIMIT_CENTS, limitEffect, sliderEndUsd } from "./effect";
import { useSetLimit } from "./useSetLimit";

interface LimitDialogProps {
  billing: Billing;
  /** In cents, 0 for none: what another page proposes, or what is set. */
  proposed: number;
  onClose: () => void;
  onDone: () => void;
}

const STEP_USD = 10;

/** What a month may be charged, with its effect before it is set. */
export function LimitDialog({ billing, proposed, onClose, onDone }: LimitDialogProps) {
  const formId = useId();
  const { view } = useLive();
  const { write, set } = useSetLimit(billing);
  const [cents, setCents] = useState<number | null>(proposed > 0 ? proposed : FIRST_CENTS);
  const [limited, setLimited] = useState(proposed > 0);
  const [end] = useState(() => Math.max(sliderEndUsd(billing), Math.ceil(proposed / 100)));
  const choose = (amount: number | null) => {
    setCents(amount);
    write.reset();
  };
  const wanted = limited ? cents : 0;
  const error = limited ? amountError(cents) : null;
  const unchanged = wanted === (billing.max_monthly_usd_cents ?? 0);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (write.isPending || wanted === null || error !== null || unchanged) return;
    void set(wanted, onDone);
  };
  const close = () => !write.isPending && onClose();
  return (
    <Dialog
      open
      onClose={close}
      title="Monthly limit"
      footer={
        <>
          <Button onClick={close}>Keep it as it is</Button>
          <Button
            kind="primary"
            type="submit"
            form={formId}
            busy={write.isPending}
            disabled={wanted === null || error !== null || unchanged}
          >
            {verb(wanted)}
          </Button>
        </>
      }
    >
      <form id={formId} className="space-y-5" noValidate onSubmit={send}>
        {limited && <Amount cents={cents} onChange={choose} end={end} error={error} />}
        <NoLimit on={!limited} onChange={(on) => setLimited(!on)} />
        {wanted !== null && error === null && (
          <EffectWords
            billing={billing}
            used={usedNow(billing, view.state.usage)}
            cents={limited ? cents : null}
          />
        )}
        {write.error && (
          <p className="field-error" role="alert">
            {refusalWords(explain(write.error))}
          </p>
        )}
      </form>
    </Dialog>
  );
}

interface AmountProps {
  cents: number | null;
  onChange: (cents: number | null) => void;
  /** Where the slider ends, in dollars. */
  end: number;
  error: string | null;
}

/** Written, or slid to: both are the same amount. */
function Amount({ cents, onChange, end, error }: AmountProps) {
  return (
    <>
      <MoneyField
        label="At most in a month"
        cents={cents}
        onChange={onChange}
        autoFocus
        error={error}
      />
      <Slider
        label={`From ${formatUsdCents(LEAST_LIMIT_CENTS)} to ${formatUsdCents(end * 100)}`}
        value={Math.min(end, Math.max(STEP_USD, Math.round((cents ?? 0) / 100)))}
        min={STEP_USD}
        max={end}
        step={STEP_USD}
        onChange={(usd) => onChange(usd * 100)}
        valueText={(usd) => formatUsdCents(usd * 100)}
      />
    </>
  );
}

const FIRST_CENTS = 25_000;

function NoLimit({ on, onChange }: { on: boolean; onChange: (on: boolean) => void }) {
  return (
    <div className="flex items-center justify-between gap-4 border-t border-line pt-4">
      <span className="text-13">No limit</span>
      <Switch label="No limit" checked={on} onChange={onChange} />
    </div>
  );
}

function EffectWords(props: { billing: Billing; used: number; cents: number | null }) {
  const { words, stops } = limitEffect(props.billing, props.used, props.cents);
  return (
    <p role="status" className="limit-effect" data-stops={stops}>
      {words}
    </p>
  );
}

function amountError(cents: number | null): string | null {
  if (cents === null) return null;
  if (cents >= LEAST_LIMIT_CENTS) return null;
  return `The least limit is ${formatUsdCents(LEAST_LIMIT_CENTS)}.`;
}

function verb(cents: number | null): string {
  if (cents === null) return "Set the limit";
  return cents === 0 ? "Remove the limit" : `Set the limit to ${formatUsdCents(cents)}`;
}
