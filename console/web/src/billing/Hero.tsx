import { formatDuration, formatUsdCents, useToast } from "@suiftly/ui";
import type { Billing } from "@suiftly/ui/api/customer";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { LiveBill } from "./bill/LiveBill";
import { Remarks } from "./bill/Remarks";
import { EscrowCard } from "./escrow/EscrowCard";
import { LimitDialog } from "./limit/LimitDialog";
import type { BillingSearch } from "./search";

/** The bill and the escrow beside each other, and the dialogs that change them. */
export function Hero({ billing }: { billing: Billing }) {
  const search = useSearch({ from: "/billing" });
  const navigate = useNavigate({ from: "/billing" });
  const toast = useToast();
  const goBack = useGoBack(search.back);
  const drop = (gone: keyof BillingSearch) =>
    void navigate({
      search: (old) => ({ ...old, [gone]: undefined }),
      replace: true,
      resetScroll: false,
    });
  // The form has it by now: dropped, so that the same amount can be asked again.
  const taken = useEffectEvent(() => drop("deposit"));
  useEffect(() => {
    if (search.deposit !== undefined) taken();
  }, [search.deposit]);
  const deposited = (cents: number, tookMs: number) => {
    if (goBack === null) return;
    // The card that would say so is left behind.
    toast({ text: `Deposited ${formatUsdCents(cents)} in ${formatDuration(tookMs)}.` });
    goBack();
  };
  return (
    <>
      <section className="bill-hero">
        <div>
          <LiveBill billing={billing} />
          <Remarks billing={billing} />
        </div>
        <EscrowCard billing={billing} asked={search.deposit} onDeposited={deposited} />
      </section>
      {search.limit !== undefined && (
        <LimitDialog
          billing={billing}
          proposed={search.limit}
          onClose={() => drop("limit")}
          onDone={() => (goBack === null ? drop("limit") : goBack())}
        />
      )}
    </>
  );
}

/** To the page that sent the reader here; null where none did. */
function useGoBack(back: string | undefined): (() => void) | null {
  const router = useRouter();
  return back === undefined ? null : () => router.history.push(back);
}
