import { formatCount, formatUsd, Stepper, Switch } from "@suiftly/ui";
import type { Quotation, ServiceView } from "@suiftly/ui/api/customer";
import { type ReactNode, useId } from "react";
import { Section } from "../../shell/Section";
import { type Extra, hasBurst, mostExtra, sealKeysOf, tierName, tierOffer } from "./choice";
import type { Choosing } from "./useChoice";

interface CapacityProps {
  service: ServiceView;
  choosing: Choosing;
  quote: Quotation | undefined;
}

/** What can be had beside the tier: how much is included, and what more of it costs. */
export function Capacity(props: CapacityProps) {
  const { offer } = props.service;
  const { included, add_ons } = offer;
  const keys = sealKeysOf(props.choosing.choice, offer);
  return (
    <Section title="Capacity">
      <div className="options">
        <Burst {...props} />
        {included.seal_keys_max > 0 && (
          <>
            <More
              {...props}
              extra="extra_seal_keys"
              item="seal_key"
              label="Seal keys"
              help={`${formatCount(included.seal_keys)} included, up to ${formatCount(included.seal_keys_max)}.`}
              included={included.seal_keys}
              price={add_ons.seal_key_micro_usd ?? null}
            />
            <More
              {...props}
              extra="extra_packages"
              item="package"
              label="Packages"
              help={`${formatCount(included.packages_per_seal_key)} included for each seal key, up to ${formatCount(included.packages_per_seal_key_max)} each.`}
              included={included.packages_per_seal_key * keys}
              price={add_ons.package_micro_usd ?? null}
            />
          </>
        )}
        <More
          {...props}
          extra="extra_api_keys"
          item="api_key"
          label="API keys"
          help={`${formatCount(included.api_keys)} included, up to ${formatCount(included.api_keys_max)}.`}
          included={included.api_keys}
          price={add_ons.api_key_micro_usd}
        />
      </div>
    </Section>
  );
}

function Burst({ service: { offer }, choosing, quote }: CapacityProps) {
  const helpId = useId();
  const { tier, burst } = choosing.choice;
  const can = hasBurst(offer, tier);
  const to = tierOffer(offer, tier)?.burst_per_second ?? null;
  const help = can
    ? `To ${formatCount(to)} requests / s where the region has room.`
    : `${tierName(tier)} has no burst: what is above the guaranteed rate is rejected.`;
  return (
    <Option
      label="Burst"
      help={<span id={helpId}>{help}</span>}
      price={can ? priceOf("burst", burst, quote, offer.add_ons.burst_micro_usd) : "–"}
    >
      <Switch
        label="Burst"
        checked={burst}
        disabled={!can}
        describedBy={helpId}
        onChange={(on) => choosing.choose({ burst: on })}
      />
    </Option>
  );
}

interface MoreProps extends CapacityProps {
  extra: Extra;
  /** What an order's items call it. */
  item: string;
  label: string;
  help: string;
  included: number;
  /** Of each beyond those included, a month. */
  price: number | null;
}

function More({ service, choosing, quote, extra, item, label, help, included, price }: MoreProps) {
  const { choice } = choosing;
  const most = mostExtra(extra, service.offer, sealKeysOf(choice, service.offer));
  const each = price === null ? "" : ` ${formatUsd(price)} a month for each more.`;
  return (
    <Option label={label} help={help + each} price={priceOf(item, choice[extra] > 0, quote, price)}>
      <Stepper
        label={label}
        value={included + choice[extra]}
        min={included}
        max={included + most}
        onChange={(count) => choosing.choose({ [extra]: count - included })}
      />
    </Option>
  );
}

interface OptionProps {
  label: string;
  help: ReactNode;
  price: string;
  children: ReactNode;
}

function Option({ label, help, price, children }: OptionProps) {
  return (
    <div className="option">
      <div>
        <b>{label}</b>
        <p>{help}</p>
      </div>
      {children}
      <span className="option-price">{price}</span>
    </div>
  );
}

/** What it comes to a month, by the quote; without one, what one of it costs. */
function priceOf(item: string, has: boolean, quote: Quotation | undefined, each: number | null) {
  const quoted = quote?.items_next_month.find((one) => one.item === item);
  if (quoted) return formatUsd(quoted.amount_micro_usd);
  if (item === "burst") return has ? formatUsd(each) : "off";
  return has ? `${formatUsd(each)} each` : "included";
}
