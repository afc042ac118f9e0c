import {
  Button,
  Dialog,
  explain,
  formatDuration,
  formatUsd,
  formatUsdCents,
  MoneyField,
  useToast,
} from "@suiftly/ui";
import { type Billing, withdraw } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { client } from "../../app/client";
import { meQuery } from "../../app/queries";
import { shorten } from "../words";
import { useFundsWrite } from "../writing";
import { refusalWords } from "./refusal";
import { withdrawable } from "./words";

interface WithdrawDialogProps {
  billing: Billing;
  open: boolean;
  onClose: () => void;
}

/** Asks for funds back: how much at most, what is charged first, where it goes and when. */
export function WithdrawDialog({ billing, open, onClose }: WithdrawDialogProps) {
  const formId = useId();
  const [cents, setCents] = useState<number | null>(null);
  const toast = useToast();
  const most = withdrawable(billing);
  const write = useFundsWrite("withdraw", (amount, headers) =>
    withdraw({ client, headers, body: { amount_usd_cents: amount } }),
  );
  const close = () => {
    if (write.isPending) return;
    write.reset();
    setCents(null);
    onClose();
  };
  const tooMuch = cents !== null && cents > most;
  const ready = cents !== null && cents > 0 && !tooMuch;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || write.isPending) return;
    write.mutate(cents, {
      onSuccess: ({ data, tookMs }) => {
        setCents(null);
        onClose();
        toast({
          text: `Withdrawal of ${formatUsdCents(data.amount_usd_cents)} asked for in ${formatDuration(tookMs)}. It is paid within 24 hours.`,
        });
      },
    });
  };
  const error = write.error ? refusalWords(explain(write.error)) : null;
  return (
    <Dialog
      open={open}
      onClose={close}
      title="Withdraw from escrow"
      footer={
        <>
          <Button onClick={close}>Keep it in escrow</Button>
          <Button
            kind="primary"
            type="submit"
            form={formId}
            busy={write.isPending}
            disabled={!ready}
          >
            {ready ? `Withdraw ${formatUsdCents(cents)}` : "Withdraw"}
          </Button>
        </>
      }
    >
      <form id={formId} noValidate onSubmit={send}>
        <MoneyField
          label="Amount"
          cents={cents}
          onChange={(amount) => {
            setCents(amount);
            write.reset();
          }}
          autoFocus
          error={tooMuch ? `At most ${formatUsdCents(most)} can be withdrawn.` : error}
          help={
            <>
              At most {formatUsdCents(most)}.{" "}
              <button type="button" className="link" onClick={() => setCents(most)}>
                Take all of it
              </button>
            </>
          }
        />
      </form>
      <Effects billing={billing} />
    </Dialog>
  );
}

function Effects({ billing }: { billing: Billing }) {
  const { data: account } = useQuery(meQuery);
  const wallet = account ? shorten(account.wallet_address) : "your wallet";
  return (
    <ul className="effects">
      <li>
        What you have used and not paid ({formatUsd(billing.accrued_micro_usd, { digits: "all" })})
        is charged first. You are then paid at most what is left.
      </li>
      <li>
        It is paid within 24 hours, to <span className="code">{wallet}</span> only.
      </li>
      <li>When your escrow no longer covers what you use, your services pause.</li>
    </ul>
  );
}
