import { Empty, Moment, StatusGlyph } from "@suiftly/ui";
import { Link } from "@tanstack/react-router";
import { WEIGHT_STATUS } from "../logs/LogTable";
import { WEIGHT_WORDS } from "../logs/message";
import { type Column, DataTable } from "../parts/DataTable";
import { type Happening, LANES } from "./events";

interface EventListProps {
  rows: readonly Happening[];
  now: number;
  opened: string | undefined;
  onOpen: (id: string) => void;
}

/** Each event in words; a row opens its mark above, its last cell what it is about. */
export function EventList({ rows, now, opened, onOpen }: EventListProps) {
  return (
    <DataTable
      label="What happened, the latest first"
      columns={columns(now)}
      rows={rows}
      rowKey={({ id }) => id}
      onOpen={({ id }) => onOpen(id)}
      selected={opened ?? null}
      tone={({ weight }) => (weight === "bad" ? "bad" : undefined)}
      copy={({ at, words }) => `${new Date(at).toISOString()} ${words}`}
      empty={
        <Empty title="Nothing was told in this time">
          Reloads, servers down and up, notifications, versions of the vault, operators’ acts,
          starts of Suiftly and failed jobs appear here.
        </Empty>
      }
    />
  );
}

function columns(now: number): readonly Column<Happening>[] {
  return [
    {
      key: "at",
      head: "Time, UTC",
      width: "118px",
      cell: ({ at }) => <Moment iso={at} now={now} />,
    },
    {
      key: "lane",
      head: "Of",
      width: "104px",
      cell: ({ lane }) => <span className="text-ink-3">{LANES[lane]}</span>,
    },
    {
      key: "weight",
      head: "",
      width: "76px",
      cell: ({ weight }) => (
        <StatusGlyph status={WEIGHT_STATUS[weight]} word={WEIGHT_WORDS[weight]} />
      ),
    },
    {
      key: "words",
      head: "What happened",
      cell: ({ words }) => <span title={words}>{words}</span>,
    },
    {
      key: "place",
      head: "",
      width: "132px",
      cell: ({ place }) => (
        <Link
          to={place.to}
          search={place.search ?? {}}
          className="quiet-link"
          // The row opens the mark: the link leads away.
          onClick={(event) => event.stopPropagation()}
        >
          {place.word}
        </Link>
      ),
    },
  ];
}
