// The wallets of this browser, for whoever is inside. Nothing of @mysten is loaded but by what imports this.
import { SuiClientProvider, WalletProvider } from "@mysten/dapp-kit";
import { getJsonRpcFullnodeUrl } from "@mysten/sui/jsonRpc";
import type { WalletWithRequiredFeatures } from "@mysten/wallet-standard";
import { type ReactNode, useEffect } from "react";
import { WALLET_KEY } from "./lastUsed";

/** Names the network that a wallet is to show; nothing is asked of it from here. */
const NETWORKS = {
  mainnet: { url: getJsonRpcFullnodeUrl("mainnet"), network: "mainnet" },
} as const;

// Kept outside: dapp-kit looks for wallets anew whenever these are other objects.
const PREFERRED: string[] = ["Slush"];

function canSign({ features }: WalletWithRequiredFeatures): boolean {
  return features["sui:signPersonalMessage"] !== undefined;
}

interface WalletRootProps {
  /** Offers a wallet of this page's own, for development. */
  development: boolean;
  children: ReactNode;
}

export function WalletRoot({ development, children }: WalletRootProps) {
  useEffect(() => {
    if (development) {
      void import("./development").then(({ offerDevelopmentWallet }) => offerDevelopmentWallet());
    }
  }, [development]);
  return (
    <SuiClientProvider networks={NETWORKS} defaultNetwork="mainnet">
      <WalletProvider
        autoConnect
        preferredWallets={PREFERRED}
        walletFilter={canSign}
        storageKey={WALLET_KEY}
        // Its own style would be injected, which the content security policy forbids.
        theme={null}
      >
        {children}
      </WalletProvider>
    </SuiClientProvider>
  );
}
