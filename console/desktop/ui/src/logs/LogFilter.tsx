import { Segmented } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { logsSearch } from "../app/search";
import { fleetQuery } from "../fleet/queries";
import { useServerNames } from "../parts/ServerName";

type Search = ReturnType<typeof logsSearch>;

/** Which messages: the address holds them, so that a link shows the same. */
export function LogFilter({ search }: { search: Search }) {
  const navigate = useNavigate();
  const serverName = useServerNames();
  const { data } = useQuery(fleetQuery);
  const change = (part: Partial<Record<keyof Search, string | number | undefined>>) =>
    void navigate({ to: "/logs", search: { ...search, ...part } as Search, replace: true });
  const servers = data?.edges.flatMap((edge) => edge.servers) ?? [];
  const chosen = search.server_id;
  const listed = chosen === undefined || servers.includes(chosen) ? servers : [...servers, chosen];
  return (
    <>
      <input
        type="search"
        className="logs-find"
        data-filter
        data-testid="logs-find"
        aria-label="Filter messages"
        placeholder="Filter: app1 down"
        value={search.find ?? ""}
        onChange={(event) => change({ find: event.target.value || undefined })}
      />
      <select
        className="logs-server"
        aria-label="Of which gateway"
        value={chosen ?? ""}
        onChange={(event) =>
          change({ server_id: event.target.value === "" ? undefined : Number(event.target.value) })
        }
      >
        <option value="">All gateways</option>
        {listed.map((id) => (
          <option key={id} value={id}>
            {serverName(id)}
          </option>
        ))}
      </select>
      <Segmented
        label="Which messages"
        value={search.only === "trouble" ? "trouble" : "all"}
        onChange={(only) => change({ only: only === "all" ? undefined : only })}
        options={[
          { value: "all", label: "All" },
          { value: "trouble", label: "Trouble" },
        ]}
      />
    </>
  );
}
