import { Moment } from "@suiftly/ui";
import { useNow } from "../app/console";
import { Pane } from "../parts/Pane";
import { useCustomer } from "./useCustomer";

/** Where they are signed in. */
export function Sessions() {
  const { sessions } = useCustomer();
  const now = useNow();
  const note = sessions.length === 0 ? undefined : "last used";
  return (
    <Pane title="Sessions" note={note}>
      {sessions.length === 0 ? (
        <p className="text-ink-3">Nobody is signed in. API keys do not need it.</p>
      ) : (
        <ul className="customer-list" data-testid="sessions" data-value={sessions.length}>
          {sessions.map(({ session_id, address, user_agent, last_used_at }) => (
            <li key={session_id} title={user_agent || undefined}>
              <code>{address}</code>
              <span className="text-ink-3">
                <Moment iso={last_used_at} now={now} format="ago" />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Pane>
  );
}
