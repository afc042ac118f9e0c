import { describe, expect, test } from "vitest";
import { shortAddress, standing } from "./status";

describe("how a customer stands", () => {
  test.each([
    ["active", "active", "ok", "Active"],
    ["active", "monthly_limit", "suspended", "At the limit"],
    ["active", "insufficient_balance", "suspended", "Balance short"],
    // The operator's word is out, the spend view has not followed.
    ["suspended", "active", "suspended", "Suspended"],
    ["active", "suspended", "updating", "Active soon"],
    ["active", null, "updating", "Active soon"],
    ["closed", "closed", "disabled", "Closed"],
    ["frozen", "active", "config-needed", "frozen"],
  ] as const)("%s and %s", (status, state, glyph, word) => {
    expect(standing(status, state)).toMatchObject({ glyph, word });
  });

  test("only one that is served is quiet", () => {
    expect(standing("active", "active").isQuiet).toBe(true);
    expect(standing("active", "monthly_limit").isQuiet).toBe(false);
  });

  test("an address is known by its ends", () => {
    expect(shortAddress(`0x5090${"ab".repeat(28)}9eb5`)).toBe("0x5090…9eb5");
    expect(shortAddress("0x1234")).toBe("0x1234");
  });
});
