import { Button, Notice } from "@suiftly/ui";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { PushDialog } from "./PushDialog";
import type { Trouble } from "./trouble";

/** More are said by their number; each edge’s own page has them. */
const SHOWN = 2;

/** What is wrong, what is done about it by itself, and what may be done. */
export function Troubles({ troubles }: { troubles: readonly Trouble[] }) {
  const [all, setAll] = useState(false);
  if (troubles.length === 0) return null;
  const shown = all ? troubles : troubles.slice(0, SHOWN);
  const rest = troubles.length - shown.length;
  return (
    <div className="fleet-troubles" data-testid="fleet-troubles" data-value={troubles.length}>
      {shown.map((trouble) => (
        <Notice key={trouble.key} kind={trouble.kind} action={<Act trouble={trouble} />}>
          <b>{trouble.head}</b> {trouble.words}
        </Notice>
      ))}
      {rest > 0 && (
        <button type="button" className="link" onClick={() => setAll(true)}>
          and {rest} more
        </button>
      )}
    </div>
  );
}

function Act({ trouble: { act, edge, server } }: { trouble: Trouble }) {
  const [pushing, setPushing] = useState(false);
  switch (act) {
    case "push":
      return (
        <>
          <Button onClick={() => setPushing(true)}>Push…</Button>
          <PushDialog open={pushing} onClose={() => setPushing(false)} />
        </>
      );
    case "logs":
      return (
        <Link to="/logs" search={server === null ? {} : { server_id: server }} className="btn">
          System logs
        </Link>
      );
    case "loss":
      return (
        <Link to="/lines" className="btn">
          Lines and loss
        </Link>
      );
    case "open":
      return (
        <Link to="/fleet" search={(now) => ({ ...now, edge })} className="btn">
          Details
        </Link>
      );
  }
}
