import { describe, expect, test } from "vitest";
import type { RecordFilter } from "./fields";
import { parseFilter } from "./parse";

describe("reads", () => {
  test.each([
    ["", {}],
    ["status >= 500", { status: "5xx" }],
    ["status≥500", { status: "5xx" }],
    ["status 504", { status: "504" }],
    ["status=5XX", { status: "5xx" }],
    ["status -1", { status: "-1" }],
    ["key 123", { api_key_fp: 123 }],
    ["key 4294967295", { api_key_fp: 4_294_967_295 }],
    ["ip 1.2.3.4", { client_ip: "1.2.3.4" }],
    ["ip 2001:db8::1", { client_ip: "2001:db8::1" }],
    ["ip: 2001:db8::1", { client_ip: "2001:db8::1" }],
    ["path v1/", { path_prefix: "v1/" }],
    ["path /v1/fetch_key", { path_prefix: "v1/fetch_k" }],
    ["slow 500", { time_total_min_ms: 500 }],
    ["slow > 1.5 s", { time_total_min_ms: 1_500 }],
    ["server 17 status 5xx", { server_id: 17, status: "5xx" }],
    ["service Seal network 1", { service_type: "seal", network: "mainnet" }],
    ["backend backup 12", { backend_id: 12 }],
    ["backend none", { backend_id: 0 }],
    ["event 53 ended sH--", { event_type: 53, termination_state: "sH--" }],
    ["traffic burst", { traffic_type: 2 }],
    ["traffic ip dropped", { traffic_type: 5 }],
    ["customer_id=7&status=4xx", { customer_id: 7, status: "4xx" }],
    ["status 5xx status 404", { status: "404" }],
  ] satisfies [string, RecordFilter][])("%s", (text, filter) => {
    expect(parseFilter(text)).toEqual({ filter, customer: null, server: null, problem: null });
  });
});

describe("names are to be looked up", () => {
  test.each([
    ["customer Nightjar", "Nightjar", null],
    ["customer Orbis Wallet status 5xx", "Orbis Wallet", null],
    ['customer "key server" status 5xx', "key server", null],
    ["server fra-2", null, "fra-2"],
    ["customer status", "status", null],
  ])("%s", (text, customer, server) => {
    expect(parseFilter(text)).toMatchObject({ customer, server, problem: null });
  });
});

describe("says what it cannot read", () => {
  test.each([
    ["nonsense", "“nonsense” is no filter"],
    ["> 500", "“>” is no filter"],
    ["constructor 5", "“constructor” is no filter"],
    ["status", "“status” needs a value: “status >= 500”"],
    ["status >= 400", "one class of status: “status 4xx”"],
    ["status < 500", "“status <” cannot be asked for"],
    ["status 600", "“600” is no status"],
    ["key abc", "“abc” is no key’s fingerprint"],
    ["key 4294967296", "is no key’s fingerprint"],
    ["ip here", "“here” is no address"],
    ["slow never", "is no time"],
    ["slow < 5", "is no time"],
    ["service soap", "“soap” is no service: seal"],
    ["service 0", "“0” is no service"],
    ["network 9", "“9” is no network"],
    ["backend seal", "“seal” is no backend"],
    ["event 256", "“256” is no event"],
    ["ended x", "“x” is no termination state"],
    ["traffic 9", "is no kind of traffic"],
    ["key > 3", "“key” goes with = alone"],
  ])("%s", (text, problem) => {
    expect(parseFilter(text).problem).toContain(problem);
  });

  test("what was read before it is kept", () => {
    expect(parseFilter("status 5xx key abc")).toMatchObject({ filter: { status: "5xx" } });
  });
});
