import type { WebhookEventWord } from "@suiftly/ui/api/customer";
import { Choice } from "../Choice";
import { EVENTS, type OneEvent } from "./words";

interface EventChoicesProps {
  events: readonly WebhookEventWord[];
  onChange: (events: readonly WebhookEventWord[]) => void;
  error: string | undefined;
}

const ALL: readonly OneEvent[] = EVENTS.map(({ value }) => value);

/** Everything, also what is to come; or some of it. */
export function EventChoices({ events, onChange, error }: EventChoicesProps) {
  const everything = events.includes("*");
  const toggle = (event: OneEvent, on: boolean) =>
    onChange(on ? [...events, event] : events.filter((one) => one !== event));
  return (
    <fieldset className="choices">
      <legend>It is told of</legend>
      <Choice
        checked={everything}
        onChange={(on) => onChange(on ? ["*"] : ALL)}
        help="Also what is told of one day and not yet."
      >
        Everything
      </Choice>
      {!everything &&
        EVENTS.map(({ value, label, help }) => (
          <Choice
            key={value}
            checked={events.includes(value)}
            onChange={(on) => toggle(value, on)}
            help={help}
          >
            {label}
          </Choice>
        ))}
      <p className="field-error" role="alert">
        {error}
      </p>
    </fieldset>
  );
}
