import { Button, explain, Failed, formatUsd, Refusal, Skeleton } from "@suiftly/ui";
import type { Quotation, QuoteRequest, ServiceView } from "@suiftly/ui/api/customer";
import { Link } from "@tanstack/react-router";
import { SERVICE_NAMES } from "../../app/queries";
import { Guard } from "../../shell/Guard";
import { AfterLines } from "./AfterLines";
import { MonthLines, NowLines } from "./QuoteLines";
import { RefusalMend } from "./RefusalMend";
import { Unchanged } from "./Unchanged";
import type { Choosing } from "./useChoice";
import { isTold, useOrder } from "./useOrder";
import type { Asked } from "./useQuote";
import { actWords, firstOf, lessWords, quoteWords } from "./words";

interface QuotePanelProps {
  service: ServiceView;
  choosing: Choosing;
  asked: Asked;
}

/** What the choice costs now and from the 1st, and the button that orders it. */
export function QuotePanel({ service, choosing, asked }: QuotePanelProps) {
  const { request, quote, isCurrent, problem } = asked;
  return (
    <aside className="quote" aria-label="Price">
      <Guard what="Price">
        <p role="status" className="visually-hidden">
          {request && quote && isCurrent && quoteWords(quote)}
        </p>
        {request === null && <Unchanged service={service} />}
        {request !== null && problem && (
          <NoQuote problem={problem} asked={asked} service={service} />
        )}
        {request !== null && !problem && quote === undefined && <Skeleton className="h-60" />}
        {request !== null && !problem && quote && (
          <div className="quote-body" data-asking={!isCurrent}>
            <Quoted
              service={service}
              choosing={choosing}
              asked={asked}
              request={request}
              quote={quote}
            />
          </div>
        )}
      </Guard>
    </aside>
  );
}

function NoQuote({
  problem,
  asked,
  service,
}: Pick<QuotePanelProps, "asked" | "service"> & {
  problem: NonNullable<Asked["problem"]>;
}) {
  // Less than is in use cannot be booked: the API says what has to go first.
  if (problem.code !== "in_use") {
    return <Failed what="No price" problem={problem} onRetry={() => void asked.again()} />;
  }
  return (
    <>
      <h2>More is in use</h2>
      <p className="mt-2 mb-3.5 text-13 text-ink-2">{problem.title}</p>
      <p className="flex gap-4 text-13">
        <Link to="/keys" search={{ service: service.service }} className="link">
          API keys
        </Link>
        {service.service === "seal" && (
          <Link to="/services/$service/packages" params={{ service: "seal" }} className="link">
            Seal keys and packages
          </Link>
        )}
      </p>
    </>
  );
}

interface QuotedProps extends QuotePanelProps {
  request: QuoteRequest;
  quote: Quotation;
}

function Quoted({ service, choosing, asked, request, quote }: QuotedProps) {
  const { order } = useOrder(service);
  const name = SERVICE_NAMES[service.service];
  const act = { order: request.order, quote, name };
  const submit = (first?: Parameters<typeof order.mutate>[0]["first"]) => {
    if (!asked.isCurrent) return;
    const expected = quote.total_now_micro_usd;
    order.mutate({ request, expected, ...(first && { first }) });
  };
  const changed = order.error !== null && isTold(order.error);
  return (
    <>
      <h2>{service.subscription === null ? "Your order" : "Your change"}</h2>
      <p className="text-12 text-ink-3">Each month, before usage</p>
      <MonthLines service={service} quote={quote} />
      <NowLines quote={quote} />
      <MonthEnd quote={quote} name={name} />
      {quote.refusal ? (
        <RefusalMend
          key={quote.refusal.code}
          refusal={quote.refusal}
          act={act}
          busy={order.isPending}
          onMend={submit}
        />
      ) : (
        <>
          <AfterLines service={service} quote={quote} />
          {changed && asked.isCurrent && (
            <p role="alert" className="quote-changed">
              The price is {formatUsd(quote.total_now_micro_usd)} by now. Nothing was ordered.
            </p>
          )}
          <Button
            kind="primary"
            size="large"
            // While the price is being asked for there is nothing that could be agreed to.
            busy={order.isPending || !asked.isCurrent}
            onClick={() => submit()}
          >
            {actWords(act)}
          </Button>
        </>
      )}
      {order.error !== null && !changed && <Refusal problem={explain(order.error)} />}
      {choosing.isNew && (
        <button type="button" className="link quote-reset" onClick={choosing.reset}>
          Start over
        </button>
      )}
    </>
  );
}

/** What is less from the 1st: it stays until then. */
function MonthEnd({ quote, name }: { quote: Quotation; name: string }) {
  const { scheduled, subscription } = quote;
  if (scheduled === null || subscription === null) return null;
  return (
    <div className="quote-end">
      <b>On {firstOf(quote.next_month)}</b>
      <ul>
        {lessWords(subscription, scheduled.subscription, name).map((words) => (
          <li key={words}>{words}</li>
        ))}
      </ul>
      <p>Until then everything stays, and you can take it back.</p>
    </div>
  );
}
