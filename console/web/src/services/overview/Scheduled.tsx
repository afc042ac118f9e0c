import { Button, explain, formatUsd, Refusal } from "@suiftly/ui";
import type { ServiceView } from "@suiftly/ui/api/customer";
import { Link } from "@tanstack/react-router";
import { SERVICE_NAMES } from "../../app/queries";
import { Section } from "../../shell/Section";
import { firstOf, lessWords } from "../configure/words";
import { useResume } from "../useResume";

/** What happens at the month's end, and the way to keep what there is. */
export function Scheduled({ service }: { service: ServiceView }) {
  const { scheduled, subscription } = service;
  const resume = useResume(service);
  if (scheduled === null || subscription === null) return null;
  const name = SERVICE_NAMES[service.service];
  const date = firstOf(scheduled.at.slice(0, 7));
  return (
    <Section title={`From ${date}`} note="Until then everything stays as it is">
      <ul className="service-list">
        {lessWords(subscription, scheduled.subscription, name).map((words) => (
          <li key={words}>{words}</li>
        ))}
      </ul>
      <p className="mt-2 text-13 text-ink-3">
        {scheduled.subscription === null
          ? `From ${date} its keys get 403, free of charge. They are kept.`
          : `From ${date} it costs ${formatUsd(service.monthly_micro_usd)} a month, before usage.`}
      </p>
      <div className="mt-3.5 flex flex-wrap items-center gap-4">
        <Button busy={resume.isPending} onClick={() => resume.mutate()}>
          {scheduled.subscription === null ? `Keep ${name}` : "Keep what there is"}
        </Button>
        <Link
          to="/services/$service/configure"
          params={{ service: service.service }}
          className="link text-13"
        >
          Change something else
        </Link>
      </div>
      {resume.error && <Refusal problem={explain(resume.error)} />}
    </Section>
  );
}
