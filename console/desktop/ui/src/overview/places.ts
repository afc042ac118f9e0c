// Where requests are, in words: "fra-2, seal local 1".
import type { InfraLabels } from "@suiftly/ui/api/admin";
import type { RecordSearch } from "../app/search";
import { backendWord } from "../words/events";

export type ServerWord = (id: number | null) => string;

/** Stands for the server of lines that name none, such as those of a format without one. */
export const NO_SERVER = "no server named";

/** A backend in words; its network is said where a service has one of that number on several. */
export function backendName(
  { service_type, network, backend_id }: InfraLabels,
  withNetwork = false,
): string {
  const words = [service_type ?? "", backendWord(backend_id ?? 0)];
  if (withNetwork && network) words.push(network);
  return words.filter((word) => word !== "").join(" ");
}

/** "" where nothing is told apart. */
export function placeName(group: InfraLabels, serverWord: ServerWord): string {
  const words: string[] = [];
  const { server_id } = group;
  if (server_id !== undefined) words.push(server_id === null ? NO_SERVER : serverWord(server_id));
  if (group.backend_id !== undefined) words.push(backendName(group));
  return words.join(", ");
}

/** The same as a filter of the drill and the tail. */
export function placeSearch(group: InfraLabels): RecordSearch {
  const { server_id, service_type, network, backend_id } = group;
  return {
    ...(server_id != null && { server_id }),
    ...(service_type != null && { service_type }),
    ...(network != null && { network }),
    ...(backend_id !== undefined && { backend_id }),
  };
}
