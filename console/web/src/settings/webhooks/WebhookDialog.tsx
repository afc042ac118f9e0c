import { Button, Dialog, Refusal, TextField, useToast } from "@suiftly/ui";
import type { WebhookEventWord, WebhookSecretView, WebhookView } from "@suiftly/ui/api/customer";
import { useId, useState } from "react";
import { refusedBy } from "../fields";
import { EventChoices } from "./EventChoices";
import { useWebhookWrites } from "./queries";

const EVERYTHING: readonly WebhookEventWord[] = ["*"];

interface WebhookDialogProps {
  /** null: a new one. */
  webhook: WebhookView | null;
  /** The secret of a new one, shown once. */
  onSecret: (webhook: WebhookSecretView) => void;
  onClose: () => void;
}

export function WebhookDialog({ webhook, onSecret, onClose }: WebhookDialogProps) {
  const formId = useId();
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [events, setEvents] = useState(webhook?.events ?? EVERYTHING);
  const { create, change } = useWebhookWrites();
  const toast = useToast();
  const write = webhook === null ? create : change;
  const { fields, rest } = refusedBy(write.error, ["url", "events"]);
  const save = () => {
    const asked = { url: url.trim(), events: [...events] };
    if (webhook === null) {
      create.mutate(asked, {
        onSuccess: (made) => {
          onClose();
          onSecret(made);
        },
      });
      return;
    }
    change.mutate(
      { id: webhook.id, ...asked },
      {
        onSuccess: () => {
          toast({ text: "The webhook is changed." });
          onClose();
        },
      },
    );
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={webhook === null ? "Add a webhook" : "Edit the webhook"}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form={formId} busy={write.isPending}>
            {webhook === null ? "Add the webhook" : "Save the webhook"}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <TextField
          label="Address"
          code
          type="url"
          value={url}
          onChange={setUrl}
          error={fields.url ?? null}
          placeholder="https://example.com/suiftly"
          help="Reachable from the public internet, by https."
          autoFocus
        />
        <EventChoices events={events} onChange={setEvents} error={fields.events} />
        {rest && <Refusal problem={rest} />}
      </form>
    </Dialog>
  );
}
