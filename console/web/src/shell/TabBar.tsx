import { Dialog } from "@suiftly/ui";
import { Link, useRouterState } from "@tanstack/react-router";
import { useState } from "react";
import { SERVICE_NAMES, SERVICES } from "../app/queries";
import { ACCOUNT, END, MORE, TABS } from "./navigation";
import { ServiceMark } from "./ServiceMark";
import { UnreadCount } from "./Sidebar";
import { ThemeChooser } from "./ThemeChooser";

const ACTIVITY = ACCOUNT.filter(({ to }) => to === "/activity");

/** The bar at a phone's bottom. */
export function TabBar() {
  const [more, setMore] = useState(false);
  const isElsewhere = useRouterState({
    select: ({ location }) => MORE.some((path) => location.pathname.startsWith(path)),
  });
  const close = () => setMore(false);
  return (
    <nav aria-label="Main" className="tab-bar">
      {TABS.map(({ to, word }) => (
        <Link key={to} to={to} activeOptions={{ exact: to === "/", includeSearch: false }}>
          {word}
        </Link>
      ))}
      <button
        type="button"
        aria-haspopup="dialog"
        aria-current={isElsewhere ? "true" : undefined}
        onClick={() => setMore(true)}
      >
        More
      </button>
      <Dialog open={more} onClose={close} title="More">
        <ul className="more">
          {SERVICES.map((service) => (
            <li key={service}>
              <Link
                to="/services/$service"
                params={{ service }}
                className="side-link"
                onClick={close}
              >
                {SERVICE_NAMES[service]}
                <ServiceMark service={service} />
              </Link>
            </li>
          ))}
          {[...ACTIVITY, ...END].map(({ to, word }) => (
            <li key={to}>
              <Link to={to} className="side-link" onClick={close}>
                {word}
                {to === "/activity" && <UnreadCount />}
              </Link>
            </li>
          ))}
        </ul>
        <div className="mt-4">
          <ThemeChooser />
        </div>
      </Dialog>
    </nav>
  );
}
