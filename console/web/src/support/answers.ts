// What a gateway answers when it refuses: its codes, what each means, and what mends it.

export interface Answer {
  readonly status: number;
  readonly code: string;
  readonly means: string;
  readonly mend: string;
  /** Where it is mended. */
  readonly where?: Where;
}

export type Where = "keys" | "services" | "billing" | "usage" | "support";

/** In the order in which a gateway looks: the first that applies is what it answers. */
export const ANSWERS: readonly Answer[] = [
  {
    status: 401,
    code: "missing_key",
    means: "The request carries no key.",
    mend: "Send it as X-API-Key, or as a bearer token.",
    where: "keys",
  },
  {
    status: 401,
    code: "ambiguous_key",
    means: "The request carries more than one key.",
    mend: "Send one header alone, and one value in it.",
  },
  {
    status: 401,
    code: "unknown_key",
    means: "No account has this key, or it was deleted.",
    mend: "Compare its first eight characters with your keys. A new key works within a second.",
    where: "keys",
  },
  {
    status: 403,
    code: "key_revoked",
    means: "The key was revoked, or its time beside a new one is over.",
    mend: "Send the new key, or enable this one again.",
    where: "keys",
  },
  {
    status: 403,
    code: "wrong_service",
    means: "The key is for another service.",
    mend: "Use a key of the service that you call.",
    where: "keys",
  },
  {
    status: 403,
    code: "wrong_network",
    means: "The key is for the other network.",
    mend: "Use a Mainnet key at Mainnet addresses, a Testnet key at Testnet’s.",
    where: "keys",
  },
  {
    status: 403,
    code: "no_usable_grant",
    means: "Your account does not have this service.",
    mend: "Enable the service.",
    where: "services",
  },
  {
    status: 403,
    code: "disabled",
    means: "The service is not enabled.",
    mend: "Enable it; your keys go on.",
    where: "services",
  },
  {
    status: 403,
    code: "monthly_limit",
    means: "This month’s limit is reached.",
    mend: "Raise the limit. Otherwise it resumes on the 1st.",
    where: "billing",
  },
  {
    status: 403,
    code: "insufficient_balance",
    means: "Your balance does not cover what is used.",
    mend: "Deposit. Requests pass again within a second.",
    where: "billing",
  },
  {
    status: 403,
    code: "suspended",
    means: "Your account was suspended by us.",
    mend: "Write to us; the reason is in your activity.",
    where: "support",
  },
  {
    status: 403,
    code: "closed",
    means: "Your account is closed.",
    mend: "A closed account cannot be opened again; another wallet can have an account.",
  },
  {
    status: 403,
    code: "address_not_allowed",
    means: "The address that asks is not on the service’s allowlist. The answer names it.",
    mend: "Add it to the allowlist, or empty the list.",
    where: "services",
  },
  {
    status: 405,
    code: "method_not_allowed",
    means: "CONNECT is not served.",
    mend: "Send the request itself, without a tunnel.",
  },
  {
    status: 429,
    code: "rate_limited",
    means: "More requests a second than your tier’s burst in the region.",
    mend: "Wait a second, as Retry-After says, and spread them; or choose a higher tier.",
    where: "services",
  },
  {
    status: 502,
    code: "origin_failed",
    means: "The service behind the gateway answered what cannot be read.",
    mend: "Try again. It is ours to mend.",
    where: "support",
  },
  {
    status: 503,
    code: "origin_unavailable",
    means: "The service behind the gateway cannot be reached.",
    mend: "Try again. It is ours to mend.",
    where: "support",
  },
  {
    status: 504,
    code: "origin_timeout",
    means: "The service behind the gateway took too long.",
    mend: "Try again. It is ours to mend.",
    where: "support",
  },
];
