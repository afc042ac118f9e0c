// Which nodes a request goes through, and what they are called.
import type { InfraLabels, InfraRow } from "@suiftly/ui/api/admin";
import { backendName, NO_SERVER, type ServerWord } from "../places";
import { backendKey } from "../timers/slow";
import type { Column } from "./flow";

export const NONE_KEY = "2/none";

export interface Named {
  readonly key: string;
  readonly label: string;
  /** What requests that go through it have in common. */
  readonly group: InfraLabels;
}

export type Naming = (column: Column, group: InfraLabels) => Named;

export function namingOf(rows: readonly InfraRow[], serverWord: ServerWord): Naming {
  const double = namesOnSeveral(rows);
  return (column, { server_id = null, service_type = null, network = null, backend_id = 0 }) => {
    if (column === 0) {
      return { key: `0/${network}`, label: network ?? "no network", group: { network } };
    }
    if (column === 1) {
      const label = server_id === null ? NO_SERVER : serverWord(server_id);
      return { key: `1/${server_id}`, label, group: { server_id } };
    }
    if (backend_id === 0) return { key: NONE_KEY, label: "none, refused", group: { backend_id } };
    const group = { service_type, network, backend_id };
    const label = backendName(group, double.has(backendName(group)));
    return { key: `2/${backendKey(group)}`, label, group };
  };
}

/** Backends whose name stands for one on each of several networks. */
function namesOnSeveral(rows: readonly InfraRow[]): ReadonlySet<string> {
  const networks = new Map<string, string | null | undefined>();
  const double = new Set<string>();
  for (const { group } of rows) {
    const name = backendName(group);
    if (networks.has(name) && networks.get(name) !== group.network) double.add(name);
    networks.set(name, group.network);
  }
  return double;
}
