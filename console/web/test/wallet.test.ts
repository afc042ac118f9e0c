import { expect, test } from "vitest";
import { explainRefusal, explainWallet } from "../src/signin/wallet/words";

test.each([
  [new Error("Rejected from user"), "wallet_refused"],
  [new Error("User rejection"), "wallet_refused"],
  [{ code: 4001, message: "-" }, "wallet_refused"],
  ["User closed the wallet window", "wallet_refused"],
  [new Error("Popup window was blocked"), "wallet_blocked"],
  [new Error("Wallet is locked"), "wallet_locked"],
  [new Error("No wallet is connected."), "wallet_disconnected"],
  [new Error("Extension context invalidated."), "wallet_disconnected"],
  [
    new Error("No wallet account is selected to sign the personal message with."),
    "wallet_without_account",
  ],
  [new Error("This wallet doesn't support the `signPersonalMessage` feature."), "wallet_unable"],
  [new Error("boom"), "wallet_failed"],
  [undefined, "wallet_failed"],
])("%s is told as %s", (error, code) => {
  const problem = explainWallet(error, "Slush");
  expect(problem.code).toBe(code);
  expect(problem.title).toMatch(/^.*Slush.*\.$/);
});

test.each([
  ["invalid_signature", /did not sign as 0x7c3e…91fa/],
  ["no_challenge", /Here is a new one/],
  ["rate_limited", /^As the server says\.$/],
])("the server's %s", (code, words) => {
  const told = explainRefusal({ code, title: "As the server says." }, "Slush", "0x7c3e…91fa");
  expect(told).toMatchObject({ code, title: expect.stringMatching(words) });
});
