import { Button, Empty, explain, Failed, formatMoment, monthName, SkeletonRows } from "@suiftly/ui";
import type { DocumentView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { billingQuery } from "../../app/queries";
import { useLastError } from "../../app/useLastError";
import { Section } from "../../shell/Section";
import { saveFile } from "../csv";
import { FIRST_DEPOSIT_CENTS } from "../escrow/amounts";
import { draftQuery } from "../queries";
import { monthStart } from "../words";
import { linesCsv } from "./csv";
import { LineTable } from "./LineTable";

/** The running month, line by line. */
export function DraftLines() {
  const query = useQuery(draftQuery);
  const error = useLastError(query);
  const { data, refetch } = query;
  const month = data ? monthName(data.month) : "This month";
  return (
    <Section title={`${month}, line by line`} {...(data && { note: <Note draft={data} /> })}>
      {error !== null && (
        <Failed
          what="The lines did not load"
          problem={explain(error)}
          onRetry={() => void refetch()}
          unaffected="The bill goes on being counted."
          {...(data && { shownFrom: formatMoment(Date.parse(data.issued_at), Date.now()) })}
        />
      )}
      {data === undefined && error === null && <SkeletonRows rows={5} columns={4} />}
      {data !== undefined && (
        <div data-stale={error !== null}>
          <Lines draft={data} />
        </div>
      )}
    </Section>
  );
}

function Note({ draft }: { draft: DocumentView }) {
  const issued = Date.parse(draft.issued_at);
  const from = formatMoment(monthStart(draft.month), issued);
  return (
    <span className="flex items-center gap-3">
      <span className="text-12">
        Billed from {from.slice(0, -3)} to {formatMoment(issued, issued)} UTC
      </span>
      {draft.lines.length > 0 && (
        <Button
          size="small"
          onClick={() => saveFile(`draft-${draft.month}.csv`, linesCsv(draft), "text/csv")}
        >
          CSV
        </Button>
      )}
    </span>
  );
}

function Lines({ draft }: { draft: DocumentView }) {
  const rows = useSearch({ from: "/billing" });
  const navigate = useNavigate({ from: "/billing" });
  if (draft.lines.length === 0) return <NothingYet />;
  return (
    <LineTable
      document={draft}
      source={{ draft: true, month: draft.month }}
      rows={rows}
      onOpen={(next) => void navigate({ search: next, resetScroll: false })}
      totalWord="Total so far"
    />
  );
}

/** A new account: first the deposit, then a service. */
function NothingYet() {
  const { data: money } = useQuery(billingQuery);
  if (money !== undefined && money.balance_usd_cents > 0) {
    return (
      <Empty
        title="Your escrow is ready"
        action={
          <Link to="/services/$service" params={{ service: "seal" }} className="btn">
            Enable Seal
          </Link>
        }
      >
        Enable a service next. Its plan is the first line here and its requests are the second;
        every line opens to the requests it is made of.
      </Empty>
    );
  }
  return (
    <Empty
      title="Begin with a deposit"
      action={
        <Link to="/billing" search={{ deposit: FIRST_DEPOSIT_CENTS }} className="btn">
          Deposit
        </Link>
      }
    >
      Plans and usage are paid from your escrow, and what you do not use you can withdraw. Then
      enable a service: each plan and each service’s usage becomes a line here.
    </Empty>
  );
}
