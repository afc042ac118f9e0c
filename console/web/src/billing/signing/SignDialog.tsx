// What is to be signed: shown as the bytes say it, signed by the wallet, followed to its end.
import {
  useAccounts,
  useCurrentAccount,
  useCurrentWallet,
  useSwitchAccount,
} from "@mysten/dapp-kit";
import { Button, Dialog, SkeletonRows } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { configQuery, meQuery } from "../../app/queries";
import { shortAddress } from "../../signin/session";
import { Told } from "../../signin/Told";
import { AccountField } from "../../signin/wallet/AccountField";
import { useChooseWallet } from "../../signin/wallet/useChooseWallet";
import { Waiting } from "../../signin/wallet/Waiting";
import { WalletList } from "../../signin/wallet/WalletList";
import { WalletRoot } from "../../signin/wallet/WalletRoot";
import { Facts } from "./Facts";
import { type Asked, notSigned, underWay } from "./order";
import { Progress } from "./Progress";
import type { Whose } from "./read";
import { explainMaking } from "./refusal";
import { useMade } from "./useMade";
import { useSigning } from "./useSigning";
import { titleOf } from "./words";

/** Shows what is to be signed, and has it signed. */
export function SignDialog({ asked }: { asked: Asked }) {
  const { data: config } = useQuery(configQuery);
  const { data: account } = useQuery(meQuery);
  if (config?.sui == null || account === undefined) {
    return (
      <Dialog open onClose={() => asked.given(notSigned())} title={titleOf(asked.act)}>
        <SkeletonRows rows={3} />
      </Dialog>
    );
  }
  return (
    <WalletRoot development={config.mock || import.meta.env.DEV}>
      <Sheet asked={asked} whose={{ wallet: account.wallet_address, sui: config.sui }} />
    </WalletRoot>
  );
}

function Sheet({ asked, whose }: { asked: Asked; whose: Whose }) {
  const { data: made, error, isFetching, refetch } = useMade(asked, whose);
  const { currentWallet } = useCurrentWallet();
  const signer = useAccounts().find(({ address }) => address === whose.wallet);
  const { phase, stand, problem, sign, forget } = useSigning(asked, whose.sui);
  const name = currentWallet?.name ?? "the wallet";
  const press = () => made && signer && void sign(made.transaction, signer, name);
  const isHandedOn = phase === "network";
  const anew = () => {
    forget();
    void refetch();
  };
  const told = error !== null && !isFetching ? explainMaking(error) : problem;
  // What the wallet said is tried again by the button; of all else another transaction is to be made.
  const isMadeAnew = error !== null || (problem !== null && !problem.code.startsWith("wallet_"));
  const close = () => asked.given(isHandedOn ? underWay() : notSigned());
  return (
    <Dialog
      open
      onClose={close}
      title={titleOf(asked.act)}
      footer={
        <>
          <Button onClick={close}>{isHandedOn ? "Close" : "Do not sign"}</Button>
          <Button
            kind="primary"
            busy={phase !== "idle"}
            disabled={made === undefined || isFetching || isMadeAnew || signer === undefined}
            onClick={press}
          >
            Sign in {name}
          </Button>
        </>
      }
    >
      {/* Always there: what is to be signed is told once it is made. */}
      <div role="status">
        {made !== undefined && <Facts made={made} whose={whose} />}
        {made === undefined && isFetching && <Making />}
      </div>
      {!isHandedOn && <Wallet expected={whose.wallet} />}
      {phase === "wallet" && <Waiting wallet={name} again={press} />}
      <Progress stand={isHandedOn ? stand : null} />
      <Told problem={told} {...(isMadeAnew && { again: anew })} />
    </Dialog>
  );
}

function Making() {
  return (
    <>
      <p className="text-ink-2">The transaction is being made.</p>
      <SkeletonRows rows={2} columns={2} />
    </>
  );
}

/** The wallet has to be connected, and to have the account that is signed in here. */
function Wallet({ expected }: { expected: string }) {
  const { currentWallet } = useCurrentWallet();
  const account = useCurrentAccount();
  const accounts = useAccounts();
  const switchAccount = useSwitchAccount();
  const { wallets, asked, problem, choose } = useChooseWallet(expected);
  if (accounts.some(({ address }) => address === expected)) return null;
  const connected = currentWallet && { wallet: currentWallet, address: account?.address ?? null };
  return (
    <div className="mt-4">
      <p className="mb-3 text-13">
        Connect the wallet of <span className="code">{shortAddress(expected)}</span>: the account
        that you are signed in with here.
      </p>
      <WalletList
        wallets={wallets}
        connected={connected}
        asked={asked}
        onChoose={(wallet) => void choose(wallet)}
      />
      {asked && <Waiting wallet={asked.name} again={() => void choose(asked)} />}
      <Told problem={problem} />
      {currentWallet && account && (
        <div className="mt-4">
          <AccountField
            wallet={currentWallet.name}
            accounts={accounts}
            address={account.address}
            onChoose={(other) => switchAccount.mutate({ account: other })}
          />
          <p className="text-13 text-ink-2">
            {currentWallet.name} shows other accounts alone. Allow that one in the wallet, then
            connect it again.
          </p>
        </div>
      )}
    </div>
  );
}
