// The kinds of activity that can be looked at alone: what their actions begin with.
export const GROUPS = [
  { value: "all", label: "All", prefix: undefined },
  { value: "keys", label: "API keys", prefix: "key." },
  { value: "services", label: "Services", prefix: "service." },
  { value: "seal", label: "Seal", prefix: "seal_" },
  { value: "billing", label: "Money", prefix: "billing." },
  { value: "alerts", label: "Alerts", prefix: "alert." },
  { value: "webhooks", label: "Webhooks", prefix: "webhook." },
  { value: "sessions", label: "Sign-in", prefix: "session." },
  { value: "account", label: "Account", prefix: "account." },
] as const;

export type Group = (typeof GROUPS)[number]["value"];

/** Whose doing. */
export type By = "all" | "you" | "us";

interface ActivitySearch {
  readonly group?: Exclude<Group, "all">;
  readonly by?: Exclude<By, "all">;
}

export function readActivitySearch(search: Record<string, unknown>): ActivitySearch {
  const group = GROUPS.find(({ value }) => value === search.group)?.value;
  const { by } = search;
  return {
    ...(group !== undefined && group !== "all" && { group }),
    ...((by === "you" || by === "us") && { by }),
  };
}

export function prefixOf(group: Group): string | undefined {
  return GROUPS.find(({ value }) => value === group)?.prefix;
}
