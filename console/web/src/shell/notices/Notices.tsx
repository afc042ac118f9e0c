import { Button, Notice } from "@suiftly/ui";
import type { NotificationRow } from "@suiftly/ui/api/customer";
import { acknowledgeNotification } from "@suiftly/ui/api/customer";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouterState } from "@tanstack/react-router";
import { client, newKey } from "../../app/client";
import { liveLevel, useLive } from "../../app/live";
import { meQuery, notificationsQuery } from "../../app/queries";
import { shortAddress } from "../../signin/session";
import { useSignOut } from "../../signin/useSignOut";
import { useWatchedAddress } from "../../signin/wallet/watched";
import { ConditionAction } from "./ConditionAction";
import { ConditionWords } from "./ConditionWords";
import { severityOf } from "./conditions";
import { oneOfEach } from "./order";
import type { Shown } from "./shown";
import { toTell } from "./tellings";
import { useConditions } from "./useConditions";
import { useStreamNotice } from "./useStreamNotice";

/** What needs the customer, on every page: one of each severity. What is bad interrupts; the rest waits its turn. */
export function Notices() {
  const { view } = useLive();
  const level = liveLevel(view);
  const account = useAccountNotices(view.now);
  const told = useTold();
  const wallet = useOtherAccount();
  const stream = useStreamNotice();
  const shown = oneOfEach([...account, ...stream, ...told, ...wallet]);
  return (
    <>
      <p role="status" className="visually-hidden">
        {level === "late" && "Live figures have fallen behind."}
      </p>
      <div role="alert">
        <Stack shown={shown.filter((one) => one.level === "bad")} />
      </div>
      <div role="status">
        <Stack shown={shown.filter((one) => one.level !== "bad")} />
      </div>
    </>
  );
}

function Stack({ shown }: { shown: readonly Shown[] }) {
  return shown.map(({ id, level, words, action }) => (
    <Notice key={id} kind={level} action={action}>
      {words}
    </Notice>
  ));
}

/** What the account's state says by itself. */
function useAccountNotices(now: number): readonly Shown[] {
  const isHome = useRouterState({ select: ({ location }) => location.pathname === "/" });
  // What can wait is said on the overview alone.
  const conditions = useConditions().filter((one) => isHome || severityOf(one) !== "info");
  return conditions.map((condition) => ({
    id: condition.is,
    level: severityOf(condition),
    words: <ConditionWords condition={condition} now={now} />,
    action: <ConditionAction condition={condition} />,
  }));
}

function useTold(): readonly Shown[] {
  const queries = useQueryClient();
  const { data: told } = useQuery(notificationsQuery);
  // Said to be known at once: it costs nothing, and comes back if it was not taken.
  const acknowledge = useMutation({
    mutationFn: (id: number) =>
      acknowledgeNotification({ client, path: { id }, headers: newKey() }),
    onMutate: (id) =>
      queries.setQueryData(notificationsQuery.queryKey, (rows: NotificationRow[] | undefined) =>
        rows?.filter((row) => row.id !== id),
      ),
    onSettled: () => queries.invalidateQueries({ queryKey: ["notifications"] }),
  });
  const telling = told && toTell(told);
  if (!telling) return [];
  const action = <Button onClick={() => acknowledge.mutate(telling.id)}>Acknowledge</Button>;
  return [{ id: `told:${telling.id}`, level: telling.level, words: telling.words, action }];
}

/** The wallet was switched to an account that this session is not of. */
function useOtherAccount(): readonly Shown[] {
  const watched = useWatchedAddress();
  const { data: account } = useQuery(meQuery);
  const { busy, signOut } = useSignOut();
  if (watched === null || account === undefined || watched === account.wallet_address) return [];
  return [
    {
      id: "other-account",
      level: "info",
      words: (
        <>
          Your wallet is on <Address of={watched} />, and this session is of{" "}
          <Address of={account.wallet_address} />.
        </>
      ),
      action: (
        <Button busy={busy} onClick={() => void signOut()}>
          Sign in with the wallet’s
        </Button>
      ),
    },
  ];
}

function Address({ of }: { of: string }) {
  return <span className="code">{shortAddress(of)}</span>;
}
