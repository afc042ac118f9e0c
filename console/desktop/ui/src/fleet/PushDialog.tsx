import { ConfirmDialog, formatCount, formatDuration, useToast } from "@suiftly/ui";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { push, readAgain } from "./acts";
import { vaultStatusQuery } from "./queries";

interface DialogProps {
  open: boolean;
  onClose: () => void;
}

/** Every gateway is filled anew: for maps that somebody else’s hand, or a fault, has made differ. */
export function PushDialog({ open, onClose }: DialogProps) {
  const queries = useQueryClient();
  const toast = useToast();
  const { data } = useQuery(vaultStatusQuery);
  const head = data?.version;
  const confirm = async () => {
    const started = performance.now();
    const version = await push();
    toast({
      text: `v${formatCount(version)} is out after ${formatDuration(performance.now() - started)}. Every gateway fills its maps anew.`,
    });
    await readAgain(queries);
  };
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title="Fill every gateway anew?"
      verb="Push"
      onConfirm={confirm}
    >
      <p>
        {head == null
          ? "A version with the same grants is published."
          : `The same ${formatCount(head.keys)} keys are published again, as a version after v${formatCount(head.version)}.`}{" "}
        Each gateway writes all its maps from it, most within a second; HAProxy is not reloaded, and
        no request is cut off.
      </p>
      <p>
        Nobody gains or loses access by it. It helps where a gateway’s maps are not what they should
        be. Your name is in the audit.
      </p>
    </ConfirmDialog>
  );
}
