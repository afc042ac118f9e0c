import { useCurrentAccount } from "@mysten/dapp-kit";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { configQuery } from "../../app/queries";
import { WalletRoot } from "./WalletRoot";
import { setWatched } from "./watched";

/** Connects again to the wallet that was used last, and follows the account that it is on. */
export function WalletWatch() {
  const { data: config } = useQuery(configQuery);
  if (config === undefined) return null;
  return (
    <WalletRoot development={config.mock || import.meta.env.DEV}>
      <Follow />
    </WalletRoot>
  );
}

function Follow() {
  const address = useCurrentAccount()?.address ?? null;
  useEffect(() => {
    setWatched(address);
    return () => setWatched(null);
  }, [address]);
  return null;
}
