import { DAY_MS, formatDay, formatMoment, formatUsd, formatUsdCents } from "@suiftly/ui";
import type { ServiceWord } from "@suiftly/ui/api/customer";
import { SERVICE_NAMES } from "../../app/queries";
import type { Condition } from "./conditions";

/** One sentence, or two where the way out needs its own. */
export function ConditionWords({ condition, now }: { condition: Condition; now: number }) {
  const at = (since: string | null) =>
    since === null ? "" : ` at ${formatMoment(Date.parse(since), now)}`;
  switch (condition.is) {
    case "suspended":
      return (
        <>
          <b>Your account is suspended.</b> We did this, not your balance or limit; keys answer 403.
          Support tells you why.
        </>
      );
    case "closed":
      return (
        <>
          <b>This account is closed.</b> You can look at it and take your data with you.
        </>
      );
    case "short":
      return (
        <>
          <b>Your services are suspended.</b> The balance fell short{at(condition.since)}; keys
          answer 403. {resumes(condition.depositCents)}
        </>
      );
    case "limit":
      return (
        <>
          <b>Your services are suspended.</b> The month’s limit
          {condition.limitCents !== null && ` of ${formatUsdCents(condition.limitCents)}`} was
          reached{at(condition.since)}; keys answer 403. They resume on the 1st, or within a second
          of a higher limit.
        </>
      );
    case "down":
      return (
        <>
          <b>Down: {namesOf(condition.services)}.</b> This is ours to mend; requests that fail cost
          nothing.
        </>
      );
    case "closing":
      return (
        <>
          <b>This account is being closed.</b> Services have ended and keys are revoked. Until it is
          closed you can keep it.
        </>
      );
    case "runs-out":
      return (
        <>
          Your escrow lasts until about <b>{when(Date.parse(condition.until), now)}</b>
          {runsOut(condition.shortMicroUsd)}
        </>
      );
    case "config":
      return (
        <>
          <b>{SERVICE_NAMES[condition.service]} needs setting up:</b> {condition.missing}.
        </>
      );
  }
}

/** A day; a time once it is that near. */
function when(ms: number, now: number): string {
  return ms - now < DAY_MS ? formatMoment(ms, now) : formatDay(ms);
}

function runsOut(shortMicroUsd: number | null): string {
  const stop = "past zero, keys stop within a second.";
  if (shortMicroUsd === null) return `; ${stop}`;
  return `. That is ${formatUsd(shortMicroUsd)} short of this month’s forecast; ${stop}`;
}

function resumes(depositCents: number | null): string {
  if (depositCents === null) return "They resume within a second of a deposit that covers it.";
  return `They resume within a second of a deposit of at least ${formatUsdCents(depositCents)}.`;
}

function namesOf(services: readonly ServiceWord[]): string {
  return services.map((service) => SERVICE_NAMES[service]).join(", ");
}
