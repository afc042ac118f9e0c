import { Button } from "@suiftly/ui";
import { useState } from "react";

const LOG_LINE = "log 127.0.0.1:5514 len 2048 format rfc5424 local0";

/** Nothing has been counted yet: what will appear, when, and the one thing to do. */
export function NoRequestsYet() {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(LOG_LINE);
    setCopied(true);
  };
  return (
    <section className="border-t border-line py-7">
      <h2>No requests yet</h2>
      <p className="mt-1 mb-3.5 max-w-115 text-ink-2">
        The first one appears here within a second of reaching a gateway. Send the gateway’s log to
        Suiftly with this line in its HAProxy configuration.
      </p>
      <code className="code mb-3.5 block max-w-fit overflow-x-auto rounded-2 bg-sunken px-3.5 py-3">
        {LOG_LINE}
      </code>
      <Button onClick={copy}>{copied ? "Copied" : "Copy the line"}</Button>
    </section>
  );
}
