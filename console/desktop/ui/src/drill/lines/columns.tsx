// The columns of a line, in the drill and in the live tail.
import { formatCount } from "@suiftly/ui";
import type { RecordLine } from "@suiftly/ui/api/admin";
import type { ReactNode } from "react";
import { clockMs } from "../../model/instant";
import { CustomerLink } from "../../parts/CustomerName";
import type { Column } from "../../parts/DataTable";
import { endedNormally, endedWords } from "../../words/ended";
import { backendWord, eventWord } from "../../words/events";
import { isBad, isDominant } from "./tokens";

interface LineColumns {
  readonly server: (id: number | null) => string;
  /** Where there is room: the gateway, the client and the whole time too. */
  readonly wide: boolean;
}

export function lineColumns({ server, wide }: LineColumns): readonly Column<RecordLine>[] {
  const some = (column: Column<RecordLine>) => (wide ? [column] : []);
  return [
    {
      key: "time",
      head: "time",
      width: "94px",
      cell: ({ timestamp }) => <span title={timestamp}>{clockMs(timestamp)}</span>,
    },
    { key: "seq", head: "line", width: "62px", cell: ({ seq }) => seq ?? "–" },
    ...some({
      key: "server",
      head: "server",
      width: "84px",
      cell: ({ server_id }) => server(server_id ?? null),
    }),
    {
      key: "customer",
      head: "customer",
      width: "minmax(84px, 1.3fr)",
      cell: ({ customer_id }) => (
        <span className="line-name">
          <CustomerLink id={customer_id ?? null} />
        </span>
      ),
    },
    {
      key: "key",
      head: "key",
      width: "88px",
      cell: ({ api_key_fp }) => (api_key_fp === 0 ? "–" : api_key_fp),
    },
    ...some({
      key: "ip",
      head: "client",
      width: "minmax(96px, 0.8fr)",
      cell: ({ client_ip }) => client_ip ?? "–",
    }),
    { key: "path", head: "path", width: "88px", cell: ({ path_prefix }) => path_prefix ?? "–" },
    {
      key: "status",
      head: "status",
      width: "46px",
      cell: (line) => (
        <Loud on={isBad(line)} title={eventWord(line.event_type)}>
          {line.status_code}
        </Loud>
      ),
    },
    phase("TR", "time_request_ms", "32px"),
    phase("Tw", "time_queue_ms", "32px"),
    phase("Tc", "time_connect_ms", "32px"),
    phase(wide ? "Tr" : "Tr ms", "time_response_ms", "50px"),
    ...some({
      key: "total",
      head: "all, ms",
      width: "64px",
      number: true,
      cell: ({ time_total_ms }) => formatCount(time_total_ms),
    }),
    { key: "ended", head: "ended", width: "46px", cell: (line) => <Ended line={line} /> },
    { key: "backend", head: "backend", width: "minmax(104px, 0.9fr)", cell: backendOf },
  ];
}

type PhaseKey = "time_request_ms" | "time_queue_ms" | "time_connect_ms" | "time_response_ms";

function phase(head: string, key: PhaseKey, width: string): Column<RecordLine> {
  return {
    key,
    head,
    width,
    number: true,
    cell: (line) => <Loud on={isDominant(line[key], line)}>{line[key] ?? "–"}</Loud>,
  };
}

function backendOf({ service, backend_id }: RecordLine): string {
  const backend = backendWord(backend_id);
  return service ? `${service} ${backend}` : backend;
}

function Ended({ line }: { line: RecordLine }) {
  const { termination_state: state } = line;
  return (
    <Loud
      on={!endedNormally(state) && isBad(line)}
      title={endedWords(state) ?? "ended as it should"}
    >
      {state}
    </Loud>
  );
}

function Loud({ on, title, children }: { on: boolean; title?: string; children: ReactNode }) {
  return (
    <span className={on ? "line-loud" : undefined} title={title}>
      {children}
    </span>
  );
}
