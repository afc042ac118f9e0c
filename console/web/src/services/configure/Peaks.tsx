import { explain, Failed, PeakChart, Skeleton } from "@suiftly/ui";
import type { ServiceView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { peaksQuery } from "../queries";
import { type Choice, tierName, tierOffer } from "./choice";
import { peakDays, peaksWords } from "./peaks";

const DAYS = 30;

interface PeaksProps {
  service: ServiceView;
  choice: Choice;
}

/** Each day's peak against what the tiers guarantee: one chooses by what one needs. */
export function Peaks({ service, choice }: PeaksProps) {
  const { data, error, refetch } = useQuery(peaksQuery(service.service, DAYS));
  const { guaranteed_per_second: guaranteed, burst_per_second: burst } = service;
  if (guaranteed === null) return null;
  const chosen = tierOffer(service.offer, choice.tier);
  return (
    <div className="peaks">
      <header>
        <h3>Your peak of each day, last {DAYS} days</h3>
        <span className="text-12 text-ink-3">Requests / s, all regions together</span>
      </header>
      {error !== null && (
        <Failed
          what="Your peaks did not load"
          problem={explain(error)}
          onRetry={() => void refetch()}
        />
      )}
      {data === undefined && error === null && <Skeleton className="h-56" />}
      {data && (
        <>
          <PeakChart
            days={peakDays(data)}
            guaranteed={guaranteed}
            burstTo={burst !== null && burst > guaranteed ? burst : null}
            {...(chosen && {
              chosen: {
                label: `${tierName(chosen.tier)} guaranteed`,
                perSecond: chosen.guaranteed_per_second,
              },
            })}
          />
          <p className="peaks-words">{peaksWords(data)}</p>
        </>
      )}
    </div>
  );
}
