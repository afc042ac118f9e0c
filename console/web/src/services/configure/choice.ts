// What is chosen for a service. What the choice costs and does is a quote's to say, never this file's.
import type { Offer, ServiceView, Terms, TierOffer, TierWord } from "@suiftly/ui/api/customer";

export const TIER_NAMES: Record<TierWord, string> = {
  starter: "Starter",
  pro: "Pro",
  enterprise: "Enterprise",
};

/** Beyond what is included. */
export const EXTRAS = ["extra_seal_keys", "extra_packages", "extra_api_keys"] as const;
export type Extra = (typeof EXTRAS)[number];

export interface Choice extends Record<Extra, number> {
  readonly tier: TierWord;
  readonly burst: boolean;
}

export type ChoiceSearch = { readonly [K in keyof Choice]?: Choice[K] };

export function isTier(word: unknown): word is TierWord {
  return typeof word === "string" && Object.hasOwn(TIER_NAMES, word);
}

export function tierName(word: string): string {
  return isTier(word) ? TIER_NAMES[word] : word;
}

/** Where the service is going anyhow: what is scheduled, else what there is; null where it is ending or not enabled. */
export function goal({ scheduled, subscription }: ServiceView): Terms | null {
  return scheduled === null ? subscription : scheduled.subscription;
}

/** What the page begins with. */
export function standing(service: ServiceView): Choice {
  const terms = goal(service) ?? service.subscription;
  const first = service.offer.tiers[0]?.tier;
  return {
    tier: pickTier(terms?.tier, first),
    burst: terms?.burst ?? false,
    extra_seal_keys: terms?.extra_seal_keys ?? 0,
    extra_packages: terms?.extra_packages ?? 0,
    extra_api_keys: terms?.extra_api_keys ?? 0,
  };
}

function pickTier(...words: readonly (string | undefined)[]): TierWord {
  return words.find(isTier) ?? "starter";
}

/** The most of each that can be had with these seal keys, beyond what is included. */
export function mostExtra(extra: Extra, { included }: Offer, seal_keys: number): number {
  switch (extra) {
    case "extra_api_keys":
      return included.api_keys_max - included.api_keys;
    case "extra_seal_keys":
      return included.seal_keys_max - included.seal_keys;
    case "extra_packages":
      return (included.packages_per_seal_key_max - included.packages_per_seal_key) * seal_keys;
  }
}

export function sealKeysOf(choice: Choice, { included }: Offer): number {
  return included.seal_keys + choice.extra_seal_keys;
}

export function tierOffer(offer: Offer, tier: string): TierOffer | undefined {
  return offer.tiers.find((one) => one.tier === tier);
}

export function hasBurst(offer: Offer, tier: string): boolean {
  return typeof tierOffer(offer, tier)?.burst_per_second === "number";
}

/** The nearest choice that can be asked for: a link may name what this service has not. */
export function nearest(wish: Choice, offer: Offer): Choice {
  const tier = tierOffer(offer, wish.tier) ? wish.tier : pickTier(offer.tiers[0]?.tier);
  const extra_seal_keys = clamp(wish.extra_seal_keys, mostExtra("extra_seal_keys", offer, 0));
  const keys = offer.included.seal_keys + extra_seal_keys;
  return {
    tier,
    burst: wish.burst && hasBurst(offer, tier),
    extra_seal_keys,
    extra_packages: clamp(wish.extra_packages, mostExtra("extra_packages", offer, keys)),
    extra_api_keys: clamp(wish.extra_api_keys, mostExtra("extra_api_keys", offer, keys)),
  };
}

function clamp(wish: number, most: number): number {
  return Math.min(Math.max(0, wish), Math.max(0, most));
}

export function sameChoice(a: Choice, b: Choice): boolean {
  return a.tier === b.tier && a.burst === b.burst && EXTRAS.every((extra) => a[extra] === b[extra]);
}

/** Only what is another than it stands: the address of a page where nothing was chosen is bare. */
export function searchOf(wish: Choice, from: Choice): ChoiceSearch {
  return {
    ...(wish.tier !== from.tier && { tier: wish.tier }),
    ...(wish.burst !== from.burst && { burst: wish.burst }),
    ...Object.fromEntries(
      EXTRAS.filter((extra) => wish[extra] !== from[extra]).map((extra) => [extra, wish[extra]]),
    ),
  };
}
