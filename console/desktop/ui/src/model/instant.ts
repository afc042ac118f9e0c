// Instants, in UTC: as people type them, to the day, the minute or the second; and as lines have them.

const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(:\d{2})?Z?)?$/;

/** "2026-12-01 13:30" → Unix time in ms; null where there is no such instant. */
export function parseInstant(text: string): number | null {
  const match = INSTANT.exec(text.trim());
  if (match === null) return null;
  const [, day = "", minute = "00:00", second = ":00"] = match;
  const ms = Date.parse(`${day}T${minute}${second}Z`);
  // A day that there is not becomes one of the next month.
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day ? null : ms;
}

/** Unix time in ms → "2026-12-01 13:30" */
export function instantText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}

/** "14:21:08.146": the server's times have as many decimals as they need. */
export function clockMs(timestamp: string): string {
  return new Date(Date.parse(timestamp)).toISOString().slice(11, 23);
}
