// Event types in plain words (SPEC §4).

const EVENTS: Readonly<Record<number, string>> = {
  0: "success",
  10: "missing key",
  11: "key not accepted",
  12: "malformed request",
  13: "header too large",
  14: "request timed out",
  15: "TLS handshake failed",
  16: "invalid route",
  17: "missing proxy header",
  20: "address blocked",
  21: "address over its rate",
  30: "customer not authorized",
  31: "key revoked",
  32: "customer not in the map",
  50: "500 error",
  51: "502 broke off",
  52: "503 none free",
  53: "504 no answer",
  54: "other 5xx",
  60: "connect refused",
  61: "connect timed out",
  62: "no server",
  63: "queue timed out",
};

export function eventWord(type: number): string {
  return EVENTS[type] ?? `event ${type}`;
}

const TRAFFIC: readonly string[] = [
  "none",
  "guaranteed",
  "burst",
  "denied",
  "dropped",
  "address dropped",
  "unavailable",
  "stream delta",
  "stream close",
];

export function trafficWord(type: number): string {
  return TRAFFIC[type] ?? `traffic ${type}`;
}

/** A backend's number: 0 none, 1–9 local, 10–19 backup. */
export function backendWord(id: number): string {
  if (id === 0) return "none";
  return id < 10 ? `local ${id}` : `backup ${id}`;
}
