// What asks before a key stops working.
import {
  ConfirmDialog,
  explain,
  formatAgo,
  formatCount,
  formatDuration,
  useToast,
} from "@suiftly/ui";
import type { KeyView } from "@suiftly/ui/api/customer";
import { useQueryClient } from "@tanstack/react-query";
import { measureUntilEverywhere } from "../services/inForce";
import type { KeyActs } from "./acts";
import { refused, shortKey } from "./words";

interface AskProps {
  open: boolean;
  onClose: () => void;
  of: KeyView;
  acts: KeyActs;
}

export function RevokeDialog(props: AskProps & { now: number; onRevoked: () => void }) {
  const { open, onClose, of, acts, now, onRevoked } = props;
  const cache = useQueryClient();
  const toast = useToast();
  const undo = async () => {
    try {
      await acts.enable(of);
      toast({ text: `Key ${shortKey(of)} is enabled again.` });
    } catch (error) {
      const { title, code } = refused(explain(error));
      toast({ kind: "bad", text: `${shortKey(of)} stays revoked. ${title} Code ${code}` });
    }
  };
  const tell = async (since: number) => {
    const took = await measureUntilEverywhere(cache, of.service, since);
    const text =
      took === null
        ? `Key ${shortKey(of)} is revoked. Not every gateway has confirmed it yet.`
        : `Key ${shortKey(of)} revoked everywhere within ${formatDuration(took)}`;
    // One that was ending has no slot to come back to: that is not done in passing.
    const isUndoable = of.expires_at === null;
    toast({
      text,
      ...(isUndoable && { action: { label: "Undo", onPress: () => void undo() } }),
    });
  };
  const revoke = async () => {
    const since = performance.now();
    await acts.revoke(of);
    onRevoked();
    void tell(since);
  };
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={`Revoke ${shortKey(of)}?`}
      verb="Revoke"
      keep="Keep it"
      danger
      onConfirm={revoke}
    >
      {trafficWords(of, now)} Every gateway refuses it in under a second.{" "}
      {of.expires_at === null
        ? "You can enable it again; the slot stays taken."
        : "The key that replaced it goes on. Enabling this one again takes a slot of its own."}
    </ConfirmDialog>
  );
}

export function DeleteDialog({ open, onClose, of, acts }: AskProps) {
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={`Delete ${shortKey(of)}?`}
      verb="Delete"
      keep="Keep it"
      danger
      onConfirm={() => acts.remove(of)}
    >
      It can never be used again, and there is no undo. Its slot is free at once. What it has used
      stays on your invoices.
    </ConfirmDialog>
  );
}

/** Whom it would hit. */
function trafficWords({ usage }: KeyView, now: number): string {
  if (usage === null) return "What it served is not known at the moment.";
  if (usage.last_used_at === null) return "It has never been used.";
  const last = formatAgo(Date.parse(usage.last_used_at), now);
  const { requests } = usage.last_24h;
  if (requests === 0) return `It served no request in the last 24 hours; the last was ${last}.`;
  return `It served ${formatCount(requests)} requests in the last 24 hours, the last ${last}.`;
}
