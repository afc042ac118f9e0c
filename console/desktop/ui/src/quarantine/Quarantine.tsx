import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useKept } from "../app/useKept";
import { PanePage } from "../parts/Page";
import type { FormatText } from "./attribution";
import { Beside } from "./Beside";
import { LineList } from "./LineList";
import "./quarantine.css";
import { reasonsQuery } from "./queries";
import { Reasons } from "./Reasons";
import { useReplay } from "./replay";
import { useIngester } from "./useIngester";

const NOTHING: FormatText = { log_format: "", attribution: {} };

/** Lines that nothing could read: by reason, one by one, and made readable. */
export function Quarantine() {
  const { reason } = useSearch({ from: "/quarantine" });
  const { ingesters, journal } = useIngester();
  const { data: reasons } = useQuery(reasonsQuery(journal));
  // The format being written stays while lines, tabs and pages are changed.
  const [draft, setDraft] = useKept<Draft>("quarantine", { name: "", format: NOTHING });
  const replaying = useReplay(journal);
  const stand = reasons?.find((one) => one.reason === reason) ?? null;
  return (
    <PanePage className="quarantine tight">
      <Reasons />
      <LineList {...{ stand, ingesters, journal, replaying }} />
      <Beside {...{ stand, journal, draft, setDraft, replaying }} />
    </PanePage>
  );
}

export interface Draft {
  readonly name: string;
  readonly format: FormatText;
}

export type Replaying = ReturnType<typeof useReplay>;
