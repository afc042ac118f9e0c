// A gateway's name for its number: its edge's, where the edge has one gateway, else the edge's with the number.
import { useQuery } from "@tanstack/react-query";
import { fleetQuery } from "../fleet/queries";

export function useServerNames(): (id: number | null) => string {
  const { data } = useQuery(fleetQuery);
  return (id) => {
    if (id === null) return "–";
    const edge = data?.edges.find(({ servers }) => servers.includes(id));
    if (edge === undefined) return `server ${id}`;
    return edge.servers.length === 1 ? edge.name : `${edge.name}/${id}`;
  };
}

export function ServerName({ id }: { id: number | null }) {
  return <>{useServerNames()(id)}</>;
}
