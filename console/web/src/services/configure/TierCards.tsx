import { formatCount, RadioCards, Tag } from "@suiftly/ui";
import type { ServiceView, TierOffer } from "@suiftly/ui/api/customer";
import { Section } from "../../shell/Section";
import { isTier, TIER_NAMES } from "./choice";
import type { Choosing } from "./useChoice";
import { roundUsd } from "./words";

interface TierCardsProps {
  service: ServiceView;
  choosing: Choosing;
}

export function TierCards({
  service: { offer, subscription, scheduled },
  choosing,
}: TierCardsProps) {
  const cards = offer.tiers.flatMap((one) => {
    if (!isTier(one.tier)) return [];
    const tag = tagOf(one.tier, subscription?.tier, scheduled?.subscription?.tier);
    return [
      {
        value: one.tier,
        title: TIER_NAMES[one.tier],
        children: <TierLines tier={one} burstMicroUsd={offer.add_ons.burst_micro_usd} />,
        ...(tag !== null && { tag: <Tag fill>{tag}</Tag> }),
      },
    ];
  });
  return (
    <Section title="Tier" note="The guaranteed rate holds in each region, always">
      <RadioCards
        label="Tier"
        value={choosing.choice.tier}
        onChange={(tier) => choosing.choose({ tier })}
        cards={cards}
      />
    </Section>
  );
}

function tagOf(tier: string, now: string | undefined, next: string | undefined): string | null {
  if (tier === now) return "Now";
  return tier === next ? "Next" : null;
}

function TierLines({ tier, burstMicroUsd }: { tier: TierOffer; burstMicroUsd: number }) {
  return (
    <>
      <span className="tier-price">
        {roundUsd(tier.monthly_micro_usd)} <span className="tier-unit">a month</span>
      </span>
      <span className="tier-line">{formatCount(tier.guaranteed_per_second)} / s guaranteed</span>
      <span className="tier-line">
        {typeof tier.burst_per_second === "number"
          ? `Burst to ${formatCount(tier.burst_per_second)}, ${roundUsd(burstMicroUsd)}`
          : "No burst"}
      </span>
    </>
  );
}
