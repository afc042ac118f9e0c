import { explain, formatDuration, formatUsdCents, useToast } from "@suiftly/ui";
import { type Billing, setLimit } from "@suiftly/ui/api/customer";
import { client } from "../../app/client";
import { refusalWords } from "../escrow/refusal";
import { useFundsWrite } from "../writing";

/** Sets the limit, says how long it took, and offers the one before. What failed is in `write.error`. */
export function useSetLimit(billing: Billing) {
  const toast = useToast();
  const write = useFundsWrite("limit", (cents, headers) =>
    setLimit({ client, headers, body: { max_monthly_usd_cents: cents } }),
  );
  const before = billing.max_monthly_usd_cents ?? 0;
  // By promises: the toast outlives the dialog that began it.
  const undo = () =>
    write.mutateAsync(before).then(
      () => toast({ text: limitIs(before) }),
      (error) => toast({ kind: "bad", text: refusalWords(explain(error)) }),
    );
  const set = (cents: number, onDone: () => void) =>
    write.mutateAsync(cents).then(
      ({ tookMs }) => {
        toast({
          text: `${limitIs(cents)} Set in ${formatDuration(tookMs)}.`,
          action: { label: "Undo", onPress: () => void undo() },
        });
        onDone();
      },
      // Shown in the dialog, by `write.error`.
      () => {},
    );
  return { write, set };
}

function limitIs(cents: number): string {
  return cents === 0 ? "There is no limit now." : `The limit is ${formatUsdCents(cents)} a month.`;
}
