// The window's pages, as they stand in its list. The first seven have a number key.

export interface Place {
  readonly to: string;
  readonly word: string;
  /** Other words that find it. */
  readonly keywords: string;
  readonly key?: string;
  readonly count?: "quarantine" | "notifications";
}

interface PlaceGroup {
  readonly word: string | null;
  readonly places: readonly Place[];
}

export const GROUPS: readonly PlaceGroup[] = [
  {
    word: null,
    places: [
      { to: "/", word: "Overview", key: "1", keywords: "health topology timers terminations" },
      { to: "/drill", word: "Drill", key: "2", keywords: "spike errors records lines request" },
      { to: "/tail", word: "Live tail", key: "3", keywords: "log stream requests follow" },
      {
        to: "/fleet",
        word: "Fleet and vault",
        key: "4",
        keywords: "edges gateways versions freeze push diff",
      },
      {
        to: "/customers",
        word: "Customers",
        key: "5",
        keywords: "accounts wallets suspend credit limit",
      },
    ],
  },
  {
    word: "Money",
    places: [
      {
        to: "/billing",
        word: "Billing",
        key: "6",
        keywords: "invoices close reconciliation ledger",
      },
      { to: "/prices", word: "Price books", key: "7", keywords: "tiers what-if prices publish" },
    ],
  },
  {
    word: "Work",
    places: [
      {
        to: "/quarantine",
        word: "Quarantine",
        keywords: "unreadable rejected format replay",
        count: "quarantine",
      },
      { to: "/jobs", word: "Jobs", keywords: "manager schedule runs" },
      {
        to: "/notifications",
        word: "Notifications",
        keywords: "alerts acknowledge",
        count: "notifications",
      },
      { to: "/incidents", word: "Incidents", keywords: "timeline reload down deploy" },
      { to: "/logs", word: "System logs", keywords: "haproxy messages server up down" },
      {
        to: "/lines",
        word: "Lines and loss",
        keywords: "received duplicates missing workers sequence",
      },
    ],
  },
];

export const SETTINGS: Place = {
  to: "/settings",
  word: "Settings",
  keywords: "profiles servers operators local system theme tokens",
};

export const PLACES: readonly Place[] = [...GROUPS.flatMap(({ places }) => places), SETTINGS];
