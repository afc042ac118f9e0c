import { Moment, Money, StatusGlyph } from "@suiftly/ui";
import type { ChargeItem } from "@suiftly/ui/api/admin";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNow } from "../app/console";
import { Loaded, Pane } from "../parts/Pane";
import { drawSums, drawWords, shortNonce } from "./draws";
import { chargesQuery } from "./queries";
import { useCustomer } from "./useCustomer";

const SHOWN = 4;

/** What was drawn from their escrow. */
export function Draws() {
  const { customer_id } = useCustomer();
  const query = useInfiniteQuery(chargesQuery(customer_id));
  const { data: draws, hasNextPage } = query;
  const now = useNow();
  const month = new Date(now).toISOString().slice(0, 7);
  return (
    <Pane title="Draws" note={draws && drawSums(draws, month, !hasNextPage)}>
      <Loaded query={query} what="Draws" rows={3}>
        {(items) => (
          <List items={items} onMore={hasNextPage ? () => void query.fetchNextPage() : null} />
        )}
      </Loaded>
    </Pane>
  );
}

function List({ items, onMore }: { items: readonly ChargeItem[]; onMore: (() => void) | null }) {
  const now = useNow();
  const [all, setAll] = useState(false);
  if (items.length === 0) {
    return <p className="text-ink-3">None yet: usage is drawn as it adds up.</p>;
  }
  return (
    <div className="customer-fold" data-all={all}>
      <table className="dense">
        <tbody>
          {items.slice(0, all ? undefined : SHOWN).map((draw) => (
            <tr key={draw.charge_id} data-testid="draw" title={draw.refusal ?? draw.kind}>
              <td className="text-ink-3">
                <Moment iso={draw.created_at} now={now} />
              </td>
              <td title={draw.nonce}>
                <code>{shortNonce(draw.nonce)}</code>
              </td>
              <td>
                <DrawState draw={draw} />
              </td>
              <td className="number">
                <Money microUsd={draw.amount_micro_usd} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {items.length > SHOWN && (
        <p className="customer-more">
          <button type="button" className="link" onClick={() => setAll(!all)}>
            {all ? "The latest" : "More"}
          </button>
          {all && onMore && (
            <button type="button" className="link" onClick={onMore}>
              Older
            </button>
          )}
        </p>
      )}
    </div>
  );
}

function DrawState({ draw }: { draw: ChargeItem }) {
  const { glyph, word } = drawWords(draw);
  return (
    <span title={draw.tx_digest ?? undefined}>
      <StatusGlyph status={glyph} word={word} />
    </span>
  );
}
