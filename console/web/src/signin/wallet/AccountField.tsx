import type { WalletAccount } from "@mysten/wallet-standard";
import { SelectField } from "@suiftly/ui";
import { shortAddress } from "../session";
import { DEVELOPMENT_WALLET } from "./names";

interface AccountFieldProps {
  wallet: string;
  accounts: readonly WalletAccount[];
  address: string;
  onChoose: (account: WalletAccount) => void;
}

/** Which of the wallet's accounts; the development wallet makes a new one by a click. */
export function AccountField({ wallet, accounts, address, onChoose }: AccountFieldProps) {
  const isOwn = wallet === DEVELOPMENT_WALLET;
  if (accounts.length < 2 && !isOwn) return null;
  const add = async () => {
    const { addDevelopmentAccount } = await import("./development");
    onChoose(addDevelopmentAccount());
  };
  const choose = (chosen: string) => {
    const account = accounts.find((one) => one.address === chosen);
    if (account) onChoose(account);
  };
  return (
    <div className="accounts mb-4">
      <SelectField
        label="Account"
        value={address}
        onChange={choose}
        options={accounts.map((account) => ({ value: account.address, label: named(account) }))}
        {...(isOwn && {
          help: (
            <button type="button" className="link" onClick={() => void add()}>
              A new account
            </button>
          ),
        })}
      />
    </div>
  );
}

function named({ label, address }: WalletAccount): string {
  return label ? `${label}: ${shortAddress(address)}` : shortAddress(address);
}
