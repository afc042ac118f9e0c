import { Link, Outlet } from "@tanstack/react-router";
import { Page } from "../shell/Page";
import "./settings.css";

const TABS = [
  { to: "/settings", word: "Profile" },
  { to: "/settings/alerts", word: "Alerts" },
  { to: "/settings/webhooks", word: "Webhooks" },
  { to: "/settings/sessions", word: "Sessions" },
  { to: "/settings/account", word: "Account" },
] as const;

export function SettingsPage() {
  return (
    <Page title="Settings">
      <nav className="tabs" aria-label="Settings">
        {TABS.map(({ to, word }) => (
          <Link key={to} to={to} activeOptions={{ exact: true, includeSearch: false }}>
            {word}
          </Link>
        ))}
      </nav>
      <div className="settings">
        <Outlet />
      </div>
    </Page>
  );
}
