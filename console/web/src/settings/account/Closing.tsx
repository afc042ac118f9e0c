import {
  Button,
  ConfirmDialog,
  explain,
  Failed,
  formatMoment,
  formatUsdCents,
  Notice,
  Refusal,
  Skeleton,
  useToast,
} from "@suiftly/ui";
import { type Account, cancelClosure, closeAccount } from "@suiftly/ui/api/customer";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { client, newKey } from "../../app/client";
import { useLive } from "../../app/live";
import { billingQuery, meQuery } from "../../app/queries";
import { useLastError } from "../../app/useLastError";

/** While it is under way: it may be done any moment. */
const UNDER_WAY_MS = 5_000;

export function Closing() {
  const query = useQuery({
    ...meQuery,
    refetchInterval: ({ state }) => (state.data?.closing_at ? UNDER_WAY_MS : false),
  });
  const error = useLastError(query);
  const { data: account, refetch } = query;
  if (error && !account) {
    return (
      <Failed
        what="Your account did not load"
        problem={explain(error)}
        onRetry={() => void refetch()}
      />
    );
  }
  if (!account) return <Skeleton className="h-24" />;
  if (account.status === "closed") {
    return (
      <p className="text-ink-2">This account is closed. You can look at it, and nothing else.</p>
    );
  }
  if (account.closing_at) return <UnderWay closingAt={account.closing_at} />;
  return <Open account={account} />;
}

function Open({ account }: { account: Account }) {
  const [asking, setAsking] = useState(false);
  const cache = useQueryClient();
  const close = async () => {
    const body = { confirm: account.wallet_address };
    await closeAccount({ client, headers: newKey(), body });
    await cache.invalidateQueries();
  };
  return (
    <>
      <Effects />
      <Button kind="danger" onClick={() => setAsking(true)}>
        Close the account
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title="Close this account?"
        verb="Close the account"
        keep="Keep it"
        danger
        typeToConfirm={account.wallet_address}
        onConfirm={close}
      >
        <Effects />
      </ConfirmDialog>
    </>
  );
}

function Effects() {
  const { data: money } = useQuery(billingQuery);
  return (
    <ul className="effects">
      <li>At once services end and every key is revoked. Nothing is given back for days left.</li>
      <li>What you used and is not drawn yet is charged. Unused credits lapse.</li>
      <li>
        Ten minutes later what is left in escrow
        {money && ` (now ${formatUsdCents(money.balance_usd_cents)})`} goes back to your wallet, and
        your sessions end.
      </li>
      <li>Until then you can keep the account; what has ended stays ended.</li>
      <li>The month’s invoice comes as usual. You can sign in and look at it.</li>
    </ul>
  );
}

function UnderWay({ closingAt }: { closingAt: string }) {
  const { view } = useLive();
  const cache = useQueryClient();
  const toast = useToast();
  const keep = useMutation({
    mutationFn: () => cancelClosure({ client, headers: newKey(), body: {} }),
    onSuccess: () => {
      toast({ text: "The account stays. Enable services and keys again as you need them." });
      return cache.invalidateQueries();
    },
  });
  return (
    <>
      <Notice
        kind="warn"
        action={
          <Button busy={keep.isPending} onClick={() => keep.mutate()}>
            Keep the account
          </Button>
        }
      >
        <b>This account is being closed, since {formatMoment(Date.parse(closingAt), view.now)}.</b>{" "}
        Services have ended and keys are revoked. Ten minutes after that what is left in escrow goes
        back to your wallet.
      </Notice>
      {keep.error && <Refusal problem={explain(keep.error)} />}
    </>
  );
}
