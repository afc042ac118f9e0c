import { Button, explain, formatUsdCents, MoneyField } from "@suiftly/ui";
import { type Billing, deposit } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { client } from "../../app/client";
import { configQuery } from "../../app/queries";
import { useFundsWrite } from "../writing";
import { FIRST_DEPOSIT_CENTS, QUICK_CENTS } from "./amounts";
import { DepositDone } from "./DepositDone";
import { refusalWords } from "./refusal";
import { depositWords } from "./words";

interface DepositFormProps {
  billing: Billing;
  asked: number | undefined;
  onDeposited: (cents: number, tookMs: number) => void;
}

/** An amount, what it then comes to, and the button that does it. */
export function DepositForm({ billing, asked, onDeposited }: DepositFormProps) {
  const [cents, setCents] = useState<number | null>(asked ?? FIRST_DEPOSIT_CENTS);
  const [missing, setMissing] = useState(false);
  const write = useFundsWrite("deposit", (amount, headers) =>
    deposit({ client, headers, body: { amount_usd_cents: amount } }),
  );
  const choose = (amount: number | null) => {
    setCents(amount);
    setMissing(false);
    if (!write.isPending) write.reset();
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (write.isPending) return;
    if (cents === null || cents === 0) return setMissing(true);
    write.mutate(cents, { onSuccess: ({ tookMs }) => onDeposited(cents, tookMs) });
  };
  const error = write.error ? refusalWords(explain(write.error)) : null;
  return (
    <form className="mt-4" aria-label="Deposit" noValidate onSubmit={send}>
      <div className="deposit-row">
        <MoneyField
          label="Deposit"
          cents={cents}
          onChange={choose}
          autoFocus={asked !== undefined}
          error={missing ? "Write an amount, such as 250." : error}
        />
        <Button kind="primary" type="submit" busy={write.isPending}>
          Deposit
        </Button>
      </div>
      <Quick chosen={cents} onChoose={choose} />
      <div className="mt-2 space-y-1 text-12 text-ink-3">
        {cents !== null && cents > 0 && !write.isSuccess && (
          <p>{depositWords(billing, cents).join(" ")}</p>
        )}
        <ByWallet />
      </div>
      <DepositDone pending={write.isPending ? cents : null} done={write.data ?? null} />
    </form>
  );
}

interface QuickProps {
  chosen: number | null;
  onChoose: (cents: number) => void;
}

function Quick({ chosen, onChoose }: QuickProps) {
  return (
    <div className="mt-2 flex flex-wrap gap-1.5">
      {QUICK_CENTS.map((cents) => (
        <Button
          key={cents}
          size="small"
          aria-pressed={cents === chosen}
          onClick={() => onChoose(cents)}
        >
          {formatUsdCents(cents).replace(/\.00$/, "")}
        </Button>
      ))}
    </div>
  );
}

/** Who moves the funds: said before the press. */
function ByWallet() {
  const { data: config } = useQuery(configQuery);
  if (config === undefined) return null;
  return (
    <p>
      {config.escrow === "embedded"
        ? "This server keeps the escrow itself; no wallet transaction is made."
        : "The escrow is a contract on Sui: deposits are signed in your wallet, and appear here once the chain has them."}
    </p>
  );
}
