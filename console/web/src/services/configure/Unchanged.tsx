import { formatUsd, monthName } from "@suiftly/ui";
import type { ServiceView } from "@suiftly/ui/api/customer";
import { goal, tierName, tierOffer } from "./choice";
import { plural } from "./words";

/** Nothing is chosen yet that there is not: what it costs as it is. */
export function Unchanged({ service }: { service: ServiceView }) {
  const terms = goal(service);
  if (terms === null) return null;
  const { add_ons } = service.offer;
  const tier = tierOffer(service.offer, terms.tier);
  const extras = [
    [terms.extra_seal_keys, "more seal key", "more seal keys", add_ons.seal_key_micro_usd],
    [terms.extra_packages, "more package", "more packages", add_ons.package_micro_usd],
    [terms.extra_api_keys, "more API key", "more API keys", add_ons.api_key_micro_usd],
  ] as const;
  const when =
    service.scheduled === null
      ? "A month, from the 1st"
      : `A month, from 1 ${monthName(service.scheduled.at)}`;
  return (
    <>
      <h2>{service.scheduled === null ? "What you have" : "What is scheduled"}</h2>
      <p className="text-12 text-ink-3">Each month, before usage</p>
      <dl className="quote-lines">
        <div>
          <dt>{tierName(terms.tier)}</dt>
          <dd>{formatUsd(tier?.monthly_micro_usd ?? null)}</dd>
        </div>
        {terms.burst && (
          <div>
            <dt>Burst</dt>
            <dd>{formatUsd(add_ons.burst_micro_usd)}</dd>
          </div>
        )}
        {extras
          .filter(([count]) => count > 0)
          .map(([count, one, many, price]) => (
            <div key={one}>
              <dt>{plural(count, one, many)}</dt>
              <dd>{formatUsd(price ?? null)} each</dd>
            </div>
          ))}
        <div className="quote-total">
          <dt>{when}</dt>
          <dd>{formatUsd(service.monthly_micro_usd)}</dd>
        </div>
      </dl>
      <p className="mt-3.5 text-12 text-ink-3">
        Choose another tier or amount to see its price. Nothing is ordered before you press the
        button here.
      </p>
    </>
  );
}
