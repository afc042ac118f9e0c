import { Link } from "@tanstack/react-router";
import { Page } from "../shell/Page";
import { Section } from "../shell/Section";
import { AnswersSection } from "./AnswersSection";
import { ReachSection } from "./ReachSection";
import { StatusSection } from "./StatusSection";
import "./support.css";

export function SupportPage() {
  return (
    <Page title="Support">
      <p className="mb-5.5 max-w-160 text-ink-2">
        Look here first: whether it is us, and what a refusal means. If that does not help, write to
        us with the facts at the end.
      </p>
      <StatusSection />
      <AnswersSection />
      <Section title="Read more">
        <ul className="support-links">
          <li>
            <a href="/api/docs" className="link">
              API documentation
            </a>{" "}
            Every operation, its fields and its codes.
          </li>
          <li>
            <a href="/api/v1/openapi.json" className="link">
              OpenAPI document
            </a>{" "}
            The same, for machines.
          </li>
          <li>
            <Link to="/activity" className="link">
              Activity
            </Link>{" "}
            What was done in your account, by whom and from where.
          </li>
          <li>
            <Link to="/notifications" className="link">
              Notifications
            </Link>{" "}
            What we told you.
          </li>
        </ul>
      </Section>
      <ReachSection />
    </Page>
  );
}
