import { explain, Failed, formatClock } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { SERVICES, servicesQuery } from "../app/queries";
import { useLastError } from "../app/useLastError";
import { Section } from "../shell/Section";
import { NotSoldRow, ServiceRow } from "./ServiceRow";
import { TableShapes } from "./shapes";

/** Every service: whether it works, and what its last day was. */
export function Services() {
  const query = useQuery(servicesQuery);
  const error = useLastError(query);
  const { data, dataUpdatedAt, refetch } = query;
  const note = (
    <Link to="/usage" className="link">
      Usage in detail
    </Link>
  );
  return (
    <Section title="Services, last 24 hours" note={note}>
      {error && (
        <Failed
          what="Your services did not load"
          problem={explain(error)}
          unaffected="They go on serving requests."
          onRetry={() => void refetch()}
          {...(data && { shownFrom: formatClock(dataUpdatedAt) })}
        />
      )}
      {!data && !error && <TableShapes rows={SERVICES.length} tall />}
      {data && (
        <table className="table services" data-phone="rows" data-kept={error !== null}>
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">Status</th>
              <th scope="col" className="wide:w-59">
                Requests
              </th>
              <th scope="col" className="number">
                Success
              </th>
              <th scope="col" className="number">
                p95
              </th>
              <th scope="col" className="number">
                Now
              </th>
              <th scope="col" className="number">
                Cost
              </th>
            </tr>
          </thead>
          <tbody>
            {SERVICES.map((word) => {
              const service = data.find((one) => one.service === word);
              if (service === undefined) return <NotSoldRow key={word} service={word} />;
              return <ServiceRow key={word} service={service} />;
            })}
          </tbody>
        </table>
      )}
    </Section>
  );
}
