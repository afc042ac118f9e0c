import { Count, MINUTE_MS, Spark, Unit } from "@suiftly/ui";
import type { ServiceWord } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { bucketsOf } from "../../app/buckets";
import { hourQuery } from "../queries";

const MINUTES = 60;

/** The last hour by minute, the last of them still filling. */
export function LiveSpark({ service }: { service: ServiceWord }) {
  const { data } = useQuery(hourQuery(service));
  if (data === undefined) return <div className="h-14" />;
  const values = bucketsOf(data, MINUTE_MS)
    .filter(({ truth }) => truth !== "unknown")
    .map(({ counts }) => counts.requests);
  return (
    <figure className="service-spark">
      <Spark values={values} capacity={MINUTES} width={240} height={40} />
      <figcaption className="text-12 text-ink-3">
        <Count value={values.at(-1) ?? null} />
        <Unit>requests in this minute</Unit>
        <span className="block">Requests in each of the last 60 minutes</span>
      </figcaption>
    </figure>
  );
}
