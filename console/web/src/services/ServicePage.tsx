import { Empty, explain, Failed, Skeleton, StatusGlyph } from "@suiftly/ui";
import type { ServiceView, ServiceWord } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import { isService, SERVICE_NAMES, servicesQuery } from "../app/queries";
import { useLastError } from "../app/useLastError";
import { Guard } from "../shell/Guard";
import { NotFound } from "../shell/NotFound";
import { Page } from "../shell/Page";
import { ServiceContext } from "./context";
import "./services.css";
import { serviceStatus } from "../app/serviceStatus";
import { Tabs } from "./Tabs";

const route = getRouteApi("/services/$service");

/** What stands around a service's tabs: its name, its status, and what to do where it cannot be shown. */
export function ServicePage() {
  const { service } = route.useParams();
  return isService(service) ? <Known word={service} /> : <NotFound />;
}

function Known({ word }: { word: ServiceWord }) {
  const query = useQuery(servicesQuery);
  const error = useLastError(query);
  const { data, refetch } = query;
  const name = SERVICE_NAMES[word];
  if (data === undefined) {
    return (
      <Page title={name} busy={error === null}>
        {error === null ? (
          <Shapes name={name} />
        ) : (
          <Failed
            what={`${name} did not load`}
            problem={explain(error)}
            onRetry={() => void refetch()}
            unaffected="Requests are served as before."
          />
        )}
      </Page>
    );
  }
  const view = data.find(({ service }) => service === word);
  return view === undefined ? <ComingSoon name={name} /> : <Sold view={view} />;
}

function Sold({ view }: { view: ServiceView }) {
  const name = SERVICE_NAMES[view.service];
  return (
    <Page title={name} status={<StatusGlyph status={serviceStatus(view)} />}>
      {/* Another service starts afresh: nothing chosen for one is carried to the other. */}
      <ServiceContext key={view.service} value={view}>
        <Tabs service={view.service} />
        <div className="mt-6.5">
          <Guard what={name}>
            <Outlet />
          </Guard>
        </div>
      </ServiceContext>
    </Page>
  );
}

function ComingSoon({ name }: { name: string }) {
  return (
    <Page title={name} status={<span className="text-13 text-ink-3">Coming soon</span>}>
      <Empty title={`${name} is coming soon`} heading="h2">
        It is not sold here yet. Once it is, its tiers and prices are on this page.
      </Empty>
    </Page>
  );
}

function Shapes({ name }: { name: string }) {
  return (
    <>
      <p role="status" className="visually-hidden">
        Loading {name}
      </p>
      <Skeleton className="h-10" />
      <Skeleton className="mt-6.5 h-24" />
      <Skeleton className="mt-6.5 h-60" />
    </>
  );
}
