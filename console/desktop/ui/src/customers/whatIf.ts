// What else a customer could have: each other tier of what they have, and theirs with or without burst.
import { formatCount, formatUsd } from "@suiftly/ui";
import type { CustomerService, TierWhatIf } from "@suiftly/ui/api/admin";
import { serviceWord } from "../words/services";
import { capital } from "./status";

const TIERS = ["starter", "pro", "enterprise"] as const;

export interface Instead {
  readonly service: string;
  readonly tier: string;
  readonly burst: boolean;
  readonly words: string;
}

/** Starter has no burst. */
export function instead(services: readonly CustomerService[]): readonly Instead[] {
  return services
    .filter(({ is_enabled }) => is_enabled)
    .flatMap(({ service, tier, config }) => {
      const bursts = config.burst === true;
      const others = TIERS.filter((other) => other !== tier).map((other) =>
        option(service, other, other !== "starter" && bursts, ""),
      );
      if (tier === "starter") return others;
      return [...others, option(service, tier, !bursts, bursts ? " without burst" : " with burst")];
    });
}

function option(service: string, tier: string, burst: boolean, more: string): Instead {
  return { service, tier, burst, words: `${serviceWord(service)} ${capital(tier)}${more}` };
}

/** Why the difference is what it is. */
export function because({ delta_micro_usd, now_micro_usd, served_more }: TierWhatIf): string {
  const now = now_micro_usd > 0 ? `${formatUsd(now_micro_usd)} if bought now` : "from the 1st";
  if (delta_micro_usd <= 0 || served_more === 0) return now;
  return `up to ${formatCount(served_more)} rejected would be served; ${now}`;
}
