import { expect, test } from "vitest";
import { happened } from "./happened";

const ITEM = { actor: "017f0489", actor_kind: "customer", address: null, change: {}, target: null };
const OURS = { ...ITEM, actor: "mara", actor_kind: "operator" };

function said(item: Parameters<typeof happened>[0]): string {
  const { before, thing, after } = happened(item);
  return [before, thing && `[${thing}]`, after].filter(Boolean).join(" ");
}

test.each([
  [
    { ...ITEM, action: "key.reveal", target: "SBQ4M7XA", address: "203.0.113.20" },
    "Customer revealed [SBQ4M7XA…] from 203.0.113.20",
  ],
  [
    { ...OURS, action: "quarantine.replay", target: "the format was fixed" },
    "mara replayed lines of the quarantine: the format was fixed",
  ],
  [{ ...OURS, action: "log_format.publish", target: "shop" }, "mara published the log format shop"],
  [{ ...ITEM, action: "program.start", target: "0.1.0" }, "Suiftly 0.1.0 started"],
  [
    { ...OURS, action: "customer.limit", change: { from_usd_cents: 0, to_usd_cents: 150_000 } },
    "mara changed the limit from none to $1,500.00",
  ],
  [
    {
      ...ITEM,
      action: "billing.deposit",
      target: `${"a1".repeat(31)}9f`,
      change: { amount_usd_cents: 50_000 },
    },
    "Customer deposited $500.00 [a1a1a1…a19f]",
  ],
  [
    {
      ...ITEM,
      action: "service.enable",
      target: "grpc",
      change: { charged_micro_usd: 14_660_000, subscription: { tier: "starter" } },
    },
    "Customer enabled gRPC Starter, $14.66",
  ],
  [
    {
      ...OURS,
      action: "customer.suspend",
      change: { from: "active", to: "suspended", reason: "abuse" },
    },
    "mara suspended them: abuse",
  ],
  [
    {
      ...OURS,
      action: "credit.grant",
      target: "ticket 7",
      change: { amount_micro_usd: 25_000_000, memo: "outage", is_new: true },
    },
    "mara credited $25.00 [ticket 7] outage",
  ],
  [
    {
      ...OURS,
      action: "credit.grant",
      target: "ticket 7",
      change: { amount_micro_usd: 25_000_000, is_new: false },
    },
    "mara credited $25.00, again: nothing was granted [ticket 7]",
  ],
  [{ ...ITEM, action: "session.sign_in", address: "10.0.0.1" }, "Customer signed in from 10.0.0.1"],
  [{ ...OURS, action: "session.revoke_all", change: { sessions: 2 } }, "mara ended 2 sessions"],
  [
    { ...OURS, action: "session.revoke_all", change: { sessions: 1 } },
    "mara ended their one session",
  ],
  [{ ...ITEM, action: "seal_key.create", target: "seal key 0" }, "Customer made seal key 0"],
  [
    { ...ITEM, action: "alert.create", target: "4", change: { name: "Most of it" } },
    "Customer made the alert “Most of it”",
  ],
  [{ ...ITEM, action: "alert.delete", target: "4" }, "Customer deleted the alert 4"],
  [
    { ...ITEM, action: "webhook.rotate", target: "3", change: { origin: "https://a.example" } },
    "Customer gave a new secret to the webhook to [https://a.example]",
  ],
  // One that this console has no words for.
  [{ ...ITEM, action: "wallet.move_on", target: "3" }, "Customer: wallet move on [3]"],
  [{ ...ITEM, action: "billing.deposit" }, "Customer deposited –"],
])("%j", (item, words) => {
  expect(said(item)).toBe(words);
});
