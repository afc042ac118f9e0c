import { Button, Empty, explain, Failed, formatClock, SkeletonRows } from "@suiftly/ui";
import type { KeyView, ServiceView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useLive } from "../app/live";
import { servicesQuery } from "../app/queries";
import { useLastError } from "../app/useLastError";
import { Page } from "../shell/Page";
import { FirstCall } from "./call/FirstCall";
import { Filters } from "./Filters";
import { KeyGroup } from "./KeyGroup";
import { matches } from "./match";
import { usePanels } from "./panels";
import { keysQuery } from "./queries";
import type { KeysSearch } from "./search";
import "./keys.css";

const route = getRouteApi("/keys");

export function KeysPage() {
  const keys = useQuery(keysQuery);
  const services = useQuery(servicesQuery);
  const [keysError, servicesError] = [useLastError(keys), useLastError(services)];
  const failed = keysError ?? servicesError;
  const retry = () => void Promise.all([keys.refetch(), services.refetch()]);
  const loaded = keys.data !== undefined && services.data !== undefined;
  return (
    <Page title="API keys" busy={!loaded && failed === null}>
      <p className="mb-5.5 max-w-160 text-ink-2">
        Send a key as <code className="code">X-API-Key</code> or as a bearer token. Anyone who holds
        it can spend from your escrow; revoke stops it at every gateway in under a second.
      </p>
      {failed && (
        <div className="mb-5">
          <Failed
            what="Keys did not load"
            problem={explain(failed)}
            onRetry={retry}
            unaffected="Your keys work all the same."
            {...(loaded && { shownFrom: formatClock(keys.dataUpdatedAt) })}
          />
        </div>
      )}
      {loaded ? (
        <div className={failed ? "keys-dimmed" : undefined}>
          <Groups keys={keys.data} services={services.data} />
        </div>
      ) : (
        failed === null && <SkeletonRows rows={4} columns={5} />
      )}
    </Page>
  );
}

interface GroupsProps {
  keys: readonly KeyView[];
  services: readonly ServiceView[];
}

function Groups({ keys, services }: GroupsProps) {
  const { service, new: adding, filter = "", call = "curl" } = route.useSearch();
  const navigate = route.useNavigate();
  const { view } = useLive();
  const panels = usePanels();
  const set = (change: Partial<{ [K in keyof KeysSearch]: KeysSearch[K] | undefined }>) =>
    void navigate({
      search: (before) => ({ ...before, ...change }) as KeysSearch,
      replace: true,
      resetScroll: false,
    });
  const groups = services
    .filter((one) => service === undefined || one.service === service)
    .map((one) => {
      const own = keys.filter((key) => key.service === one.service);
      return { of: one, keys: own, shown: own.filter((key) => matches(key, filter)) };
    })
    // What is looked for is not to be looked for among empty services.
    .filter(({ shown }) => filter === "" || shown.length > 0);
  return (
    <>
      {keys.length > 0 && <Filters {...{ service, filter, services }} onChange={set} />}
      {groups.map((group) => (
        <KeyGroup
          key={group.of.service}
          {...group}
          panels={panels}
          now={view.now}
          adding={adding === group.of.service}
          onAdding={(on) => set({ new: on ? group.of.service : undefined })}
        />
      ))}
      {groups.length === 0 && (
        <Empty
          title="No key matches"
          heading="h2"
          action={
            <Button onClick={() => set({ filter: undefined, service: undefined })}>Show all</Button>
          }
        >
          Deleted keys are not listed; what was done with them is in your activity.
        </Empty>
      )}
      <FirstCall
        services={services.filter(({ state }) => state === "enabled")}
        service={service}
        language={call}
        onLanguage={(language) => set({ call: language })}
      />
    </>
  );
}
