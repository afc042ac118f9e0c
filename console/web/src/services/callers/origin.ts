// Web origins, checked as they are typed. The API has the last word on what it takes.

const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

const NOT_ONE = "is no web origin, such as https://app.example.com.";

/** What is wrong with it, as the end of a sentence that begins with it; null if nothing is. */
export function checkOrigin(text: string): string | null {
  const url = parse(text);
  if (url === null || !HOST.test(url.hostname)) return NOT_ONE;
  if (url.protocol !== "https:") return "must begin with https://.";
  if (url.username !== "" || url.password !== "") return NOT_ONE;
  const isBare = url.pathname === "/" && url.search === "" && url.hash === "";
  return isBare ? null : `has a path; its origin is ${url.origin}.`;
}

/** As it is kept: "HTTPS://App.Example.com:443/" → "https://app.example.com". */
export function tidyOrigin(text: string): string {
  return parse(text)?.origin ?? text;
}

function parse(text: string): URL | null {
  return /^[a-z]+:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : null;
}
