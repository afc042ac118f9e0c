// Which wallet was used last, as dapp-kit keeps it: enough to know whether to load the code of wallets at all.

export const WALLET_KEY = "suiftly-wallet";

/** Whether this browser signed with a wallet before and has not let go of it. */
export function usedWallet(): boolean {
  try {
    return /"lastConnectedWalletName":"/.test(localStorage.getItem(WALLET_KEY) ?? "");
  } catch {
    // Storage may be refused.
    return false;
  }
}
