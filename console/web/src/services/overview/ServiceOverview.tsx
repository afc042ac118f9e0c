import { useService } from "../context";
import { Day } from "./Day";
import { Endpoints } from "./Endpoints";
import { Scheduled } from "./Scheduled";
import { Standing } from "./Standing";
import { Subscribed } from "./Subscribed";

/** Does it work, what is it doing, what is booked, and where to send requests. */
export function ServiceOverview() {
  const service = useService();
  return (
    <div className="service-sections">
      <Standing service={service} />
      <Scheduled service={service} />
      <Day service={service} />
      <Endpoints service={service} />
      <Subscribed service={service} />
    </div>
  );
}
