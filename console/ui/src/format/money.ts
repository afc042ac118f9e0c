// Micro-dollars as text, by integer arithmetic alone.
import { groupThousands, type Whole } from "./number";

export interface Money {
  readonly sign: "" | "−";
  /** "1,754" */
  readonly dollars: string;
  /** "21" */
  readonly cents: string;
  /** The two digits below a cent, drawn smaller and grey; what is below them is cut, never rounded up. */
  readonly belowCent: string;
  /** All six decimals: "1,754.215312". */
  readonly exact: string;
}

export function splitMicroUsd(microUsd: Whole): Money {
  const whole = BigInt(microUsd);
  const digits = (whole < 0n ? -whole : whole).toString().padStart(7, "0");
  const dollars = groupThousands(digits.slice(0, -6));
  const fraction = digits.slice(-6);
  const sign = whole < 0n ? "−" : "";
  return {
    sign,
    dollars,
    cents: fraction.slice(0, 2),
    belowCent: fraction.slice(2, 4),
    exact: `${sign}${dollars}.${fraction}`,
  };
}
