import { explain, Failed, formatMoment } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { billingQuery } from "../app/queries";
import { useLastError } from "../app/useLastError";
import { Guard } from "../shell/Guard";
import { Page } from "../shell/Page";
import { Section } from "../shell/Section";
import { AlertList } from "./alerts/AlertList";
import { BillingShapes } from "./BillingShapes";
import { Hero } from "./Hero";
import { InvoiceList } from "./invoices/InvoiceList";
import { DraftLines } from "./lines/DraftLines";
import { LatestTransactions } from "./transactions/LatestTransactions";

/** The live bill, the escrow it is paid from, and all that both are made of. */
export function BillingPage() {
  const query = useQuery(billingQuery);
  const error = useLastError(query);
  const { data, refetch, dataUpdatedAt } = query;
  const isLoading = data === undefined && error === null;
  return (
    <Page title="Billing" busy={isLoading}>
      {error !== null && (
        <div className="mb-6">
          <Failed
            what="The bill did not load"
            problem={explain(error)}
            onRetry={() => void refetch()}
            unaffected="Requests go on being served and counted."
            {...(data && { shownFrom: formatMoment(dataUpdatedAt, Date.now()) })}
          />
        </div>
      )}
      {isLoading && <BillingShapes />}
      {data !== undefined && (
        <div data-stale={error !== null}>
          <Guard what="This month">
            <Hero billing={data} />
          </Guard>
        </div>
      )}
      {!isLoading && (
        <>
          <DraftLines />
          <Section title="Invoices" note="Closed a day after month’s end, then never changed">
            <InvoiceList />
          </Section>
          <Section title="Escrow transactions" note="The latest first">
            <LatestTransactions />
          </Section>
          <Section title="Spend alerts" note="By e-mail or webhook">
            <AlertList />
          </Section>
        </>
      )}
    </Page>
  );
}
