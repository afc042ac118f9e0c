// Signing in with a wallet of the Sui Wallet Standard.
import {
  useAccounts,
  useCurrentAccount,
  useCurrentWallet,
  useSignPersonalMessage,
  useSwitchAccount,
} from "@mysten/dapp-kit";
import { Button, type Problem } from "@suiftly/ui";
import { useState } from "react";
import { Message } from "../Message";
import { handIn, shortAddress } from "../session";
import { Told } from "../Told";
import { AccountField } from "./AccountField";
import { useAttempts } from "./useAttempts";
import { useChallenge } from "./useChallenge";
import { useChooseWallet } from "./useChooseWallet";
import { Waiting } from "./Waiting";
import { WalletList } from "./WalletList";
import { WalletRoot } from "./WalletRoot";
import { explainRefusal, explainWallet } from "./words";

interface WalletSignInProps {
  development: boolean;
  /** The account that the session was of, where one is to be gone on with. */
  expected?: string;
  onSignedIn: (address: string) => void;
}

export function WalletSignIn({ development, ...props }: WalletSignInProps) {
  return (
    <WalletRoot development={development}>
      <Steps {...props} />
    </WalletRoot>
  );
}

function Steps({ expected, onSignedIn }: Omit<WalletSignInProps, "development">) {
  const { currentWallet } = useCurrentWallet();
  const account = useCurrentAccount();
  const { wallets, asked, problem, choose } = useChooseWallet(expected);

  const connected = currentWallet && { wallet: currentWallet, address: account?.address ?? null };
  return (
    <div data-testid="signin">
      <WalletList
        wallets={wallets}
        connected={connected}
        asked={asked}
        onChoose={(wallet) => void choose(wallet)}
      />
      <Told problem={problem} />
      {asked && <Waiting wallet={asked.name} again={() => void choose(asked)} />}
      {currentWallet && account && !asked && (
        <Sign
          // Another account starts afresh.
          key={account.address}
          wallet={currentWallet.name}
          address={account.address}
          onSignedIn={onSignedIn}
        />
      )}
    </div>
  );
}

interface SignProps {
  wallet: string;
  address: string;
  onSignedIn: (address: string) => void;
}

function Sign({ wallet, address, onSignedIn }: SignProps) {
  const accounts = useAccounts();
  const switchAccount = useSwitchAccount();
  const sign = useSignPersonalMessage();
  const { challenge, problem: unasked, again } = useChallenge(address);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [phase, setPhase] = useState<"idle" | "wallet" | "server">("idle");
  const begin = useAttempts();

  const refuse = (refusal: Problem) => {
    setPhase("idle");
    setProblem(refusal);
  };
  const signIn = async (message: string) => {
    setProblem(null);
    setPhase("wallet");
    const attempt = begin();
    let signature: string;
    try {
      ({ signature } = await sign.mutateAsync({ message: new TextEncoder().encode(message) }));
    } catch (error) {
      if (attempt.isLatest()) refuse(explainWallet(error, wallet));
      return;
    }
    setPhase("server");
    const refusal = await handIn(address, signature);
    if (refusal === null) return onSignedIn(address);
    if (refusal.code === "no_challenge") again();
    refuse(explainRefusal(refusal, wallet, shortAddress(address)));
  };

  return (
    <div className="mt-5.5">
      <AccountField
        wallet={wallet}
        accounts={accounts}
        address={address}
        onChoose={(account) => switchAccount.mutate({ account })}
      />
      {challenge && <Message text={challenge.message} wallet={wallet} />}
      <div className="grid">
        <Button
          kind="primary"
          size="large"
          busy={phase !== "idle"}
          disabled={challenge === null}
          onClick={() => challenge && void signIn(challenge.message)}
        >
          Sign in
        </Button>
      </div>
      {phase === "wallet" && challenge && (
        <Waiting wallet={wallet} again={() => void signIn(challenge.message)} />
      )}
      <Told problem={problem ?? unasked} {...(!problem && unasked && { again })} />
    </div>
  );
}
