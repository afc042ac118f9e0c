// The live tail in the drill: the same lines as they come.
import type { RecordLine } from "@suiftly/ui/api/admin";
import { useMemo } from "react";
import { lineColumns } from "../drill/lines/columns";
import type { RecordFilter } from "../drill/lines/fields";
import { useServerNames } from "../parts/ServerName";
import { LineDetail } from "./LineDetail";
import "./tail.css";
import { TailLog } from "./TailLog";
import { HeldWord, TailLink, TailRates } from "./TailState";
import { useHeld } from "./useHeld";
import { useTail } from "./useTail";

const detailOf = (line: RecordLine) => <LineDetail line={line} />;

export function LivePart({ filter }: { filter: RecordFilter }) {
  const { view } = useTail(filter);
  const held = useHeld(view.ring);
  const server = useServerNames();
  const columns = useMemo(() => lineColumns({ server, wide: false }), [server]);
  return (
    <>
      <div className="tail-bar">
        <TailRates view={view} />
        <HeldWord held={held} />
      </div>
      <TailLink view={view} />
      <div className="line-table">
        <TailLog
          lines={held.shown.lines}
          columns={columns}
          newest="top"
          held={held.held}
          onHold={held.hold}
          onFollow={held.follow}
          below={detailOf}
        />
      </div>
    </>
  );
}
