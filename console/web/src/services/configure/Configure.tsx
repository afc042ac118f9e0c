import { WhoMayCall } from "../callers/WhoMayCall";
import { useService } from "../context";
import { Capacity } from "./Capacity";
import { Ending } from "./Ending";
import { Peaks } from "./Peaks";
import { QuotePanel } from "./QuotePanel";
import { TierCards } from "./TierCards";
import { useChoice } from "./useChoice";
import { useQuote } from "./useQuote";

/** What is booked, with the price of every change before it is made; and who may call. */
export function Configure() {
  const service = useService();
  const choosing = useChoice(service);
  const asked = useQuote(service, choosing.choice);
  return (
    <div className="configure">
      <div className="service-sections">
        <TierCards service={service} choosing={choosing} />
        <Peaks service={service} choice={choosing.choice} />
        <Capacity service={service} choosing={choosing} quote={asked.quote} />
      </div>
      <QuotePanel service={service} choosing={choosing} asked={asked} />
      <div className="service-sections configure-rest">
        {service.subscription !== null && <WhoMayCall service={service} />}
        <Ending service={service} />
      </div>
    </div>
  );
}
