// A Sui wallet for development: real keys, in this browser's storage, that sign without asking. It is worth nothing, and
// is never offered by a server that is not for development.
import { Ed25519Keypair } from "@mysten/sui/keypairs/ed25519";
import {
  getWallets,
  type StandardConnectFeature,
  type StandardDisconnectFeature,
  type StandardEventsFeature,
  type StandardEventsListeners,
  SUI_CHAINS,
  type SuiSignPersonalMessageFeature,
  type SuiSignTransactionFeature,
  type Wallet,
  type WalletAccount,
} from "@mysten/wallet-standard";
import { DEVELOPMENT_WALLET } from "./names";

const KEYS_KEY = "suiftly-development-wallet";

type Features = StandardConnectFeature &
  StandardDisconnectFeature &
  StandardEventsFeature &
  SuiSignPersonalMessageFeature &
  SuiSignTransactionFeature;

class DevelopmentWallet implements Wallet {
  readonly version = "1.0.0";
  readonly name = DEVELOPMENT_WALLET;
  readonly icon =
    "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=";
  readonly chains = SUI_CHAINS;
  #keys = readKeys();
  #listeners = new Set<StandardEventsListeners["change"]>();

  get accounts() {
    return this.#keys.map((key, at) => accountOf(key, at));
  }

  readonly features: Features = {
    "standard:connect": { version: "1.0.0", connect: async () => ({ accounts: this.accounts }) },
    "standard:disconnect": { version: "1.0.0", disconnect: async () => {} },
    "standard:events": {
      version: "1.0.0",
      on: (_event, listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    },
    "sui:signPersonalMessage": {
      version: "1.1.0",
      signPersonalMessage: ({ message, account }) =>
        this.#keyOf(account.address).signPersonalMessage(message),
    },
    "sui:signTransaction": {
      version: "2.0.0",
      signTransaction: async ({ transaction, account }) => {
        const { Transaction } = await import("@mysten/sui/transactions");
        const bytes = await Transaction.from(await transaction.toJSON()).build();
        return this.#keyOf(account.address).signTransaction(bytes);
      },
    },
  };

  /** One more account. */
  add(): WalletAccount {
    const key = new Ed25519Keypair();
    this.#keys = [...this.#keys, key];
    keepKeys(this.#keys);
    for (const tell of this.#listeners) tell({ accounts: this.accounts });
    return accountOf(key, this.#keys.length - 1);
  }

  #keyOf(address: string): Ed25519Keypair {
    const key = this.#keys.find((one) => one.toSuiAddress() === address);
    if (key === undefined) throw new Error(`there is no account ${address}`);
    return key;
  }
}

function accountOf(key: Ed25519Keypair, at: number): WalletAccount {
  return {
    address: key.toSuiAddress(),
    publicKey: key.getPublicKey().toSuiBytes(),
    chains: SUI_CHAINS,
    features: ["sui:signPersonalMessage", "sui:signTransaction"],
    label: `Account ${at + 1}`,
  };
}

let offered: DevelopmentWallet | null = null;

/** Registers it, as an extension would; once a page. */
export function offerDevelopmentWallet(): DevelopmentWallet {
  if (offered !== null) return offered;
  offered = new DevelopmentWallet();
  getWallets().register(offered);
  return offered;
}

/** A new account of the development wallet. */
export function addDevelopmentAccount(): WalletAccount {
  return offerDevelopmentWallet().add();
}

/** Those kept here, or a first one. */
function readKeys(): readonly Ed25519Keypair[] {
  const kept: unknown = JSON.parse(localStorage.getItem(KEYS_KEY) ?? "[]");
  const keys = Array.isArray(kept)
    ? kept.map((key) => Ed25519Keypair.fromSecretKey(String(key)))
    : [];
  if (keys.length > 0) return keys;
  const first = [new Ed25519Keypair()];
  keepKeys(first);
  return first;
}

function keepKeys(keys: readonly Ed25519Keypair[]) {
  localStorage.setItem(KEYS_KEY, JSON.stringify(keys.map((key) => key.getSecretKey())));
}
