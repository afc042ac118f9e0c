import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { meQuery } from "../../app/queries";
import { Choice } from "../Choice";
import type { AlertForm } from "./form";

interface WaysProps {
  form: AlertForm;
  onChange: (part: Partial<AlertForm>) => void;
  errors: Readonly<Record<string, string>>;
}

/** How it is told. Here it is told in any case. */
export function Ways({ form, onChange, errors }: WaysProps) {
  const { data: account } = useQuery(meQuery);
  const email = account?.alert_email;
  return (
    <fieldset className="choices">
      <legend>Told by</legend>
      <Choice
        checked={form.byEmail}
        onChange={(byEmail) => onChange({ byEmail })}
        help={
          email ?? (
            <>
              There is no address yet: set it in{" "}
              <Link to="/settings" className="link">
                your profile
              </Link>
              .
            </>
          )
        }
      >
        E-mail
      </Choice>
      <Choice
        checked={form.byWebhook}
        onChange={(byWebhook) => onChange({ byWebhook })}
        help="Those that are told of alerts."
      >
        Webhooks
      </Choice>
      <p className="field-error" role="alert">
        {errors.by_email ?? errors.by_webhook}
      </p>
    </fieldset>
  );
}
