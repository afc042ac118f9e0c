import { useEffect, useRef, useState } from "react";
import { type Money, splitMicroUsd } from "../format/money";
import { CALM_STEP_MS } from "../timing";
import { useReducedMotion } from "./useReducedMotion";

interface MeterProps {
  microUsd: number;
  /** What the number is of, for those who do not see the page. */
  label: string;
  size?: "medium" | "small";
  "data-testid"?: string;
}

/**
 * Money that grows. The digits below a cent are small and grey; one that changed is ink for a moment.
 * Never rolls, never runs ahead of what is known; a correction downwards shows at once.
 */
export function Meter({ microUsd, label, size, ...hooks }: MeterProps) {
  const money = splitMicroUsd(useCalmValue(microUsd));
  const digits = useDigits(money.belowCent);
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: role=text (one phrase, not its digits) takes its name from the label
    <div
      className="meter"
      role="text"
      aria-label={`${label}: ${spoken(money)}`}
      title={`$${money.exact}`}
      data-size={size}
      data-micro-usd={microUsd}
      {...hooks}
    >
      <span className="meter-sign">{money.sign}$</span>
      <span>
        {money.dollars}.{money.cents}
      </span>
      <span className="meter-below">
        {digits.map(({ key, digit, changed }) => (
          <span key={key} className="meter-digit" data-changed={changed}>
            {digit}
          </span>
        ))}
      </span>
    </div>
  );
}

function spoken({ sign, dollars, cents, belowCent }: Money): string {
  return `${sign}${dollars}.${cents}${belowCent} US dollars`;
}

interface Digit {
  /** New whenever the digit changes, so that its animation starts again even while it is still ink. */
  readonly key: string;
  readonly digit: string;
  readonly changed: boolean;
}

function useDigits(digits: string): readonly Digit[] {
  const [seen, setSeen] = useState({ digits, changes: [...digits].map(() => 0) });
  let { changes } = seen;
  if (seen.digits !== digits) {
    changes = changes.map((count, i) => count + Number(digits[i] !== seen.digits[i]));
    setSeen({ digits, changes });
  }
  return changes.map((count, i) => ({
    key: `${i}-${count}`,
    digit: digits[i] ?? "",
    changed: count > 0,
  }));
}

/** With reduced motion the value moves in one step every few seconds, except downwards. */
function useCalmValue(value: number): number {
  const calm = useReducedMotion();
  const latest = useRef(value);
  const [held, setHeld] = useState(value);
  useEffect(() => {
    latest.current = value;
  }, [value]);
  useEffect(() => {
    if (!calm) return;
    setHeld(latest.current);
    const timer = setInterval(() => setHeld(latest.current), CALM_STEP_MS);
    return () => clearInterval(timer);
  }, [calm]);
  return calm ? Math.min(held, value) : value;
}
