import { ApiError, explain, formatUsd, Refusal } from "@suiftly/ui";
import { Link, useLocation } from "@tanstack/react-router";
import { refused } from "./words";

const MICRO_PER_CENT = 10_000;

/** What is ordered cannot be paid for: the way to mend it, and back. */
export function OrderRefusal({ error }: { error: unknown }) {
  const problem = refused(explain(error));
  return (
    <div>
      <Refusal problem={problem} />
      {problem.code === "insufficient_balance" && <Deposit error={error} />}
      {problem.code === "monthly_limit_exceeded" && <RaiseLimit error={error} />}
    </div>
  );
}

function Deposit({ error }: { error: unknown }) {
  const { href } = useLocation();
  const missing = figure(error, "required_deposit_micro_usd");
  if (missing === null) return null;
  return (
    <Link
      to="/billing"
      search={{ deposit: missing / MICRO_PER_CENT, back: href }}
      className="btn mt-2"
    >
      Deposit {formatUsd(missing)}
    </Link>
  );
}

/** The form begins with the limit that there is. */
function RaiseLimit({ error }: { error: unknown }) {
  const { href } = useLocation();
  const limit = figure(error, "max_monthly_micro_usd");
  if (limit === null) return null;
  return (
    <Link to="/billing" search={{ limit: limit / MICRO_PER_CENT, back: href }} className="btn mt-2">
      Change the limit
    </Link>
  );
}

/** In micro-dollars of whole cents, as the refusal names it. */
function figure(error: unknown, name: string): number | null {
  if (!(error instanceof ApiError)) return null;
  const { document } = error;
  if (typeof document !== "object" || document === null) return null;
  const value: unknown = Object.entries(document).find(([key]) => key === name)?.[1];
  return typeof value === "number" ? value : null;
}
