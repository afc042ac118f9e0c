import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { PanePage } from "../parts/Page";
import { Diff } from "./Diff";
import { EdgeDetails } from "./EdgeDetails";
import { Edges } from "./Edges";
import "./fleet.css";
import { fleetQuery, vaultStatusQuery, versionsQuery } from "./queries";
import { Reach } from "./Reach";
import { Vault } from "./Vault";
import { Versions } from "./Versions";

const route = getRouteApi("/fleet");

/** So many leave room below: one of them stands open there. */
const FEW = 3;

/** Who enforces what, how fast; what each version of the vault changed; and what may be done to it. */
export function Fleet() {
  const search = route.useSearch();
  const fleet = useQuery(fleetQuery);
  const status = useQuery(vaultStatusQuery);
  const versions = useInfiniteQuery(versionsQuery);
  const items = useMemo(
    () => versions.data?.pages.flatMap((page) => page.items) ?? [],
    [versions.data],
  );
  const inForce = status.data?.version?.version ?? fleet.data?.version ?? null;
  const version = search.version ?? inForce;
  const edges = fleet.data?.edges ?? [];
  const chosen = edges.find(({ name }) => name === search.edge);
  const isFew = edges.length > 0 && edges.length <= FEW;
  const edge = chosen ?? (isFew ? edges[0] : undefined);
  return (
    <PanePage className="fleet">
      <div className="fleet-column fleet-edges-column" data-few={isFew}>
        <Edges fleet={fleet} search={search} open={edge?.name ?? null} />
        {(isFew || edge === undefined) && <Reach fleet={fleet} version={version} issued={items} />}
        {edge !== undefined && <EdgeDetails edge={edge} search={search} isBeside={isFew} />}
      </div>
      <div className="fleet-column fleet-vault-column">
        <Vault status={status} fleet={fleet.data} />
        <Versions
          query={versions}
          items={items}
          version={version}
          fleet={fleet.data}
          search={search}
        />
        <Diff version={version} items={items} status={status.data} search={search} />
      </div>
    </PanePage>
  );
}
