import { Button, Copy, Dialog, formatMoment } from "@suiftly/ui";
import type { WebhookSecretView } from "@suiftly/ui/api/customer";
import { useLive } from "../../app/live";

interface SecretDialogProps {
  webhook: WebhookSecretView;
  onClose: () => void;
}

/** The one time that a secret can be seen. */
export function SecretDialog({ webhook, onClose }: SecretDialogProps) {
  const { view } = useLive();
  const until = webhook.old_secret_until;
  return (
    <Dialog
      open
      onClose={onClose}
      title="The webhook’s secret"
      footer={
        <Button kind="primary" onClick={onClose}>
          I have kept it
        </Button>
      }
    >
      <p>
        What is delivered to <code className="code break-all">{webhook.url}</code> is signed with
        it. It is shown now and never again; if it is lost, rotate it.
      </p>
      {until !== null && (
        <p className="mt-2">
          Until {formatMoment(Date.parse(until), view.now)} the old secret signs too: each delivery
          carries both signatures, so that you can change over in between.
        </p>
      )}
      <div className="secret">
        <code className="code" data-testid="webhook-secret">
          {webhook.secret}
        </code>
        <Copy text={webhook.secret} size="small" />
      </div>
    </Dialog>
  );
}
