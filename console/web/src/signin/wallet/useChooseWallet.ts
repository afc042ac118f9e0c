import { useConnectWallet, useWallets } from "@mysten/dapp-kit";
import type { WalletWithRequiredFeatures } from "@mysten/wallet-standard";
import type { Problem } from "@suiftly/ui";
import { useState } from "react";
import { useAttempts } from "./useAttempts";
import { explainWallet } from "./words";

/** The wallets of this browser, and how one of them is connected; best with the account that is expected. */
export function useChooseWallet(expected: string | undefined) {
  const wallets = useWallets();
  const connect = useConnectWallet();
  const [asked, setAsked] = useState<WalletWithRequiredFeatures | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const begin = useAttempts();

  const choose = async (wallet: WalletWithRequiredFeatures) => {
    setProblem(null);
    setAsked(wallet);
    const attempt = begin();
    try {
      const { accounts } = await connect.mutateAsync({
        wallet,
        ...(expected && { accountAddress: expected }),
      });
      if (accounts.length === 0) throw new Error("no account");
    } catch (error) {
      // A wallet that was asked again refuses what it was asked before.
      if (attempt.isLatest()) setProblem(explainWallet(error, wallet.name));
    }
    if (attempt.isLatest()) setAsked(null);
  };
  return { wallets, asked, problem, choose };
}
