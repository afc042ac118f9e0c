// What the address of each page holds: a link to an exact view. Unknown or unreadable parts are left out.

type Raw = Readonly<Record<string, unknown>>;

function text(raw: Raw, name: string): string | undefined {
  const value = raw[name];
  if (typeof value === "string" && value !== "") return value;
  return typeof value === "number" ? String(value) : undefined;
}

function number(raw: Raw, name: string): number | undefined {
  const value = Number(raw[name]);
  return raw[name] === undefined || raw[name] === "" || !Number.isSafeInteger(value)
    ? undefined
    : value;
}

/** Without the parts that are not there: the address stays short. */
function compact<T extends object>(parts: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Which records: of the live tail, and of the drill's lines. Names are those of the API. */
const recordSearch = (raw: Raw) =>
  compact({
    customer_id: number(raw, "customer_id"),
    server_id: number(raw, "server_id"),
    service_type: text(raw, "service_type"),
    network: text(raw, "network"),
    backend_id: number(raw, "backend_id"),
    status: text(raw, "status"),
    event_type: number(raw, "event_type"),
    termination_state: text(raw, "termination_state"),
    traffic_type: number(raw, "traffic_type"),
    api_key_fp: number(raw, "api_key_fp"),
    client_ip: text(raw, "client_ip"),
    path_prefix: text(raw, "path_prefix"),
    time_total_min_ms: number(raw, "time_total_min_ms"),
  });
export type RecordSearch = ReturnType<typeof recordSearch>;

export const drillSearch = (raw: Raw) => ({
  ...recordSearch(raw),
  ...compact({
    /** What the spike is of: server_error, client_error, rejected, requests, slow. */
    measure: text(raw, "measure"),
    /** How much time the bars show: 1h, 6h, 24h. */
    range: text(raw, "range"),
    /** 1: lines are not narrowed by the measure. */
    every: number(raw, "every"),
    /** The span chosen, RFC 3339. */
    from: text(raw, "from"),
    to: text(raw, "to"),
    /** What cells are by: backend, customer, key. */
    by: text(raw, "by"),
    /** The line chosen: its journal offset, in a cluster its journal, and its time. */
    line: number(raw, "line"),
    journal: number(raw, "journal"),
    at: text(raw, "at"),
  }),
});
export type DrillSearch = ReturnType<typeof drillSearch>;

export const tailSearch = (raw: Raw) => ({
  ...recordSearch(raw),
  /** Where the newest line stands: bottom, or top. */
  ...compact({ newest: text(raw, "newest") }),
});

export const fleetSearch = (raw: Raw) =>
  compact({
    /** The version looked at, and the one it is compared with. */
    version: number(raw, "version"),
    against: number(raw, "against"),
    edge: text(raw, "edge"),
  });

export const customersSearch = (raw: Raw) =>
  compact({
    search: text(raw, "search"),
    status: text(raw, "status"),
    /** What the ranking is by, and over which time. */
    by: text(raw, "by"),
    range: text(raw, "range"),
  });

export const billingSearch = (raw: Raw) =>
  compact({
    month: text(raw, "month"),
    status: text(raw, "status"),
    customer_id: number(raw, "customer_id"),
    /** The invoice opened beside the list. */
    number: text(raw, "number"),
  });

export const pricesSearch = (raw: Raw) => compact({ book: number(raw, "book") });

export const quarantineSearch = (raw: Raw) =>
  compact({
    reason: text(raw, "reason"),
    /** Whose lines, in a cluster. */
    ingester: text(raw, "ingester"),
    offset: number(raw, "offset"),
    tab: text(raw, "tab"),
  });

export const jobsSearch = (raw: Raw) => compact({ job: text(raw, "job") });

export const notificationsSearch = (raw: Raw) =>
  compact({
    state: text(raw, "state"),
    severity: text(raw, "severity"),
    id: number(raw, "id"),
  });

export const incidentsSearch = (raw: Raw) =>
  compact({
    from: text(raw, "from"),
    to: text(raw, "to"),
    /** The lane looked at alone. */
    kind: text(raw, "kind"),
    /** The event opened. */
    event: text(raw, "event"),
  });

export const logsSearch = (raw: Raw) =>
  compact({
    server_id: number(raw, "server_id"),
    find: text(raw, "find"),
    /** Only what matters so much: "trouble". */
    only: text(raw, "only"),
  });
