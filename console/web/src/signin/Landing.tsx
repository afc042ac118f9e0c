import { Swatch, Unit } from "@suiftly/ui";
import type { ReactNode } from "react";

/** What Suiftly is, by one request followed from its line to its cost: an example, with made-up values. */
export function Landing() {
  return (
    <aside className="flex min-w-0 flex-col px-4 py-8 signin:px-14 signin:py-9">
      <p className="text-13 signin:text-right">
        <a className="link" href="/api/docs">
          Documentation
        </a>
      </p>
      <div className="my-auto w-full max-w-165 py-8">
        <h2 className="example-title mb-3 max-w-130">
          Every request becomes one line, and every line can be found again in your bill.
        </h2>
        <p className="mb-6.5 max-w-130 text-ink-2">
          Suiftly serves Seal, gRPC and GraphQL on Sui. What you use, what it costs and what your
          keys may do is counted as it happens.
        </p>
        <dl>
          <Step term="Your request">
            <code className="code">POST /v1/fetch_key</code>{" "}
            <span className="text-ink-3">to Seal</span>
          </Step>
          <Step term="Its line">
            <ExampleLine />
          </Step>
          <Step term="What it says">
            <span className="flex flex-wrap gap-x-5.5 gap-y-1.5">
              <span>Seal</span>
              <span className="inline-flex items-center gap-1.75">
                <Swatch of="guaranteed" />
                Guaranteed
              </span>
              <span>200</span>
              <span>
                14<Unit>ms</Unit>
              </span>
              <span className="text-ink-3">14:00:08.214 UTC</span>
            </span>
          </Step>
          <Step term="What it costs">
            <span className="font-display text-28 font-560">
              <span className="text-ink-3">$</span>0.00<span className="text-ink-3">01</span>
            </span>
          </Step>
          <Step term="On your bill">
            Seal usage, 19 November, 14:00 <span className="text-ink-3">within a second</span>
          </Step>
          <Step term="Your say">
            A limit a month, a balance only you can withdraw, keys that stop in under a second
          </Step>
        </dl>
      </div>
    </aside>
  );
}

function Step({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="border-line border-t py-3.5 first:border-t-0 signin:grid signin:grid-cols-[118px_minmax(0,1fr)]">
      <dt className="label pt-0.75 pb-1">{term}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}

/** The fields that are read out again below it are marked. */
function ExampleLine() {
  return (
    <code className="example-line">
      SF1 1795096808228 <b>1795096808214</b> 1795096800000 412 90412 33 1 <b>1</b> 2 <b>1</b> 0
      12345 16801928 10496 - 203.0.113.20 v1/fetch_k <b>200</b> 1184 412 0 0 1 13 <b>14</b> --
      seal/seal-1 203.0.113.20 7c1f
    </code>
  );
}
