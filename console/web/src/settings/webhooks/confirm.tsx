// What asks before it is done to a webhook.
import { ConfirmDialog, useToast } from "@suiftly/ui";
import type { WebhookSecretView, WebhookView } from "@suiftly/ui/api/customer";
import { useWebhookWrites } from "./queries";

interface RotateDialogProps {
  webhook: WebhookView;
  onSecret: (webhook: WebhookSecretView) => void;
  onClose: () => void;
}

export function RotateDialog({ webhook, onSecret, onClose }: RotateDialogProps) {
  const { rotate } = useWebhookWrites();
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title="Rotate the secret?"
      verb="Rotate"
      keep="Keep it"
      onConfirm={async () => onSecret(await rotate.mutateAsync(webhook.id))}
    >
      <p>
        <code className="code break-all">{webhook.url}</code> gets a new secret at once, shown to
        you once. For a day each delivery is signed by both, so that nothing is refused while you
        change over; then the old one signs no more.
      </p>
    </ConfirmDialog>
  );
}

export function DeleteDialog({ webhook, onClose }: Omit<RotateDialogProps, "onSecret">) {
  const { remove } = useWebhookWrites();
  const toast = useToast();
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title="Delete the webhook?"
      verb="Delete"
      keep="Keep it"
      danger
      onConfirm={async () => {
        await remove.mutateAsync(webhook.id);
        toast({ text: "The webhook is deleted." });
      }}
    >
      <p>
        <code className="code break-all">{webhook.url}</code> is told nothing more, and what is
        pending for it ends. Its deliveries and its secret are gone for good.
      </p>
    </ConfirmDialog>
  );
}
