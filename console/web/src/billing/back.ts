// Other pages send people here to deposit a difference or to raise the limit; then they go back to where they were.

/** Only its shape is wanted: a path is read against it. */
const ANYWHERE = "http://own.invalid";

/** The path within the app to go back to; undefined for what would lead elsewhere. */
export function ownPath(text: unknown): string | undefined {
  // A browser reads "//host" and "/\host" as another host, and drops tabs and line ends before it reads.
  if (typeof text !== "string" || !/^\/(?![/\\])[^\\\s\p{Cc}]*$/u.test(text)) return undefined;
  const url = URL.parse(text, ANYWHERE);
  if (url?.origin !== ANYWHERE || url.pathname.startsWith("//")) return undefined;
  if (/^\/api(\/|$)/.test(url.pathname)) return undefined;
  return url.pathname + url.search + url.hash;
}
