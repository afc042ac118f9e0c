// What is asked for to be signed, and how a signed transaction is followed.

import { ApiError } from "@suiftly/ui";
import type {
  TransactionStand,
  TransactionToSign,
  TransactionWord,
} from "@suiftly/ui/api/customer";
import { describe, expect, test, vi } from "vitest";
import { checkAnswer, failure, handOn, type Server } from "../src/billing/signing/follow";
import { askToSign, notSigned, subscribe, whatIsAsked } from "../src/billing/signing/order";
import { explainMaking } from "../src/billing/signing/refusal";
import { Unexpected } from "../src/billing/signing/unexpected";
import { formatSui, gasWords } from "../src/billing/signing/words";
import { transactionOf } from "../src/billing/words";
import { explainSigning } from "../src/signin/wallet/words";

const MADE: TransactionToSign = {
  transaction: "AAECAw==",
  digest: "Dgst",
  epoch: 7,
  gas_mist: 3_100_000,
  gas_budget_mist: 50_000_000,
  expires_at: "2026-11-23T10:10:00Z",
};

function refusal(status: number, code: string, document: object = {}) {
  return new ApiError(status, { code, title: `The title of ${code}.` }, { document });
}

type Answer = TransactionWord | Error;

function stand(state: TransactionWord): TransactionStand {
  return { digest: MADE.digest, state, detail: state === "failed" ? "There is less in it." : null };
}

/** A server that answers these in turn. */
function answering(submits: readonly Answer[], states: readonly Answer[]) {
  const from = (answers: readonly Answer[]) => {
    const left = [...answers];
    return vi.fn(async () => {
      const next = left.shift();
      if (next === undefined) throw new Error("asked too often");
      if (next instanceof Error) throw next;
      return stand(next);
    });
  };
  return { submit: from(submits), state: from(states) } satisfies Server;
}

async function followed(server: Server, signal = new AbortController().signal) {
  const told: TransactionWord[] = [];
  const slept: number[] = [];
  const sleep = async (ms: number) => void slept.push(ms);
  const tell = ({ state }: TransactionStand) => void told.push(state);
  const end = await handOn(MADE, "signature", { server, tell, sleep, signal });
  return { end: end.state, told, slept };
}

describe("a signed transaction", () => {
  test("is followed until it is mirrored", async () => {
    const server = answering(["pending"], ["pending", "confirmed", "mirrored"]);
    const { end, told } = await followed(server);
    expect(told).toEqual(["pending", "pending", "confirmed", "mirrored"]);
    expect(end).toBe("mirrored");
    expect(server.submit).toHaveBeenCalledExactlyOnceWith("Dgst", "signature");
  });

  test("may fail, and says why", async () => {
    const { end } = await followed(answering(["pending"], ["failed"]));
    expect(end).toBe("failed");
    expect(failure(stand("failed"))).toMatchObject({
      code: "transaction_failed",
      title: expect.stringMatching(/There is less in it\.$/),
    });
  });

  test("is looked after where no answer came, and handed on again where it was lost on the way", async () => {
    const lost = new TypeError("Failed to fetch");
    const away = refusal(503, "escrow_unavailable");
    const busy = refusal(429, "rate_limited");
    const server = answering([lost, "pending"], [away, busy, "waiting", "mirrored"]);
    expect((await followed(server)).told).toEqual([
      "pending",
      "pending",
      "pending",
      "pending",
      "mirrored",
    ]);
    expect(server.submit).toHaveBeenCalledTimes(2);
  });

  test("is not followed once it is refused", async () => {
    await expect(followed(answering([refusal(409, "escrow_refused")], []))).rejects.toThrow(
      /escrow_refused/,
    );
    const later = answering(["pending"], [refusal(409, "escrow_refused")]);
    await expect(followed(later)).rejects.toThrow(/escrow_refused/);
  });

  test("is asked for less often after ten seconds, and no more once nobody looks", async () => {
    const server = answering(["pending"], [...Array(30).fill("pending"), "mirrored"]);
    const { slept } = await followed(server);
    expect([slept[0], slept[19], slept[20], slept.length]).toEqual([500, 500, 2_000, 31]);
    const gone = answering(["pending"], []);
    expect((await followed(gone, AbortSignal.abort())).end).toBe("pending");
  });

  test("is the one that was read: a wallet’s other bytes are not handed on", () => {
    expect(() => checkAnswer(MADE, { bytes: MADE.transaction, signature: "x" })).not.toThrow();
    expect(() => checkAnswer(MADE, { bytes: "AAECBA==", signature: "x" })).toThrow(Unexpected);
  });
});

describe("what is asked for to be signed", () => {
  const SIGNED = { data: { digest: "Dgst", amount_usd_cents: 5 }, tookMs: 7 };

  test("is there until it is signed", async () => {
    const told = vi.fn();
    const leave = subscribe(told);
    const signed = askToSign({ act: "deposit", cents: 5 });
    expect(whatIsAsked()).toMatchObject({ act: "deposit", cents: 5 });
    whatIsAsked()?.done(SIGNED);
    expect(whatIsAsked()).toBeNull();
    await expect(signed).resolves.toBe(SIGNED);
    expect(told).toHaveBeenCalledTimes(2);
    leave();
  });

  test("is one at a time: who asked before is told that nothing was signed", async () => {
    const first = askToSign({ act: "deposit", cents: 5 });
    const before = whatIsAsked();
    const second = askToSign({ act: "limit", cents: 0 });
    await expect(first).rejects.toThrow(/not_signed/);
    // The first one's dialog may answer late.
    before?.done(SIGNED);
    expect(whatIsAsked()).toMatchObject({ act: "limit" });
    whatIsAsked()?.given(notSigned());
    await expect(second).rejects.toThrow(/Nothing was moved/);
    expect(whatIsAsked()).toBeNull();
  });
});

test.each([
  [0n, "0 SUI"],
  [1n, "less than 0.000001 SUI"],
  [1_000n, "0.000001 SUI"],
  [3_100_000n, "0.0031 SUI"],
  [1_000_000_000n, "1 SUI"],
  [12_500_000_000n, "12.5 SUI"],
])("%i MIST are %s", (mist, words) => {
  expect(formatSui(mist)).toBe(words);
});

test("what the gas costs is said before it is signed", () => {
  expect(gasWords(MADE.gas_mist, 50_000_000n)).toMatch(/0\.0031 SUI.*0\.05 SUI at most/);
});

test.each([
  [
    refusal(409, "wallet_short", { coin: "funds", has: 1_000, wanted: 1_001 }),
    /\$10\.00.*\$10\.01/,
  ],
  [refusal(409, "wallet_short", { coin: "gas", has: 0, wanted: 1_000_000 }), /0 SUI.*0\.001 SUI/],
  [refusal(409, "wallet_short", { coin: "scattered" }), /^The title of wallet_short\.$/],
  [refusal(409, "escrow_refused"), /^The title of escrow_refused\.$/],
  [new Unexpected("it is another wallet’s"), /not what you asked for: it is another wallet’s\./],
])("%s in words", (error, words) => {
  expect(explainMaking(error).title).toMatch(words);
});

test("a wallet that cannot sign transactions is told apart from one that cannot sign messages", () => {
  const unable = new Error("This wallet doesn't support the `signTransaction` feature.");
  expect(explainSigning(unable, "Slush").title).toMatch(/cannot sign transactions/);
  expect(explainSigning(new Error("User rejection"), "Slush").code).toBe("wallet_refused");
});

test("events of a transaction are looked at as the transaction", () => {
  expect([transactionOf("Dgst:1"), transactionOf("Dgst")]).toEqual(["Dgst", "Dgst"]);
});
