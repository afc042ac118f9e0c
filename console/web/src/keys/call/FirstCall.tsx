import { Copy, Segmented } from "@suiftly/ui";
import type { Endpoint, ServiceView, ServiceWord } from "@suiftly/ui/api/customer";
import { useState } from "react";
import { SERVICE_NAMES } from "../../app/queries";
import { Section } from "../../shell/Section";
import { networkName } from "../words";
import { LANGUAGES, type Language } from "./language";
import { snippet } from "./snippets";

interface FirstCallProps {
  /** Those that can be called. */
  services: readonly ServiceView[];
  /** The service that the page shows alone. */
  service: ServiceWord | undefined;
  language: Language;
  onLanguage: (language: Language) => void;
}

/** What to paste, so that a first request arrives. */
export function FirstCall({ services, service, language, onLanguage }: FirstCallProps) {
  const [chosen, setChosen] = useState<ServiceWord | null>(null);
  const [network, setNetwork] = useState("mainnet");
  const callable = services.filter(({ endpoints }) => endpoints.length > 0);
  const view = callable.find((one) => one.service === (service ?? chosen)) ?? callable[0];
  const endpoint = view?.endpoints.find((one) => one.network === network) ?? view?.endpoints[0];
  if (view === undefined || endpoint === undefined) return null;
  const text = snippet(language, view.service, endpoint.url);
  return (
    <Section
      title="First call"
      note={
        <Segmented label="Language" value={language} onChange={onLanguage} options={LANGUAGES} />
      }
    >
      <div className="mb-3 flex flex-wrap gap-3">
        {service === undefined && callable.length > 1 && (
          <Segmented
            label="Service"
            value={view.service}
            onChange={setChosen}
            options={callable.map((one) => ({
              value: one.service,
              label: SERVICE_NAMES[one.service],
            }))}
          />
        )}
        {view.endpoints.length > 1 && (
          <Segmented
            label="Network"
            value={endpoint.network}
            onChange={setNetwork}
            options={view.endpoints.toSorted(mainnetFirst).map((one) => ({
              value: one.network,
              label: networkName(one.network),
            }))}
          />
        )}
      </div>
      <div className="snippet">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
        <section tabIndex={0} aria-label={`First call, ${language}`}>
          <pre>{text}</pre>
        </section>
        <Copy text={text} size="small" />
      </div>
      <p className="mt-2.5 text-13 text-ink-3">
        Set <code className="code">SUIFTLY_KEY</code> to a {networkName(endpoint.network)} key of{" "}
        {SERVICE_NAMES[view.service]} first. The request appears in your usage within a second.
      </p>
    </Section>
  );
}

function mainnetFirst(a: Endpoint, b: Endpoint): number {
  return a.network.localeCompare(b.network);
}
