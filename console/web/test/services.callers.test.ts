import { describe, expect, test } from "vitest";
import { checkAddress, tidyAddress } from "../src/services/callers/address";
import { addressEffect, countOf } from "../src/services/callers/effect";
import { refusedOf, sameList, withMore } from "../src/services/callers/list";
import { checkOrigin, tidyOrigin } from "../src/services/callers/origin";

describe("addresses", () => {
  test.each([
    "192.0.2.1",
    "0.0.0.0",
    "255.255.255.255",
    "10.0.0.5/8",
    "0.0.0.0/0",
    "192.0.2.1/32",
    "2001:db8::",
    "2001:DB8::1/32",
    "::1",
    "::/0",
    "::ffff:1.2.3.4",
    "fe80::1/128",
  ])("%s is one", (text) => expect(checkAddress(text)).toBeNull());

  test.each([
    "",
    "x",
    "1.2.3",
    "1.2.3.4.",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4/33",
    "1.2.3.4/08",
    "1.2.3.4/",
    "1.2.3.4/8/8",
    "1.2.3.4/-1",
    "[::1]",
    "2001:db8::/129",
    "2001:db8:::1",
    "fe80::1%eth0",
    "::1]",
    "https://1.2.3.4",
    "1234",
  ])("%s is none", (text) => expect(checkAddress(text)).not.toBeNull());

  test.each([
    ["192.0.2.1/32", "192.0.2.1"],
    ["192.0.2.0/24", "192.0.2.0/24"],
    ["2001:DB8::1/128", "2001:db8::1"],
    ["2001:db8::/32", "2001:db8::/32"],
  ])("%s is kept as %s", (text, kept) => expect(tidyAddress(text)).toBe(kept));
});

describe("origins", () => {
  test.each([
    "https://app.example.com",
    "HTTPS://App.Example.com:443/",
    "https://x.com:8443",
    "https://localhost",
    "https://1.2.3.4",
    "https://ünicode.de",
  ])("%s is one", (text) => expect(checkOrigin(text)).toBeNull());

  test.each([
    ["http://localhost:3000", /https/],
    ["https://x.com/app", /path/],
    ["https://x.com/?a", /path/],
    ["https://*.x.com", /no web origin/],
    ["https://me@x.com", /no web origin/],
    ["https://[::1]:30", /no web origin/],
    ["https://a_b.com", /no web origin/],
    ["x.com", /no web origin/],
    ["null", /no web origin/],
    ["javascript:alert(1)", /no web origin/],
  ])("%s is none", (text, why) => expect(checkOrigin(text)).toMatch(why));

  test.each([
    ["HTTPS://App.Example.com:443/", "https://app.example.com"],
    ["https://ünicode.de", "https://xn--nicode-2ya.de"],
    ["what", "what"],
  ])("%s is kept as %s", (text, kept) => expect(tidyOrigin(text)).toBe(kept));
});

describe("a list", () => {
  test("is the same in another order", () => {
    expect(sameList(["a", "b"], ["b", "a"])).toBe(true);
    expect(sameList(["a", "b"], ["a"])).toBe(false);
    expect(sameList(["a", "b"], ["a", "c"])).toBe(false);
  });

  test("has each entry once", () => {
    expect(withMore(["1.1.1.1"], ["1.1.1.1/32", "2.2.2.2"], tidyAddress)).toEqual([
      "1.1.1.1",
      "2.2.2.2",
    ]);
  });

  test("knows which of its entries were refused", () => {
    const errors = [
      { field: "ip_allowlist[1]", message: "is there already" },
      { field: "origins[0]", message: "must be an origin" },
      { field: "ip_allowlist", message: "is too long" },
      { field: "ip_allowlist[9]", message: "is not there" },
    ];
    expect(refusedOf("ip_allowlist", ["a", "b"], errors)).toEqual([
      { value: "b", message: "is there already" },
    ]);
  });

  test.each([
    [["a"], ["a"], null],
    [["a"], [], "Every address may call. Applies within a second."],
    [
      [],
      ["a"],
      "Only this address or network may call. Others get 403, free of charge. Applies within a second.",
    ],
    [
      ["a"],
      ["a", "b"],
      "Only these 2 addresses and networks may call. Others get 403, free of charge. Applies within a second.",
    ],
  ])("%j saved as %j", (before, after, words) => expect(addressEffect(before, after)).toBe(words));

  test("counts", () => expect(countOf(["a"], 20)).toBe("1 of 20"));
});
