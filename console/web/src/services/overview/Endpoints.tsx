import { Copy, Tag } from "@suiftly/ui";
import type { ServiceView } from "@suiftly/ui/api/customer";
import { Link } from "@tanstack/react-router";
import { Section } from "../../shell/Section";

/** Where requests go. */
export function Endpoints({ service: { endpoints, service } }: { service: ServiceView }) {
  if (endpoints.length === 0) return null;
  return (
    <Section
      title="Endpoints"
      note={
        <Link to="/keys" search={{ service }} className="link">
          Keys and code to call it with
        </Link>
      }
    >
      <ul className="service-rows">
        {endpoints.map(({ network, url }) => (
          <li key={`${network} ${url}`}>
            <Tag>{network}</Tag>
            <code className="code service-url">{url}</code>
            <Copy text={url} size="small" />
          </li>
        ))}
      </ul>
    </Section>
  );
}
