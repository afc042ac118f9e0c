// Addresses and networks of an allowlist, checked as they are typed. The API has the last word on what it takes.

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const IPV6 = /^[0-9a-f:.]+$/i;
const LENGTH = /^(?:0|[1-9]\d{0,2})$/;

const NOT_ONE = "is no address or network, such as 192.0.2.1 or 2001:db8::/32.";

/** What is wrong with it, as the end of a sentence that begins with it; null if nothing is. */
export function checkAddress(text: string): string | null {
  const [host = "", length, ...rest] = text.split("/");
  const bits = bitsOf(host);
  if (bits === null || rest.length > 0) return NOT_ONE;
  if (length === undefined) return null;
  if (!LENGTH.test(length)) return NOT_ONE;
  return Number(length) > bits ? `has a length above ${bits}.` : null;
}

function bitsOf(host: string): number | null {
  if (IPV4.test(host)) return 32;
  return host.includes(":") && IPV6.test(host) && canBeHost(host) ? 128 : null;
}

/** The browser knows the many forms of an IPv6 address. */
function canBeHost(address: string): boolean {
  return URL.canParse(`http://[${address}]/`);
}

/** As it is kept: small letters, without a length that means one address. */
export function tidyAddress(text: string): string {
  const small = text.toLowerCase();
  return small.includes(":") ? small.replace(/\/128$/, "") : small.replace(/\/32$/, "");
}
