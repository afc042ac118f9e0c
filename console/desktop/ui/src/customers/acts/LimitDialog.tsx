import {
  Button,
  Dialog,
  explain,
  formatUsd,
  formatUsdCents,
  MoneyField,
  Refusal,
  Switch,
} from "@suiftly/ui";
import { setCustomerLimit } from "@suiftly/ui/api/admin";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client, newKey } from "../../app/session";
import { moneyNow, useCustomer, useMonth } from "../useCustomer";
import type { ActProps } from "./ActDialog";
import { LEAST_LIMIT_CENTS, limitEffect, limitProblem } from "./effects";
import { noneUsable, someUsable } from "./follow";
import { useAct } from "./useAct";

const MICRO_PER_CENT = 10_000;

/** What a month may be charged. The escrow has the last word: it is asked, and may refuse. */
export function LimitDialog({ onClose }: ActProps) {
  const customer = useCustomer();
  const { customer_id, profile, keys } = customer;
  const now = moneyNow(useMonth(customer));
  const had = now.limit === null ? null : now.limit / MICRO_PER_CENT;
  const [isLimited, setLimited] = useState(true);
  const [cents, setCents] = useState<number | null>(had);
  const wanted = isLimited ? cents : null;
  const problem = isLimited ? limitProblem(cents, now.limit) : null;
  const isSame = !isLimited && now.limit === null;
  const isReady = !isSame && problem === null && (!isLimited || cents !== null);
  const effect = isReady ? limitEffect(now, wanted) : null;
  const act = useAct();
  const put = (max_monthly_usd_cents: number) =>
    setCustomerLimit({
      client,
      path: { customer_id },
      body: { max_monthly_usd_cents },
      headers: newKey(),
    });
  const save = useMutation({
    mutationFn: () =>
      act({
        ask: () => put(wanted ?? 0),
        done: `The limit is ${limitWord(wanted)}, set`,
        ...(effect?.stops &&
          now.state === "active" && {
            vault: { isThere: noneUsable, words: "Every key of theirs is refused," },
          }),
        ...(!effect?.stops &&
          now.state === "monthly_limit" &&
          keys.some(({ state }) => state === "active") && {
            vault: { isThere: someUsable, words: "Their keys are served again," },
          }),
        undo: {
          label: "Undo",
          onPress: () =>
            void act({
              ask: () => put(had ?? 0),
              done: `The limit is ${limitWord(had)} again, set`,
            }).catch(() => {}),
        },
      }),
    onSuccess: onClose,
  });
  return (
    <Dialog
      open
      onClose={() => save.isPending || onClose()}
      title={`Change the limit of ${profile.display_name || customer_id}`}
      footer={
        <>
          <Button onClick={onClose} disabled={save.isPending}>
            Leave it
          </Button>
          <Button
            kind={effect?.stops ? "danger" : "primary"}
            busy={save.isPending}
            disabled={!isReady}
            onClick={() => save.mutate()}
            data-testid="limit-confirm"
          >
            {isReady ? `Set ${limitWord(wanted)}` : "Set limit"}
          </Button>
        </>
      }
    >
      <p>
        It is {now.limit === null ? "no limit" : formatUsd(now.limit)} a month. Another holds from
        the moment the escrow takes it, for the running month too.
      </p>
      <div className="act-switch">
        <Switch checked={isLimited} onChange={setLimited} label="A month has a limit" />
        <span aria-hidden="true">A month has a limit</span>
      </div>
      {isLimited && (
        <MoneyField
          label="Charged in a month at most"
          cents={cents}
          onChange={setCents}
          error={cents === had ? null : problem}
          help={`At least ${formatUsdCents(LEAST_LIMIT_CENTS)}.`}
          autoFocus
        />
      )}
      {effect && (
        <p className="act-effect" data-stops={effect.stops} data-testid="limit-effect">
          {effect.words}
        </p>
      )}
      {save.error && <Refusal problem={explain(save.error)} />}
    </Dialog>
  );
}

function limitWord(cents: number | null): string {
  return cents === null || cents === 0 ? "no limit" : formatUsdCents(cents);
}
