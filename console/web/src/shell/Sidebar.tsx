import { Brand, formatCount, Kbd } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { notificationsQuery, SERVICE_NAMES, SERVICES, servicesQuery } from "../app/queries";

import { ACCOUNT, END, OVERVIEW } from "./navigation";
import { ServiceMark } from "./ServiceMark";

export function Sidebar({ onSearch }: { onSearch: () => void }) {
  return (
    <nav aria-label="Main" className="side">
      <Brand />
      <Link
        to={OVERVIEW.to}
        className="side-link"
        activeOptions={{ exact: true, includeSearch: false }}
      >
        {OVERVIEW.word}
      </Link>
      <p className="side-group">Services</p>
      {SERVICES.map((service) => (
        <Link key={service} to="/services/$service" params={{ service }} className="side-link">
          {SERVICE_NAMES[service]}
          <ServiceMark service={service} />
        </Link>
      ))}
      <p className="side-group">Account</p>
      {ACCOUNT.map(({ to, word }) => (
        <Link key={to} to={to} className="side-link">
          {word}
          {to === "/keys" && <KeyCount />}
          {to === "/activity" && <UnreadCount />}
        </Link>
      ))}
      <div className="side-end">
        <button type="button" className="side-link" onClick={onSearch}>
          Find
          <Kbd>{COMMAND_KEY} K</Kbd>
        </button>
        {END.map(({ to, word }) => (
          <Link key={to} to={to} className="side-link">
            {word}
          </Link>
        ))}
      </div>
    </nav>
  );
}

/** As the keyboard at hand calls it. */
const COMMAND_KEY = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";

function KeyCount() {
  const { data: services } = useQuery(servicesQuery);
  const count = services?.reduce((sum, { active_api_keys }) => sum + active_api_keys, 0) ?? 0;
  if (count === 0) return null;
  return (
    <span className="side-mark">
      {formatCount(count)}
      <span className="visually-hidden"> active</span>
    </span>
  );
}

export function UnreadCount() {
  const { data: told } = useQuery(notificationsQuery);
  const unread = told?.filter(({ acknowledged_at }) => !acknowledged_at).length ?? 0;
  if (unread === 0) return null;
  return (
    <span className="side-mark">
      {formatCount(unread)}
      <span className="visually-hidden"> unread</span>
    </span>
  );
}
