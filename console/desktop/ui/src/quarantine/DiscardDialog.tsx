import { ConfirmDialog, formatCount, formatDuration } from "@suiftly/ui";
import { discardQuarantined, type QuarantineReason } from "@suiftly/ui/api/admin";
import { client } from "../app/session";
import { useAct } from "../parts/acts/useAct";
import { reasonWord } from "./words";

interface DiscardDialogProps {
  open: boolean;
  onClose: () => void;
  stand: QuarantineReason;
}

/** Throws a reason's lines away, once the operator has typed which. */
export function DiscardDialog({ open, onClose, stand }: DiscardDialogProps) {
  const { reason, lines, under_way } = stand;
  const discard = useAct({
    send: (of: string) => discardQuarantined({ client, body: { reason: of } }),
    topics: ["quarantine"],
    told: ({ data, tookMs }) =>
      `${formatCount(data.lines)} lines discarded in ${formatDuration(tookMs)}`,
  });
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={`Discard ${formatCount(lines - under_way)} lines?`}
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
