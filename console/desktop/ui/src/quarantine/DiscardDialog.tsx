import { ConfirmDialog, formatCount, formatDuration } from "@suiftly/ui";
import type { QuarantineReason } from "@suiftly/ui/api/admin";
import { client } from "../app/session";
import { useAct } from "../parts/acts/useAct";
import { discard as discardLines } from "./give";
import { reasonWord } from "./words";

interface DiscardDialogProps {
  open: boolean;
  onClose: () => void;
  stand: QuarantineReason;
  journal: string | undefined;
}

/** Throws a reason's lines away, once the operator has typed which. */
export function DiscardDialog({ open, onClose, stand, journal }: DiscardDialogProps) {
  const { reason, lines, under_way } = stand;
  const of = journal === undefined ? "" : ` of ingest-${journal}`;
  const discard = useAct({
    send: (asked: string) => discardLines(client, { reason: asked, journal }),
    topics: ["quarantine"],
    told: ({ data, tookMs }) =>
      `${formatCount(data.lines)} lines discarded in ${formatDuration(tookMs)}`,
  });
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={`Discard ${formatCount(lines - under_way)} lines${of}?`}
      verb="Discard"
      keep="Keep them"
      danger
      typeToConfirm={reason}
      onConfirm={() => discard.run(reason)}
    >
      <p>
        {reasonWord(reason)}: these lines leave the quarantine for good, and their requests are in
        no usage and no bill. The count of rejected lines stays. The journal holds them as long as
        it is kept, and <code className="code">suiftly replay</code> can still read them there.
      </p>
    </ConfirmDialog>
  );
}
