import { LOCALE } from "../format/locale";
import { belowCents, splitMicroUsd } from "../format/money";

interface MoneyProps {
  microUsd: number;
  /** `all` shows what is below a cent too, in grey. */
  digits?: "cents" | "all";
  /** A plus where it is more than nothing: a difference. */
  sign?: boolean;
}

/** An amount. What is not shown of it is cut, and is said on hover. */
export function Money({ microUsd, digits = "cents", sign = false }: MoneyProps) {
  const money = splitMicroUsd(microUsd);
  const plus = sign && microUsd > 0 ? "+" : money.sign;
  const below = belowCents(money.exact);
  return (
    <span
      className="money"
      title={`${money.sign}${LOCALE.currency}${money.exact.slice(money.sign.length)}`}
    >
      {plus}
      {LOCALE.currency}
      {money.dollars}
      {LOCALE.decimal}
      {money.cents}
      {digits === "all" && <span className="money-below">{below}</span>}
    </span>
  );
}
