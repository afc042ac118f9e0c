// One customer from all sides: money, traffic and what was done, beside each other; and what can be done.
import { explain, Failed, SkeletonRows } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Page, PanePage } from "../parts/Page";
import { Alerts } from "./Alerts";
import "./customer.css";
import "./customers.css";
import { Draws } from "./Draws";
import { Happenings } from "./Happenings";
import { Head } from "./Head";
import { Invoices } from "./Invoices";
import { Keys } from "./Keys";
import { Ledger } from "./Ledger";
import { MaySpend } from "./MaySpend";
import { Month } from "./Month";
import { Note } from "./Note";
import { Notices } from "./Notices";
import { customerQuery } from "./queries";
import { Services } from "./Services";
import { Sessions } from "./Sessions";
import { Times } from "./Times";
import { Traffic } from "./Traffic";
import { CustomerProvider } from "./useCustomer";
import { WhatIf } from "./WhatIf";

const route = getRouteApi("/customers/$id");

export function Customer() {
  const { id } = route.useParams();
  const number = Number(id);
  if (!Number.isSafeInteger(number) || number <= 0) return <NoNumber id={id} />;
  return <Known key={number} id={number} />;
}

function Known({ id }: { id: number }) {
  const { data, error, refetch } = useQuery(customerQuery(id));
  if (data === undefined) {
    return (
      <Page title={`Customer ${id}`}>
        {error === null ? (
          <SkeletonRows rows={12} />
        ) : (
          <Failed
            what="The customer did not load"
            problem={explain(error)}
            onRetry={() => void refetch()}
          />
        )}
      </Page>
    );
  }
  return (
    <CustomerProvider value={data}>
      <PanePage className="customer">
        <Head />
        {error !== null && (
          <div className="customer-failed">
            <Failed
              what="The customer did not load again"
              problem={explain(error)}
              unaffected="What is below is what came last."
              onRetry={() => void refetch()}
            />
          </div>
        )}
        <div className="customer-body">
          <div className="customer-column">
            <Month />
            <MaySpend />
            <Services />
            <Note />
            <Alerts />
            <Sessions />
          </div>
          <div className="customer-column">
            <Traffic />
            <Times />
            <Keys />
            <WhatIf />
          </div>
          <div className="customer-column">
            <Ledger />
            <Draws />
            <Happenings />
            <Invoices />
            <Notices />
          </div>
        </div>
      </PanePage>
    </CustomerProvider>
  );
}

function NoNumber({ id }: { id: string }) {
  return (
    <Page title="Customer">
      <p>“{id}” is no customer’s number. The list of customers finds one by name or wallet.</p>
    </Page>
  );
}
