import { formatMoment, freshness } from "@suiftly/ui";
import { useLive } from "../../app/live";
import type { Shown } from "./shown";
import { TryAgain } from "./TryAgain";

/** Says when the live figures have stopped. The marker in the header says it sooner. */
export function useStreamNotice(): readonly Shown[] {
  const { view, retry } = useLive();
  const { usage } = view.state;
  if (usage === null || freshness(usage.completeTo, view.now).level !== "stale") return [];
  const held = formatMoment(usage.completeTo, view.now);
  const { connection } = view;
  if (connection.phase !== "retrying") {
    const words = (
      <>
        <b>Counting is behind.</b> Live figures are from {held}; they catch up by themselves.
      </>
    );
    return [{ id: "counting-behind", level: "warn", words, action: null }];
  }
  const { title, code } = connection.problem;
  const words = (
    <>
      <b>Live figures stopped at {held}.</b> {title} The figures below are from then. Code{" "}
      <code className="code">{code}</code>
    </>
  );
  const action = <TryAgain connection={connection} retry={retry} />;
  return [{ id: "stream-broken", level: "bad", words, action }];
}
