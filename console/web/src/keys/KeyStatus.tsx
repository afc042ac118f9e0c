import { formatDay, StatusGlyph } from "@suiftly/ui";
import type { KeyView } from "@suiftly/ui/api/customer";
import { leftWords, shortKey, untilWords } from "./words";

interface KeyStatusProps {
  of: KeyView;
  /** The key that replaces it. */
  successor: KeyView | undefined;
  now: number;
}

/** Active; going on beside its successor for a while; or revoked. */
export function KeyStatus({ of, successor, now }: KeyStatusProps) {
  if (of.state === "active" && of.expires_at === null)
    return <StatusGlyph status="ok" word="Active" />;
  const replaced = successor && `Replaced by ${shortKey(successor)}`;
  if (of.state === "active" && of.expires_at !== null) {
    const until = Date.parse(of.expires_at);
    return (
      <>
        <StatusGlyph status="updating" word="Ending" />
        <p className="text-12 text-ink-3">
          Works until {untilWords(until, now)}
          <br />
          {leftWords(until, now)}
        </p>
      </>
    );
  }
  const revoked =
    of.revoked_at === null ? "Revoked" : `Revoked ${formatDay(Date.parse(of.revoked_at))}`;
  return (
    <>
      <StatusGlyph status="suspended" word={revoked} />
      {replaced && <p className="text-12 text-ink-3">{replaced}</p>}
    </>
  );
}
