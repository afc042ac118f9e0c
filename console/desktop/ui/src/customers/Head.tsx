import { Button, Copy, formatDate, StatusGlyph, Tag } from "@suiftly/ui";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ActDialog, type CustomerAct } from "./acts/ActDialog";
import { shortAddress, standing } from "./status";
import { useCustomer, useMonth } from "./useCustomer";

/** Who it is, how they stand, and what can be done. */
export function Head() {
  const customer = useCustomer();
  const { profile, customer_id } = customer;
  const { state } = useMonth(customer);
  const [act, setAct] = useState<CustomerAct | null>(null);
  const { glyph, word } = standing(profile.status, state);
  const since = formatDate(Date.parse(profile.created_at));
  return (
    <>
      <header className="customer-head">
        <h2 className="page-title" data-testid="customer-name">
          {profile.display_name || `Customer ${customer_id}`}
        </h2>
        <span data-testid="customer-state" data-value={profile.status}>
          <StatusGlyph status={glyph} word={word} />
        </span>
        <code className="text-ink-3">{customer_id}</code>
        <span className="customer-wallet">
          <code className="text-ink-3" title={profile.wallet_address}>
            {shortAddress(profile.wallet_address)}
          </code>
          <Copy text={profile.wallet_address} kind="quiet" size="small" />
        </span>
        <Tag>since {since}</Tag>
        {profile.alert_email && <span className="text-ink-3">{profile.alert_email}</span>}
        <div className="page-acts">
          <Link
            to="/tail"
            search={{ customer_id }}
            className="customer-recorded quiet-link"
            title="Follow their requests as they come"
          >
            Tail
          </Link>
          <span className="customer-recorded">Every action is recorded with your name</span>
          <Button onClick={() => setAct("credit")} data-testid="act-credit">
            Credit
          </Button>
          <Button onClick={() => setAct("limit")} data-testid="act-limit">
            Change limit
          </Button>
          <Button onClick={() => setAct("sessions")} data-testid="act-sessions">
            Revoke sessions
          </Button>
          {profile.status === "suspended" ? (
            <Button onClick={() => setAct("activate")} data-testid="act-activate">
              Take the suspension back
            </Button>
          ) : (
            <Button
              kind="danger"
              onClick={() => setAct("suspend")}
              disabled={profile.status === "closed"}
              data-testid="act-suspend"
            >
              Suspend
            </Button>
          )}
        </div>
      </header>
      {act && <ActDialog act={act} onClose={() => setAct(null)} />}
    </>
  );
}
