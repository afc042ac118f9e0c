import { explain, Failed, formatSpan, freshness, SkeletonRows, StatusGlyph } from "@suiftly/ui";
import type { ServiceView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useLive } from "../app/live";
import { billingQuery, SERVICE_NAMES, servicesQuery } from "../app/queries";
import { serviceStatus } from "../app/serviceStatus";
import { useLastError } from "../app/useLastError";
import { whyNot } from "../services/whyNot";
import { Section } from "../shell/Section";

/** Is it us? What each service and the figures say of themselves at this moment. */
export function StatusSection() {
  const services = useQuery(servicesQuery);
  const error = useLastError(services);
  return (
    <Section title="Is it us?" note="Your services, at this moment">
      {error && (
        <Failed
          what="The status did not load"
          problem={explain(error)}
          onRetry={() => void services.refetch()}
          unaffected="Gateways go on without this server."
        />
      )}
      {!services.data && !error && <SkeletonRows rows={3} columns={2} />}
      <dl className="support-status">
        {services.data?.map((service) => (
          <ServiceLine key={service.service} of={service} />
        ))}
        <FiguresLine />
      </dl>
    </Section>
  );
}

function ServiceLine({ of }: { of: ServiceView }) {
  const { data: money } = useQuery(billingQuery);
  const name = SERVICE_NAMES[of.service];
  const why = whyNot(of, name, money);
  return (
    <div>
      <dt>
        <Link to="/services/$service" params={{ service: of.service }} className="link">
          {name}
        </Link>
      </dt>
      <dd>
        <StatusGlyph status={serviceStatus(of)} />
        <p>{why?.words ?? `${name} serves requests.`}</p>
      </dd>
    </div>
  );
}

/** Late figures are late here, not in what is served or billed. */
function FiguresLine() {
  const { view } = useLive();
  const completeTo = view.state.usage?.completeTo ?? null;
  if (completeTo === null) {
    return (
      <Line name="Figures" status="updating" word="Loading">
        Usage is being loaded.
      </Line>
    );
  }
  const { level, behindMs } = freshness(completeTo, view.now);
  if (level === "live" && view.connection.phase !== "retrying") {
    return (
      <Line name="Figures" status="ok" word="Live">
        Usage is complete to a moment ago.
      </Line>
    );
  }
  return (
    <Line name="Figures" status="config-needed" word="Late">
      {`Figures are ${formatSpan(behindMs)} behind. Requests are served and counted all the same; the figures catch up by themselves.`}
    </Line>
  );
}

interface LineProps {
  name: string;
  status: "ok" | "updating" | "config-needed";
  word: string;
  children: string;
}

function Line({ name, status, word, children }: LineProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <StatusGlyph status={status} word={word} />
        <p>{children}</p>
      </dd>
    </div>
  );
}
