import { Copy } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { configQuery } from "../../app/queries";
import { shorten, transactionOf } from "../words";

/** Names a transaction: opens it in the chain's explorer where there is one, and can be copied where not. */
export function Digest({ digest: event }: { digest: string }) {
  const { data: config } = useQuery(configQuery);
  const digest = transactionOf(event);
  const explorer = config?.explorer_tx_url;
  if (explorer == null) {
    return (
      <span className="digest">
        <span className="code" title={digest}>
          {shorten(digest)}
        </span>
        <Copy text={digest} size="small" kind="quiet" />
      </span>
    );
  }
  return (
    <a
      className="code link"
      href={explorer.replace("{digest}", digest)}
      target="_blank"
      rel="noreferrer"
      title={digest}
    >
      {shorten(digest)}
    </a>
  );
}
