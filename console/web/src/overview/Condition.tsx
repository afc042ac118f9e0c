import { type Connection, formatMoment, freshness, Notice } from "@suiftly/ui";
import { TryAgain } from "./TryAgain";

interface ConditionProps {
  completeTo: number;
  now: number;
  connection: Connection;
  retry: () => void;
}

/** Says when the figures below are no longer live. The marker in the header says it sooner. */
export function Condition({ completeTo, now, connection, retry }: ConditionProps) {
  const { level } = freshness(completeTo, now);
  const held = formatMoment(completeTo, now);
  const broken = level === "stale" && connection.phase === "retrying";
  return (
    <>
      <p role="status" className="visually-hidden">
        {level === "late" && "Live figures have fallen behind."}
      </p>
      <div role="alert">
        {broken && (
          <Notice kind="bad" action={<TryAgain connection={connection} retry={retry} />}>
            <b>Live figures stopped at {held}.</b> {connection.problem.title} The figures below are
            from then. Code <code className="code">{connection.problem.code}</code>
          </Notice>
        )}
        {level === "stale" && !broken && (
          <Notice kind="warn">
            <b>Counting is behind.</b> The figures below are from {held}; they catch up by
            themselves.
          </Notice>
        )}
      </div>
    </>
  );
}
