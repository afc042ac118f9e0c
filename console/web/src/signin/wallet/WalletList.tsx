import type { WalletWithRequiredFeatures } from "@mysten/wallet-standard";
import { useState } from "react";
import { shortAddress } from "../session";

interface WalletListProps {
  wallets: readonly WalletWithRequiredFeatures[];
  connected: {
    readonly wallet: WalletWithRequiredFeatures;
    readonly address: string | null;
  } | null;
  asked: WalletWithRequiredFeatures | null;
  onChoose: (wallet: WalletWithRequiredFeatures) => void;
}

/** The wallets that this browser has, and where to get one. */
export function WalletList({ wallets, connected, asked, onChoose }: WalletListProps) {
  const [elsewhere, setElsewhere] = useState(false);
  const word = (wallet: WalletWithRequiredFeatures) => {
    if (wallet === connected?.wallet) return connected.address && shortAddress(connected.address);
    return wallet === asked ? "asked" : "installed";
  };
  return (
    <>
      <ul className="wallets" aria-label="Wallets">
        {wallets.map((wallet) => (
          <li key={wallet.id ?? wallet.name}>
            <button
              type="button"
              aria-pressed={wallet === connected?.wallet}
              onClick={() => onChoose(wallet)}
            >
              {wallet.name}
              <span className={wallet === connected?.wallet ? "code" : undefined}>
                {word(wallet)}
              </span>
            </button>
          </li>
        ))}
        {wallets.length > 0 && (
          <li>
            <button
              type="button"
              aria-expanded={elsewhere}
              onClick={() => setElsewhere(!elsewhere)}
            >
              Another Sui wallet
            </button>
          </li>
        )}
      </ul>
      {(elsewhere || wallets.length === 0) && <GetWallet none={wallets.length === 0} />}
    </>
  );
}

/** The browser has to be told of a new extension: it is seen here after a reload. */
function GetWallet({ none }: { none: boolean }) {
  return (
    <div className="mt-3 text-13 text-ink-2">
      {none && <p className="mb-1 font-500 text-ink">No Sui wallet was found in this browser.</p>}
      <p>
        Any wallet of the Sui Wallet Standard will do, such as{" "}
        <a className="link" href="https://slush.app/" target="_blank" rel="noreferrer">
          Slush
        </a>{" "}
        or{" "}
        <a className="link" href="https://suiet.app/" target="_blank" rel="noreferrer">
          Suiet
        </a>
        . Install one, then reload this page. On a phone, open this page in the wallet’s own
        browser.
      </p>
    </div>
  );
}
