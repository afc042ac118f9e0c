import { formatCount, StatusGlyph } from "@suiftly/ui";
import type { FleetServer } from "@suiftly/ui/api/admin";
import { Link } from "@tanstack/react-router";
import { isDown, isOut } from "./edges";

/** A backend a row, its servers in it: one that is down or out has its word, the others their count. */
export function ServerStates({
  servers,
  server,
}: {
  servers: readonly FleetServer[];
  server: number;
}) {
  const backends = [...new Set(servers.map(({ backend }) => backend))];
  return (
    <div>
      <h4>Servers behind it</h4>
      {backends.length === 0 && <p className="text-ink-2">It has told of none yet.</p>}
      <ul className="fleet-servers">
        {backends.map((backend) => (
          <li key={backend}>
            <span className="text-ink-2">{backend}</span>
            <span className="fleet-states">
              {servers
                .filter((one) => one.backend === backend)
                .map((one) => (
                  <ServerState key={one.server} of={one} gateway={server} />
                ))}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function ServerState({ of, gateway }: { of: FleetServer; gateway: number }) {
  const { server, status, sessions } = of;
  const title = `${server}: ${status}, ${formatCount(sessions)} ${sessions === 1 ? "session" : "sessions"} now`;
  if (!isDown(of) && !isOut(of))
    return (
      <span title={title} data-state="up">
        {server}
        {status === "no check" && <span className="text-ink-3"> unchecked</span>}
      </span>
    );
  return (
    <Link
      to="/logs"
      search={{ server_id: gateway, find: server }}
      className="quiet-link"
      title={title}
    >
      <StatusGlyph status={isDown(of) ? "down" : "suspended"} word={`${server} ${status}`} />
    </Link>
  );
}
