import { Empty, TextField } from "@suiftly/ui";
import type { TryFormatView } from "@suiftly/ui/api/admin";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { AttributionRows } from "./AttributionRows";
import { type AttributionRow, attributionOf, type FormatText, rowsOf } from "./attribution";
import type { BesideProps } from "./Beside";
import { FormatProblem } from "./FormatProblem";
import { Publish } from "./Publish";
import { formatsQuery, tryQuery } from "./queries";
import { StartFrom } from "./StartFrom";
import { TriedLines } from "./TriedLines";
import { useSettled } from "./useSettled";
import { ofJournal } from "./whose";

/** Lines a format is tried on as it is written. */
const TRIED = 50;
const SETTLED_MS = 300;

/** A format, written and tried on the lines of a reason at once. */
export function FixFormat({ stand, journal, draft, setDraft, replaying }: BesideProps) {
  // Rows keep their places and their empty fields while they are edited; what they say is in the draft.
  const [rows, setRows] = useState(() => rowsOf(draft.format.attribution));
  const { data: formats } = useQuery(formatsQuery);
  const settled = useSettled(draft.format, SETTLED_MS);
  const reason = stand?.reason ?? "";
  const tried = useQuery({
    ...tryQuery({ ...settled, reason, limit: TRIED, ...ofJournal(journal) }),
    enabled: reason !== "" && settled.log_format.trim() !== "",
  });
  const write = (format: FormatText) => setDraft({ ...draft, format });
  const attribute = (next: readonly AttributionRow[]) => {
    setRows(next);
    write({ ...draft.format, attribution: attributionOf(next) });
  };
  if (stand === null) {
    return (
      <Empty title="No reason is chosen">
        Choose a reason: its lines show at once what a format makes of them.
      </Empty>
    );
  }
  const { log_format } = draft.format;
  return (
    <>
      <div className="format-head">
        <StartFrom
          formats={formats ?? []}
          onStart={(next) => {
            setDraft(next);
            setRows(rowsOf(next.format.attribution));
          }}
        />
        <TextField
          label="Log-format string, as it stands in haproxy.cfg"
          value={log_format}
          onChange={(text) => write({ ...draft.format, log_format: text })}
          placeholder="%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B"
          code
          multiline
        />
      </div>
      <FormatProblem tried={tried.data} text={settled.log_format} />
      <AttributionRows
        rows={rows}
        onChange={attribute}
        fields={tried.data?.fields ?? []}
        wrong={wrongEntry(tried.data)}
      />
      <TriedLines query={tried} isWritten={log_format.trim() !== ""} />
      <Publish {...{ stand, journal, draft, setDraft, replaying }} tried={tried.data} />
    </>
  );
}

function wrongEntry(tried: TryFormatView | undefined): string | null {
  const [part, name] = tried?.error?.field.split(".") ?? [];
  return part === "attribution" ? (name ?? null) : null;
}
