import { formatCount, formatDuration } from "@suiftly/ui";
import type { RecordLine } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Pane } from "../../parts/Pane";
import { endedWords } from "../../words/ended";
import { backendWord, eventWord } from "../../words/events";
import { lineSearch, placeText } from "../lines/place";
import { isBad } from "../lines/tokens";
import { retryQuery } from "../query/lines";
import { type Phase, phasesOf } from "./phases";
import type { Retry } from "./retry";

/** From here on a request failed, for whoever made it. */
const FAILED = 400;

export function TimePane({ line }: { line: RecordLine }) {
  const phases = phasesOf(line);
  const bad = isBad(line);
  return (
    <Pane
      className="drill-time"
      title="Where the time went"
      note={`${formatCount(line.time_total_ms)} ms`}
    >
      <div className="drill-phases">
        {phases.map((phase) => (
          <PhaseRow key={phase.key} phase={phase} bad={bad} />
        ))}
      </div>
      <EndedLine line={line} phases={phases} />
      <RetryLine line={line} />
    </Pane>
  );
}

function PhaseRow({
  phase: { key, word, ms, from, part, longest },
  bad,
}: {
  phase: Phase;
  bad: boolean;
}) {
  return (
    <>
      <code title={word}>{key}</code>
      <span className="drill-phase">
        <i
          data-longest={longest}
          data-bad={bad && longest}
          style={{ left: `${from * 100}%`, width: `${part * 100}%` }}
        />
      </span>
      <span className="drill-ms" data-longest={longest}>
        {ms === null ? "not reached" : `${formatCount(ms)} ms`}
      </span>
    </>
  );
}

function EndedLine({ line, phases }: { line: RecordLine; phases: readonly Phase[] }) {
  const words = endedWords(line.termination_state);
  const longest = phases.find((phase) => phase.longest);
  const bad = isBad(line);
  if (words !== null) {
    return (
      <p className="drill-said">
        <code>{line.termination_state}</code> {words}.
      </p>
    );
  }
  return (
    <p className="drill-said">
      {bad ? `The answer was the error: ${eventWord(line.event_type)}` : "It ended as it should"}
      {longest && `; most of the time ${longest.word}`}.
    </p>
  );
}

function RetryLine({ line }: { line: RecordLine }) {
  const failed = line.status_code >= FAILED || line.status_code < 0;
  const { data, isPending } = useQuery(retryQuery(line, failed));
  if (!failed || line.api_key_fp === 0 || isPending) return null;
  return (
    <p className="drill-said text-ink-3" data-testid="drill-retry">
      {data ? <Answered retry={data} /> : "Its key was not answered well within a minute after it."}
    </p>
  );
}

function Answered({ retry: { line, afterMs, atMost } }: { retry: Retry }) {
  const { status_code, backend_id, time_total_ms, seq } = line;
  return (
    <>
      The same key was answered well {atMost ? "within " : ""}
      {formatDuration(afterMs)} {atMost ? "" : "later"}: {status_code}
      {backend_id !== 0 && ` from ${backendWord(backend_id)}`} in {formatCount(time_total_ms)} ms,
      line{" "}
      <Link
        from="/drill"
        to="."
        search={({ journal: _, ...before }) => ({ ...before, ...lineSearch(line) })}
        className="quiet-link drill-link"
      >
        {seq ?? placeText(line)}
      </Link>
      .
    </>
  );
}
