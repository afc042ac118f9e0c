import { Button, formatMinute, Glyph, StatusGlyph } from "@suiftly/ui";
import type { NotificationRow } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { billingQuery } from "../../app/queries";
import { type Goal, say } from "./words";

interface NotificationViewProps {
  row: NotificationRow;
  onAcknowledge: () => void;
}

export function NotificationView({ row, onAcknowledge }: NotificationViewProps) {
  const { title, text, go } = say(row);
  const isKnown = row.acknowledged_at !== null && row.acknowledged_at !== undefined;
  return (
    <li className="act note" data-known={isKnown}>
      <div>
        <Severity word={row.severity} />
        <p>
          <time className="act-time text-12" dateTime={row.created_at} title={row.created_at}>
            {formatMinute(Date.parse(row.created_at))}
          </time>
        </p>
      </div>
      <div className="act-what">
        <p>{title}</p>
        {text && <p className="text-13 text-ink-2">{text}</p>}
        {go && (
          <p className="mt-1 text-13">
            <GoalLink to={go} />
          </p>
        )}
      </div>
      {isKnown ? (
        <span className="act-who">Acknowledged</span>
      ) : (
        <Button size="small" aria-label={`Acknowledge: ${title}`} onClick={onAcknowledge}>
          Acknowledge
        </Button>
      )}
    </li>
  );
}

/** Shape and word; only what wants something of you has a colour. */
function Severity({ word }: { word: string }) {
  if (word === "critical") return <StatusGlyph status="down" word="Critical" />;
  if (word === "warning") return <StatusGlyph status="config-needed" word="Warning" />;
  return (
    <span className="status text-ink-2">
      <Glyph of="ok" />
      Info
    </span>
  );
}

function GoalLink({ to: goal }: { to: Goal }) {
  const { data: money } = useQuery(billingQuery);
  switch (goal.to) {
    case "deposit": {
      const cents = money?.resume_deposit_usd_cents;
      return (
        <Link to="/billing" search={cents ? { deposit: cents } : {}} className="link">
          {goal.word}
        </Link>
      );
    }
    case "limit":
      return (
        <Link
          to="/billing"
          search={goal.cents === null ? {} : { limit: goal.cents }}
          className="link"
        >
          {goal.word}
        </Link>
      );
    default:
      return (
        <Link to={PATHS[goal.to]} className="link">
          {goal.word}
        </Link>
      );
  }
}

const PATHS = {
  transactions: "/billing/transactions",
  alerts: "/settings/alerts",
  webhooks: "/settings/webhooks",
  support: "/support",
} as const;
