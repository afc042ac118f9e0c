import { Button, Moment, Tag } from "@suiftly/ui";
import type { Session } from "@suiftly/ui/api/customer";
import { useLive } from "../../app/live";
import { browserWords } from "./browser";

interface SessionTableProps {
  sessions: readonly Session[];
  onEnd: (session: Session) => void;
  /** What is shown is of before. */
  kept: boolean;
}

export function SessionTable({ sessions, onEnd, kept }: SessionTableProps) {
  return (
    <table className="table sessions" data-phone="rows" data-kept={kept}>
      <thead>
        <tr>
          <th scope="col">Browser</th>
          <th scope="col">From</th>
          <th scope="col">Signed in</th>
          <th scope="col">Last used</th>
          <th scope="col">
            <span className="visually-hidden">End it</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} onEnd={onEnd} />
        ))}
      </tbody>
    </table>
  );
}

interface SessionRowProps {
  session: Session;
  onEnd: (session: Session) => void;
}

function SessionRow({ session, onEnd }: SessionRowProps) {
  const { view } = useLive();
  const words = browserWords(session.user_agent);
  return (
    <tr>
      <th scope="row">
        <span title={session.user_agent}>{words}</span>{" "}
        {session.is_current && <Tag fill>This one</Tag>}
      </th>
      <td data-line>
        <code className="code">{session.address}</code>
      </td>
      <td data-wide>
        <Moment iso={session.created_at} now={view.now} format="ago" />
      </td>
      <td data-line data-word="Last used">
        <Moment iso={session.last_used_at} now={view.now} format="ago" />
      </td>
      <td className="number">
        {!session.is_current && (
          <Button size="small" aria-label={`End ${words}`} onClick={() => onEnd(session)}>
            End
          </Button>
        )}
      </td>
    </tr>
  );
}
