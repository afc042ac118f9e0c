import { Button, Empty, Moment, Refusal } from "@suiftly/ui";
import type { QuarantineLine, QuarantineReason } from "@suiftly/ui/api/admin";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useNow } from "../app/console";
import { type Column, DataTable } from "../parts/DataTable";
import { Loaded, Pane } from "../parts/Pane";
import { DiscardDialog } from "./DiscardDialog";
import { Ingesters } from "./Ingesters";
import { bodyOf } from "./marks";
import type { Replaying } from "./Quarantine";
import { linesQuery } from "./queries";
import { ReplayProgress } from "./ReplayProgress";
import { replayable } from "./waiting";
import { outcomeWord, reasonWord, standOf } from "./words";

interface ActsProps {
  /** The reason chosen; null for all of them. */
  stand: QuarantineReason | null;
  /** The ingester whose lines they are; none of a process alone. */
  journal: string | undefined;
  replaying: Replaying;
}

interface LineListProps extends ActsProps {
  ingesters: readonly string[];
}

/** The lines of a reason, newest first. */
export function LineList({ stand, ingesters, journal, replaying }: LineListProps) {
  const search = useSearch({ from: "/quarantine" });
  const navigate = useNavigate({ from: "/quarantine" });
  const query = useInfiniteQuery(linesQuery(search.reason, journal));
  const columns = useColumns();
  const title = search.reason === undefined ? "Lines of every reason" : reasonWord(search.reason);
  const onEnd = () => {
    if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
  };
  const open = (offset: number) => {
    // The address says whose the line is, too: the first ingester may be another tomorrow.
    const whose = journal !== undefined && { ingester: journal };
    void navigate({ search: (now) => ({ ...now, ...whose, offset, tab: "line" }) });
  };
  const note = (
    <div className="tight-row">
      <Ingesters names={ingesters} chosen={journal} />
      <Acts {...{ stand, journal, replaying }} />
    </div>
  );
  return (
    <Pane title={title} note={note} className="pane-column">
      {search.tab !== "fix" && <Replayed replaying={replaying} reason={search.reason} />}
      <Loaded query={query} what="The lines" rows={8}>
        {({ pages }) => (
          <DataTable
            label={title}
            columns={columns}
            rows={pages.flatMap(({ lines }) => lines)}
            rowKey={({ offset }) => offset}
            selected={search.offset ?? null}
            onOpen={({ offset }) => open(offset)}
            tone={tone}
            copy={({ text }) => text}
            onEnd={onEnd}
            empty={
              <Empty title="No lines are kept">
                A line that cannot be read is kept here as it came, until it is replayed or
                discarded.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Pane>
  );
}

function Replayed({ replaying, reason }: { replaying: Replaying; reason: string | undefined }) {
  const { problem, givenOf, forget } = replaying;
  const given = givenOf(reason);
  return (
    <>
      {problem && <Refusal problem={problem} />}
      {given !== null && <ReplayProgress given={given} onDone={forget} />}
    </>
  );
}

function tone(line: QuarantineLine): string | undefined {
  const stand = standOf(line);
  return stand === "record" || stand === "done" ? "dim" : undefined;
}

function useColumns(): readonly Column<QuarantineLine>[] {
  const now = useNow();
  return [
    {
      key: "received",
      head: "Received",
      width: "112px",
      cell: ({ received_at }) => <Moment iso={received_at} now={now} />,
      by: ({ offset }) => offset,
    },
    {
      key: "text",
      head: "Line",
      cell: ({ text }) => (
        <code className="mono" title={text} data-testid="quarantined">
          {bodyOf(text)}
        </code>
      ),
    },
    {
      key: "outcome",
      head: "Stands",
      width: "152px",
      cell: (line) => <span title={outcomeWord(line)}>{outcomeWord(line)}</span>,
      by: outcomeWord,
    },
  ];
}

function Acts({ stand, journal, replaying }: ActsProps) {
  const { most, words } = replayable(stand);
  const [asking, setAsking] = useState(false);
  if (stand === null) return <>choose a reason to replay or discard its lines</>;
  const lines = stand.lines - stand.under_way;
  return (
    <div className="tight-row">
      <Button
        busy={replaying.busy}
        disabled={most === 0}
        onClick={() => void replaying.replay(stand.reason)}
        title="Read again under today’s formats. What becomes a record counts in usage and bills."
        data-testid="replay"
      >
        Replay {words}
      </Button>
      <Button kind="danger" disabled={lines === 0} onClick={() => setAsking(true)}>
        Discard
      </Button>
      <DiscardDialog
        open={asking}
        onClose={() => setAsking(false)}
        stand={stand}
        journal={journal}
      />
    </div>
  );
}
