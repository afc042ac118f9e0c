import { Copy } from "@suiftly/ui";
import type { SupportView } from "@suiftly/ui/api/customer";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useLive } from "../app/live";
import { configQuery, meQuery, servicesQuery } from "../app/queries";
import { Section } from "../shell/Section";
import { diagnosticsText, lastProblems } from "./diagnostics";

/** Names this build of the page: a built file has its contents in its name. */
const BUILD = new URL(import.meta.url).pathname;

/** How to reach people, and what to send them. */
export function ReachSection() {
  const { data: config } = useQuery(configQuery);
  return (
    <div id="reach-us" className="scroll-mt-15">
      <Section title="Reach us">
        <div className="support-reach">
          {config && <Ways of={config.support} />}
          <Diagnostics />
        </div>
      </Section>
    </div>
  );
}

function Ways({ of: { email, url } }: { of: SupportView }) {
  if (!email && !url) {
    return (
      <p className="max-w-160 text-ink-2">
        This server names no address for support. Ask whoever runs it, and send them the facts
        below.
      </p>
    );
  }
  return (
    <p className="max-w-160 text-ink-2">
      Write to{" "}
      {email && (
        <a href={`mailto:${email}`} className="link">
          {email}
        </a>
      )}
      {email && url && ", or go to "}
      {url && (
        <a href={url} className="link" rel="noreferrer">
          {url}
        </a>
      )}
      . Say what you expected and what happened, with the time and the code, and add the facts
      below.
    </p>
  );
}

function Diagnostics() {
  const queries = useQueryClient();
  const { view } = useLive();
  const { data: account } = useQuery(meQuery);
  const { data: services } = useQuery(servicesQuery);
  const text = diagnosticsText({
    wallet: account?.wallet_address ?? null,
    now: view.now,
    completeTo: view.state.usage?.completeTo ?? null,
    connection: view.connection.phase,
    build: BUILD,
    browser: navigator.userAgent,
    services: services ?? null,
    problems: lastProblems(queries),
  });
  return (
    <div className="support-facts">
      <header>
        <p className="text-13 text-ink-2">What to send. There is no key and no secret in it.</p>
        <Copy text={text} size="small">
          Copy diagnostics
        </Copy>
      </header>
      <pre>{text}</pre>
    </div>
  );
}
