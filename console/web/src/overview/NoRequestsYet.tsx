import { Empty } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { servicesQuery } from "../app/queries";

/** What will appear here, when, and the one thing to do. */
export function NoRequestsYet() {
  const { data: services } = useQuery(servicesQuery);
  // Without a key the first steps say what comes before.
  const hasKey = services?.some(({ active_api_keys }) => active_api_keys > 0);
  return (
    <Empty
      title="No requests yet"
      action={
        hasKey && (
          <Link to="/keys" search={{ call: "curl" }} className="btn">
            Show the curl line
          </Link>
        )
      }
    >
      The first one appears here within a second of reaching a gateway.
    </Empty>
  );
}
