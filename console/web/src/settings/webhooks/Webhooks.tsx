import { Button, Empty, explain, Failed, SkeletonRows } from "@suiftly/ui";
import type { WebhookSecretView, WebhookView } from "@suiftly/ui/api/customer";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useLastError } from "../../app/useLastError";
import { Section } from "../../shell/Section";
import { DeleteDialog, RotateDialog } from "./confirm";
import { webhooksQuery } from "./queries";
import { SecretDialog } from "./SecretDialog";
import { WebhookDialog } from "./WebhookDialog";
import { WebhookItem } from "./WebhookItem";

export type WebhookAct =
  | { readonly is: "new" }
  | { readonly is: "edit" | "rotate" | "delete"; readonly webhook: WebhookView };

/** Where your own systems are told of what happens here. */
export function Webhooks() {
  const query = useQuery(webhooksQuery);
  const error = useLastError(query);
  const { data: webhooks, refetch } = query;
  const [act, setAct] = useState<WebhookAct | null>(null);
  const [secret, setSecret] = useState<WebhookSecretView | null>(null);
  const close = () => setAct(null);
  const add = (
    <Button kind="primary" onClick={() => setAct({ is: "new" })}>
      Add a webhook
    </Button>
  );
  const some = webhooks !== undefined && webhooks.length > 0;
  return (
    <Section title="Webhooks" note={some && add}>
      {error && (
        <Failed
          what="Your webhooks did not load"
          problem={explain(error)}
          unaffected="They are told all the same."
          onRetry={() => void refetch()}
        />
      )}
      {!webhooks && !error && <SkeletonRows rows={2} />}
      {webhooks?.length === 0 && (
        <Empty title="No webhooks yet" action={add}>
          A webhook is an address of yours that is told of alerts, invoices, keys and your balance
          within a second, as signed JSON. How to check the signature is in{" "}
          <Link to="/support" className="link">
            the documentation
          </Link>
          .
        </Empty>
      )}
      {some && (
        <ul className="webhooks" data-kept={error !== null}>
          {webhooks.map((webhook) => (
            <WebhookItem key={webhook.id} webhook={webhook} onAct={setAct} />
          ))}
        </ul>
      )}
      {act !== null && (act.is === "new" || act.is === "edit") && (
        <WebhookDialog
          webhook={act.is === "edit" ? act.webhook : null}
          onSecret={setSecret}
          onClose={close}
        />
      )}
      {act?.is === "rotate" && (
        <RotateDialog webhook={act.webhook} onSecret={setSecret} onClose={close} />
      )}
      {act?.is === "delete" && <DeleteDialog webhook={act.webhook} onClose={close} />}
      {secret && <SecretDialog webhook={secret} onClose={() => setSecret(null)} />}
    </Section>
  );
}
