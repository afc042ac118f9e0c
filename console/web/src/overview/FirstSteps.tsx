import { Glyph } from "@suiftly/ui";
import type { ServiceWord } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useLive } from "../app/live";
import { billingQuery, servicesQuery } from "../app/queries";
import { firstSteps, type Step, type StepName } from "./steps";

const WORDS: Record<StepName, { title: string; body: string }> = {
  deposit: {
    title: "Deposit into escrow",
    body: "Your money stays yours: what you use is drawn from it, the rest can be withdrawn.",
  },
  enable: {
    title: "Enable a service",
    body: "Choose a tier by how many requests you send. The price is said before you accept it.",
  },
  key: {
    title: "Make an API key",
    body: "It opens one service on one network. Gateways know it within a second.",
  },
  call: {
    title: "Send the first request",
    body: "Copy it as a curl line. It appears on this page within a second of reaching a gateway.",
  },
};

/** What a new account does first: each step done, next, or to come. */
export function FirstSteps() {
  const { view } = useLive();
  const { data: money } = useQuery(billingQuery);
  const { data: services } = useQuery(servicesQuery);
  const { usage } = view.state;
  if (usage === null || money === undefined || services === undefined) return null;
  const steps = firstSteps({ money, services, requests: usage.counts.requests });
  if (steps === null) return null;
  const { service = "seal" } =
    services.find(({ state }) => state === "enabled") ?? services[0] ?? {};
  return (
    <section className="pb-7.5" aria-labelledby="first-steps">
      <h2 id="first-steps" className="mb-3.5">
        First steps
      </h2>
      <ol className="steps">
        {steps.map((step, index) => (
          <StepItem key={step.name} step={step} number={index + 1} service={service} />
        ))}
      </ol>
    </section>
  );
}

interface StepItemProps {
  step: Step;
  number: number;
  /** The first that is enabled, or else sold. */
  service: ServiceWord;
}

function StepItem({ step, number, service }: StepItemProps) {
  const { title, body } = WORDS[step.name];
  return (
    <li data-state={step.state} aria-current={step.state === "next" ? "step" : undefined}>
      <p className="step-mark">
        {step.state === "done" ? (
          <span className="status" data-status="ok">
            <Glyph of="ok" /> Done
          </span>
        ) : (
          `Step ${number}`
        )}
      </p>
      <h3>{title}</h3>
      <p>{body}</p>
      {step.state === "next" && <Go name={step.name} service={service} />}
    </li>
  );
}

function Go({ name, service }: { name: StepName; service: ServiceWord }) {
  switch (name) {
    case "deposit":
      return (
        <Link to="/billing" search={{ back: "/" }} className="btn" data-kind="primary">
          Deposit
        </Link>
      );
    case "enable":
      return (
        <Link
          to="/services/$service/configure"
          params={{ service }}
          className="btn"
          data-kind="primary"
        >
          Choose a tier
        </Link>
      );
    case "key":
      return (
        <Link to="/keys" search={{ new: service }} className="btn" data-kind="primary">
          Make a key
        </Link>
      );
    case "call":
      return (
        <Link to="/keys" search={{ call: "curl" }} className="btn" data-kind="primary">
          Show the curl line
        </Link>
      );
  }
}
