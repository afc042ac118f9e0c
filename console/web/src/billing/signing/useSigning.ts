import { useSignTransaction } from "@mysten/dapp-kit";
import type { WalletAccount } from "@mysten/wallet-standard";
import { explain, type Problem } from "@suiftly/ui";
import {
  type SuiView,
  submitTransaction,
  type TransactionStand,
  type TransactionToSign,
  transactionState,
} from "@suiftly/ui/api/customer";
import { useEffect, useRef, useState } from "react";
import { client } from "../../app/client";
import { useAttempts } from "../../signin/wallet/useAttempts";
import { explainSigning } from "../../signin/wallet/words";
import { checkAnswer, failure, handOn, type Server } from "./follow";
import type { Asked } from "./order";
import { walletForm } from "./read";
import { unexpected } from "./refusal";
import { Unexpected } from "./unexpected";

type Phase = "idle" | "wallet" | "network";

const SERVER: Server = {
  submit: async (digest, signature) =>
    (await submitTransaction({ client, path: { digest }, body: { signature } })).data,
  state: async (digest) => (await transactionState({ client, path: { digest } })).data,
};

const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** Has the wallet sign, hands its answer on, and follows it to the end. */
export function useSigning(asked: Asked, sui: SuiView) {
  const wallet = useSignTransaction();
  const [phase, setPhase] = useState<Phase>("idle");
  const [stand, setStand] = useState<TransactionStand | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const begin = useAttempts();
  const leaving = useLeaving();

  const fail = (why: Problem) => {
    setPhase("idle");
    setStand(null);
    setProblem(why);
  };
  const follow = async (made: TransactionToSign, signature: string) => {
    setPhase("network");
    const began = performance.now();
    const following = { server: SERVER, tell: setStand, sleep, signal: leaving() };
    try {
      const end = await handOn(made, signature, following);
      if (end.state === "failed") return fail(failure(end));
      const data = { digest: made.digest, amount_usd_cents: asked.cents };
      if (end.state === "mirrored") asked.done({ data, tookMs: performance.now() - began });
    } catch (error) {
      fail(explain(error));
    }
  };
  const sign = async (made: TransactionToSign, account: WalletAccount, name: string) => {
    setProblem(null);
    setPhase("wallet");
    const attempt = begin();
    try {
      const transaction = await walletForm(made.transaction);
      const chain = `sui:${sui.network}` as const;
      const answer = await wallet.mutateAsync({ transaction, account, chain });
      // A wallet that was asked again may answer twice: the last one counts.
      if (!attempt.isLatest()) return;
      checkAnswer(made, answer);
      await follow(made, answer.signature);
    } catch (error) {
      if (!attempt.isLatest()) return;
      fail(error instanceof Unexpected ? unexpected(error) : explainSigning(error, name));
    }
  };
  return { phase, stand, problem, sign, forget: () => setProblem(null) };
}

/** Aborted once the dialog is gone. */
function useLeaving(): () => AbortSignal {
  const leaving = useRef<AbortController>(null);
  useEffect(() => {
    const controller = new AbortController();
    leaving.current = controller;
    return () => controller.abort();
  }, []);
  return () => leaving.current?.signal ?? AbortSignal.abort();
}
