import { Money } from "@suiftly/ui";

const MICRO_PER_CENT = 10_000;

/** Whole cents have two decimals; what is below a cent is shown where there is any. */
export function Amount({ microUsd }: { microUsd: number }) {
  return <Money microUsd={microUsd} digits={microUsd % MICRO_PER_CENT === 0 ? "cents" : "all"} />;
}
