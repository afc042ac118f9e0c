import { Button, Empty, explain, Failed, SkeletonRows } from "@suiftly/ui";
import type { SealKeyView, ServiceView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { NotFound } from "../../shell/NotFound";
import { Section } from "../../shell/Section";
import { useService } from "../context";
import { sealKeysQuery } from "../queries";
import { KeySlots } from "./KeySlots";
import { MakeKey } from "./MakeKey";
import { SealKey } from "./SealKey";

/** Seal's keys, and the packages whose policies may ask for what is derived from them. */
export function Packages() {
  const service = useService();
  const { data, error, refetch } = useQuery(sealKeysQuery);
  if (service.service !== "seal") return <NotFound />;
  if (service.subscription === null) return <NotEnabled />;
  return (
    <div className="service-sections">
      {error !== null && (
        <Failed
          what="Your seal keys did not load"
          problem={explain(error)}
          onRetry={() => void refetch()}
          unaffected="They work as before."
        />
      )}
      {data === undefined && error === null && <SkeletonRows rows={4} columns={3} />}
      {data && <Keys service={service} keys={data} />}
    </div>
  );
}

function Keys({ service, keys }: { service: ServiceView; keys: readonly SealKeyView[] }) {
  const [making, setMaking] = useState(false);
  const isFull = service.seal_keys.used >= service.seal_keys.allowed;
  const make = (
    <Button disabled={isFull} onClick={() => setMaking(true)}>
      Make a seal key
    </Button>
  );
  return (
    <>
      <Section title="Seal keys" note={keys.length > 0 && make}>
        <KeySlots service={service} />
        {keys.length === 0 && (
          <Empty title="No seal keys yet" action={make}>
            Your apps encrypt for a seal key’s public key. Packages of yours decide who may open it.
            Make a key, then add a package to it.
          </Empty>
        )}
      </Section>
      {keys.map((one) => (
        <SealKey key={one.id} service={service} sealKey={one} />
      ))}
      {making && <MakeKey onClose={() => setMaking(false)} />}
    </>
  );
}

function NotEnabled() {
  return (
    <Empty
      title="Seal is not enabled"
      heading="h2"
      action={
        <Link to="/services/$service/configure" params={{ service: "seal" }} className="btn">
          Choose a tier
        </Link>
      }
    >
      Your seal keys and their packages are here once it is.
    </Empty>
  );
}
