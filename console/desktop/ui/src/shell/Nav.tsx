import { Count } from "@suiftly/ui";
import { quarantineReasons } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { client } from "../app/session";
import { keyOf } from "../app/topics";
import { openNoticesQuery } from "../notifications/queries";
import { linesWaiting } from "../quarantine/waiting";
import { GROUPS, type Place, SETTINGS } from "./navigation";

/** Pages in words; a number beside a word is what waits there. */
export function Nav() {
  return (
    <nav className="nav" aria-label="Main">
      {GROUPS.map(({ word, places }) => (
        <Fragment key={word}>
          {word && <p className="nav-group">{word}</p>}
          {places.map((place) => (
            <NavLink key={place.to} place={place} />
          ))}
        </Fragment>
      ))}
      <div className="nav-rest" />
      <NavLink place={SETTINGS} />
    </nav>
  );
}

function NavLink({ place: { to, word, key, count } }: { place: Place }) {
  return (
    <Link
      to={to}
      className="nav-link"
      activeOptions={{ exact: to === "/", includeSearch: false }}
      data-testid={`nav-${to.slice(1) || "overview"}`}
    >
      {word}
      {key && <kbd>{key}</kbd>}
      {count === "quarantine" && <Quarantined />}
      {count === "notifications" && <Told />}
    </Link>
  );
}

const reasonsQuery = {
  queryKey: keyOf("quarantine", "reasons"),
  queryFn: async ({ signal }: { signal: AbortSignal }) =>
    (await quarantineReasons({ client, signal })).data.reasons,
};

function Quarantined() {
  const { data } = useQuery(reasonsQuery);
  const lines = linesWaiting(data ?? []);
  return lines > 0 && <Waiting count={lines} />;
}

function Told() {
  const { data } = useQuery(openNoticesQuery);
  return data !== undefined && data.length > 0 && <Waiting count={data.length} />;
}

function Waiting({ count }: { count: number }) {
  return (
    <span className="nav-count">
      <Count value={count} />
    </span>
  );
}
