import { formatUsd, monthName } from "@suiftly/ui";
import type { Billing, Quotation, ServiceView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { billingQuery } from "../../app/queries";
import { usagePriceWords } from "./words";

const MICRO_USD_PER_CENT = 10_000;

interface AfterLinesProps {
  service: ServiceView;
  quote: Quotation;
}

/** What usage costs beside it, and what is left of the money and the limit once it is paid. */
export function AfterLines({ service: { offer }, quote }: AfterLinesProps) {
  const { data: money } = useQuery(billingQuery);
  const requests = usagePriceWords(offer.requests);
  const bytes = offer.bytes && usagePriceWords(offer.bytes);
  return (
    <dl className="quote-after">
      {requests && (
        <div>
          <dt>Requests</dt>
          <dd>{requests}</dd>
        </div>
      )}
      {bytes && (
        <div>
          <dt>Bytes</dt>
          <dd>{bytes}</dd>
        </div>
      )}
      {money && quote.items_now.length > 0 && (
        <Left money={money} due={quote.total_now_micro_usd} />
      )}
    </dl>
  );
}

function Left({ money, due }: { money: Billing; due: number }) {
  const left = money.remaining_micro_usd;
  return (
    <>
      <div>
        <dt>Escrow after</dt>
        <dd>{formatUsd(money.balance_usd_cents * MICRO_USD_PER_CENT - due)}</dd>
      </div>
      <div>
        <dt>Left of {monthName(money.month)}’s limit</dt>
        <dd>{typeof left === "number" ? formatUsd(left - due) : "No limit"}</dd>
      </div>
    </>
  );
}
