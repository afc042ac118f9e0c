import { formatCount, formatDate, formatUsd } from "@suiftly/ui";
import type { ServiceView, Terms } from "@suiftly/ui/api/customer";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Section } from "../../shell/Section";
import { tierName } from "../configure/choice";
import { usagePriceWords } from "../configure/words";

/** What is booked, how much of it is used, and what it costs. */
export function Subscribed({ service }: { service: ServiceView }) {
  const { subscription } = service;
  if (subscription === null) return null;
  const { offer } = service;
  const requests = usagePriceWords(offer.requests);
  const bytes = offer.bytes && usagePriceWords(offer.bytes);
  return (
    <Section
      title="What you have"
      note={
        <Link
          to="/services/$service/configure"
          params={{ service: service.service }}
          className="link"
        >
          Change it
        </Link>
      }
    >
      <dl className="service-have">
        <Row term="Tier">{tierWords(subscription, service)}</Row>
        <Row term="API keys">{slotWords(service.api_keys)}</Row>
        {offer.included.seal_keys_max > 0 && (
          <>
            <Row term="Seal keys">{slotWords(service.seal_keys)}</Row>
            <Row term="Extra packages">{slotWords(service.extra_packages)}</Row>
          </>
        )}
        <Row term="Who may call">{callersWords(service.ip_allowlist.length)}</Row>
        <Row term="Requests">{requests ?? "By bands, as on the bill"}</Row>
        {bytes && <Row term="Bytes">{bytes}</Row>}
        <Row term="From the 1st">{formatUsd(service.monthly_micro_usd)} a month, before usage</Row>
        {service.enabled_at && (
          <Row term="Enabled">{formatDate(Date.parse(service.enabled_at))}</Row>
        )}
      </dl>
    </Section>
  );
}

function Row({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function tierWords({ tier, burst }: Terms, service: ServiceView): string {
  const guaranteed = formatCount(service.guaranteed_per_second);
  const rate = `${tierName(tier)}, ${guaranteed} requests / s guaranteed in each region`;
  return burst ? `${rate}, burst to ${formatCount(service.burst_per_second)}` : rate;
}

function slotWords({ used, allowed }: ServiceView["api_keys"]): string {
  return `${formatCount(used)} of ${formatCount(allowed)} used`;
}

function callersWords(addresses: number): string {
  if (addresses === 0) return "Any address";
  return addresses === 1
    ? "One address or network"
    : `${formatCount(addresses)} addresses or networks`;
}
