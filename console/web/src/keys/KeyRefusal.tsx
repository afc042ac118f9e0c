import { ApiError, explain, Refusal, SECOND_MS } from "@suiftly/ui";
import type { ServiceWord } from "@suiftly/ui/api/customer";
import { Link } from "@tanstack/react-router";
import { SERVICE_NAMES } from "../app/queries";
import { OrderRefusal } from "./OrderRefusal";
import { SlotOffer } from "./SlotOffer";
import { slotOrder } from "./slotOrder";
import { refused, untilWords } from "./words";

interface KeyRefusalProps {
  error: unknown;
  of: ServiceWord;
  now: number;
  /** Asks again, once a slot is booked. */
  onBooked?: () => void;
}

/** Why there is no key, with what mends it. */
export function KeyRefusal({ error, of, now, onBooked }: KeyRefusalProps) {
  const full = slotOrder(error);
  if (full) return <SlotOffer of={of} full={full} onBooked={onBooked} />;
  const problem = explain(error);
  switch (problem.code) {
    case "too_many_creations":
      return <Refusal problem={{ ...problem, title: tooMany(error, now) }} />;
    case "insufficient_balance":
    case "monthly_limit_exceeded":
      return <OrderRefusal error={error} />;
    case "not_enabled":
      return (
        <div>
          <Refusal problem={problem} />
          <Link to="/services/$service" params={{ service: of }} className="link">
            Enable {SERVICE_NAMES[of]}
          </Link>
        </div>
      );
    default:
      return <Refusal problem={refused(problem)} />;
  }
}

function tooMany(error: unknown, now: number): string {
  const wait = error instanceof ApiError ? error.retryAfterS : null;
  const words = "At most 5 keys are made an hour, regenerated ones included.";
  if (wait === null) return words;
  return `${words} The next one can be made at ${untilWords(now + wait * SECOND_MS, now)}.`;
}
