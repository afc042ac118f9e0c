import {
  Button,
  Dialog,
  explain,
  formatUsdCents,
  MoneyField,
  Refusal,
  TextField,
  useToast,
} from "@suiftly/ui";
import { type CreditGranted, creditCustomer } from "@suiftly/ui/api/admin";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client, newKey } from "../../app/session";
import { moneyNow, useCustomer, useMonth } from "../useCustomer";
import type { ActProps } from "./ActDialog";
import { creditEffect, creditProblem } from "./effects";
import { useAct } from "./useAct";

const REFERENCE_MAX = 100;
const MEMO_MAX = 500;
const MICRO_PER_CENT = 10_000;

/** What is granted is named by its reference: the same is granted once, whoever asks. */
export function CreditDialog({ onClose }: ActProps) {
  const customer = useCustomer();
  const { customer_id, profile } = customer;
  const now = moneyNow(useMonth(customer));
  const [cents, setCents] = useState<number | null>(null);
  const [reference, setReference] = useState("");
  const [memo, setMemo] = useState("");
  const act = useAct();
  const toast = useToast();
  const problem = creditProblem(cents);
  const isReady = cents !== null && problem === null && reference.trim() !== "";
  const grant = useMutation({
    mutationFn: async () => {
      let granted: CreditGranted | null = null;
      const amount = cents ?? 0;
      const body = {
        amount_micro_usd: amount * MICRO_PER_CENT,
        reference: reference.trim(),
        memo: memo.trim() === "" ? null : memo.trim(),
      };
      await act({
        ask: async () => {
          granted = (
            await creditCustomer({ client, path: { customer_id }, body, headers: newKey() })
          ).data;
        },
        done: `${formatUsdCents(amount)} was credited`,
      });
      return granted as CreditGranted | null;
    },
    onSuccess: (granted) => {
      if (granted?.is_new === false) {
        toast({ text: `“${granted.reference}” was granted before: nothing was added.` });
      }
      onClose();
    },
  });
  return (
    <Dialog
      open
      onClose={() => grant.isPending || onClose()}
      title={`Credit ${profile.display_name || customer_id}`}
      footer={
        <>
          <Button onClick={onClose} disabled={grant.isPending}>
            Leave it
          </Button>
          <Button
            kind="primary"
            busy={grant.isPending}
            disabled={!isReady}
            onClick={() => grant.mutate()}
            data-testid="credit-confirm"
          >
            {cents === null || problem !== null ? "Credit" : `Credit ${formatUsdCents(cents)}`}
          </Button>
        </>
      }
    >
      <MoneyField label="Amount" cents={cents} onChange={setCents} error={problem} autoFocus />
      <TextField
        label="Reference"
        value={reference}
        onChange={setReference}
        maxLength={REFERENCE_MAX}
        required
        placeholder="ticket 4711"
        help="Names the credit: the same reference is granted once."
      />
      <TextField
        label="Memo"
        value={memo}
        onChange={setMemo}
        maxLength={MEMO_MAX}
        help="Stands beside it in the ledger and in their transactions. May be empty."
      />
      <p className="act-effect" data-testid="credit-effect">
        {cents !== null && problem === null
          ? creditEffect(now, cents)
          : "What the balances will be is said here once there is an amount."}
      </p>
      {grant.error && <Refusal problem={explain(grant.error)} />}
    </Dialog>
  );
}
