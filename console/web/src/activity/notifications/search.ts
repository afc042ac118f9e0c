interface NotificationsSearch {
  /** With those that were acknowledged, too. */
  readonly state?: "all";
}

export function readNotificationsSearch(search: Record<string, unknown>): NotificationsSearch {
  return search.state === "all" ? { state: "all" } : {};
}
