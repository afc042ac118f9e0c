import { formatUsd } from "@suiftly/ui";
import type { OrderItem, Quotation, ServiceView } from "@suiftly/ui/api/customer";
import { tierName, tierOffer } from "./choice";
import { firstOf, itemWords, proRataWords, roundUsd } from "./words";

interface MonthLinesProps {
  service: ServiceView;
  quote: Quotation;
}

/** What each month costs from the 1st. */
export function MonthLines({ service, quote }: MonthLinesProps) {
  return (
    <dl className="quote-lines">
      {quote.items_next_month.map((one) => (
        <div key={one.item}>
          <dt>{one.item === "tier" ? "Tier" : itemWords(one)}</dt>
          <dd>
            {one.item === "tier" && <Tier service={service} item={one} />}
            {formatUsd(one.amount_micro_usd)}
          </dd>
        </div>
      ))}
      <div className="quote-total">
        <dt>A month, from {firstOf(quote.next_month)}</dt>
        <dd>{formatUsd(quote.total_next_month_micro_usd)}</dd>
      </div>
    </dl>
  );
}

/** The tier by name; the one that it takes the place of, struck out. */
function Tier({ service, item }: { service: ServiceView; item: OrderItem }) {
  const before = service.subscription?.tier;
  if (before === undefined || before === item.tier) {
    return <span className="quote-was">{tierName(item.tier ?? "")}</span>;
  }
  const offer = tierOffer(service.offer, before);
  return (
    <>
      <s className="quote-was">
        {tierName(before)} {offer && roundUsd(offer.monthly_micro_usd)}
      </s>
      {tierName(item.tier ?? "")}{" "}
    </>
  );
}

/** What is charged now, each thing with its days. */
export function NowLines({ quote: { items_now, total_now_micro_usd } }: { quote: Quotation }) {
  return (
    <div className="quote-due">
      <p className="quote-due-head">
        <b>Due now</b>
        <span>{formatUsd(total_now_micro_usd)}</span>
      </p>
      {items_now.length === 0 && <p className="text-12 text-ink-3">Nothing is charged now.</p>}
      {items_now.map((one) => (
        <p key={one.item} className="quote-due-item">
          <span>
            {itemWords(one)}
            <span className="block text-ink-3">{proRataWords(one)}</span>
          </span>
          {items_now.length > 1 && <span>{formatUsd(one.amount_micro_usd)}</span>}
        </p>
      ))}
    </div>
  );
}
