import { Copy, MINUTE_MS } from "@suiftly/ui";
import type { RecordLine } from "@suiftly/ui/api/admin";
import { Link } from "@tanstack/react-router";
import { lineSearch } from "../drill/lines/place";
import { Tokens } from "../drill/lines/Tokens";
import { lineText } from "../drill/lines/tokens";
import { floorTo, rfc3339 } from "../drill/window";
import { endedWords } from "../words/ended";
import { backendWord, eventWord, trafficWord } from "../words/events";

/** A line that is open: all of it, in words, and the way on. */
export function LineDetail({ line }: { line: RecordLine }) {
  const ended = endedWords(line.termination_state);
  const minute = floorTo(Date.parse(line.timestamp), MINUTE_MS);
  return (
    <div className="tail-detail" data-testid="tail-detail">
      <Tokens line={line} />
      <p>
        {eventWord(line.event_type)}, {trafficWord(line.traffic_type)} traffic, backend{" "}
        {backendWord(line.backend_id)}
        {ended && `; ${ended}`}.
      </p>
      <div className="drill-buttons">
        <Copy text={lineText(line)}>Copy line</Copy>
        <Link
          to="/drill"
          className="btn"
          search={{
            measure: line.status_code >= 500 ? "server_error" : "requests",
            from: rfc3339(minute),
            to: rfc3339(minute + MINUTE_MS),
            ...(line.customer_id != null && { customer_id: line.customer_id }),
            ...lineSearch(line),
          }}
        >
          Drill
        </Link>
      </div>
    </div>
  );
}
