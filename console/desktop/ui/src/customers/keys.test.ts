import type { CustomerKey, GrantAccess, GrantItem, KeyUse } from "@suiftly/ui/api/admin";
import { describe, expect, test } from "vitest";
import { grantWords, keyRows, rateOf } from "./keys";

function key(api_key_fp: number, change: Partial<CustomerKey> = {}): CustomerKey {
  return {
    api_key_fp,
    created_at: "2026-10-01T00:00:00Z",
    expires_at: null,
    key_id: api_key_fp,
    last_used_at: null,
    name: "",
    network: "mainnet",
    prefix: "SAECAGBC",
    revoked_at: null,
    service: "seal",
    state: "active",
    ...change,
  };
}

const ACCESS: GrantAccess = {
  is_enabled: true,
  state: "active",
  guaranteed_per_second: 1_000,
  burst_per_second: 2_000,
  allowlist: [],
};

function grant(api_key_fp: number, change: Partial<GrantItem> = {}): GrantItem {
  return {
    access: ACCESS,
    api_key_fp,
    customer_id: 7,
    is_usable: true,
    key_state: "active",
    network: "mainnet",
    service: "seal",
    ...change,
  };
}

const use = (api_key_fp: number, last_used_at: string): KeyUse => ({
  api_key_fp,
  last_used_at,
  requests: 1,
  errors: 0,
});

test("keys in use come first, the latest used first, deleted ones not at all", () => {
  const rows = keyRows(
    [key(1), key(2, { state: "revoked" }), key(3, { state: "deleted" }), key(4)],
    [grant(1)],
    [use(4, "2026-11-22T10:00:00Z"), use(2, "2026-11-22T12:00:00Z")],
  );
  expect(rows.map(({ key: { key_id } }) => key_id)).toEqual([4, 1, 2]);
  expect(rows.map(({ grant: of }) => of?.api_key_fp ?? null)).toEqual([null, 1, null]);
});

describe("what a key may do now", () => {
  test.each([
    ["served", grant(1), "ok", "1,000 / s, burst"],
    [
      "without burst, from one address",
      grant(1, { access: { ...ACCESS, burst_per_second: 1_000, allowlist: ["10.0.0.1"] } }),
      "ok",
      "1,000 / s, 1 address",
    ],
    [
      "revoked",
      grant(1, { is_usable: false, key_state: "revoked" }),
      "suspended",
      "refused: revoked",
    ],
    [
      "suspended",
      grant(1, { is_usable: false, access: { ...ACCESS, state: "suspended" } }),
      "suspended",
      "refused: suspended",
    ],
    [
      "off",
      grant(1, { is_usable: false, access: { ...ACCESS, is_enabled: false } }),
      "suspended",
      "refused: service is off",
    ],
    [
      "without a service",
      grant(1, { is_usable: false, access: null }),
      "suspended",
      "refused: no service",
    ],
    ["not there yet", null, "updating", "not in the vault yet"],
  ] as const)("%s", (_, of, glyph, word) => {
    expect(grantWords({ key: key(1), grant: of })).toEqual({ glyph, word });
  });

  test("a revoked one that the vault has dropped is no surprise", () => {
    expect(grantWords({ key: key(1, { state: "revoked" }), grant: null }).glyph).toBe("disabled");
  });
});

test("a service's rate is its grants'", () => {
  expect(rateOf("seal", [grant(1, { service: "grpc", access: null }), grant(2)])).toBe(1_000);
  expect(rateOf("grpc", [grant(2)])).toBeNull();
});
