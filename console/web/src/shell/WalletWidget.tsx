import { Copy, formatMoment, formatUsdCents, UNKNOWN } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef } from "react";
import { useLive } from "../app/live";
import { billingQuery, meQuery } from "../app/queries";
import { FIRST_DEPOSIT_CENTS } from "../billing/escrow/amounts";
import { SignOut } from "../signin/SignOut";
import { shortAddress } from "../signin/session";
import { ThemeChooser } from "./ThemeChooser";

const MENU = "wallet-menu";

/** The wallet that is signed in, with what is in escrow; pressed, what can be done with it. */
export function WalletWidget() {
  const { data: account } = useQuery(meQuery);
  const { data: money } = useQuery(billingQuery);
  const { view } = useLive();
  const completeTo = view.state.usage?.completeTo;
  const menu = useRef<HTMLDivElement>(null);
  const address = account?.wallet_address;
  const close = () => menu.current?.hidePopover();
  return (
    <>
      <button type="button" className="wallet" data-testid="wallet" popoverTarget={MENU}>
        <span className="visually-hidden">Wallet: </span>
        <span className="wallet-address code">{address ? shortAddress(address) : UNKNOWN}</span>
        <span className="font-560" data-testid="balance">
          {money ? formatUsdCents(money.balance_usd_cents) : UNKNOWN}
        </span>
      </button>
      <div ref={menu} id={MENU} popover="auto" className="wallet-menu">
        {account && account.display_name !== "" && (
          <p className="font-560">{account.display_name}</p>
        )}
        {address !== undefined && (
          <p className="mb-3">
            <span className="code text-12 break-all text-ink-2">{address}</span>
          </p>
        )}
        <div className="flex flex-wrap gap-2">
          {address !== undefined && (
            <Copy text={address} size="small">
              Copy address
            </Copy>
          )}
          <Link
            to="/billing"
            search={{ deposit: FIRST_DEPOSIT_CENTS }}
            hash="escrow"
            className="btn"
            data-size="small"
            onClick={close}
          >
            Deposit
          </Link>
        </div>
        <dl className="wallet-facts">
          <dt>In escrow</dt>
          <dd>{money ? formatUsdCents(money.balance_usd_cents) : UNKNOWN}</dd>
          {/* On a phone it stands nowhere else. */}
          <dt>Complete to</dt>
          <dd>{completeTo === undefined ? UNKNOWN : formatMoment(completeTo, view.now)}</dd>
        </dl>
        <ThemeChooser />
        <div className="wallet-end">
          <Link to="/settings/sessions" className="btn" data-kind="quiet" onClick={close}>
            Sessions
          </Link>
          <SignOut />
        </div>
      </div>
    </>
  );
}
