import { Button, formatMoment, formatSpan, Notice } from "@suiftly/ui";
import type { ConsoleView } from "../link/follow";
import { figuresHoldFor, sentence } from "../model/condition";

interface OutageProps {
  view: ConsoleView;
  onRetry: () => void;
  onChangeServer: () => void;
}

/** What failed, since when, what the figures still stand for, and the one thing to do. */
export function Outage({ view, onRetry, onChangeServer }: OutageProps) {
  const { status, server } = view;
  if (status.phase === "unreachable") {
    const since = formatSpan(status.for_ms);
    return (
      <Banner action={<Button onClick={onRetry}>Try now</Button>}>
        {sentence(status.reason)} Trying again, for {since} so far.{standing(view)}
      </Banner>
    );
  }
  if (status.phase === "refused") {
    return (
      <Banner action={<Button onClick={onChangeServer}>Enter a token</Button>}>
        {sentence(status.reason)}
        {standing(view)}
      </Banner>
    );
  }
  if (status.phase === "broken") {
    return (
      <Banner>
        This console’s own link failed: {status.reason}. Close the window and open it again.
      </Banner>
    );
  }
  if (server.unreadable) {
    return (
      <Banner action={<Button onClick={onRetry}>Try again</Button>}>
        The server sent something this console cannot read. They may be of different versions.
        {standing(view)}
      </Banner>
    );
  }
  return null;
}

function standing(view: ConsoleView): string {
  const at = figuresHoldFor(view);
  return at === null ? "" : ` The figures below hold for ${formatMoment(at, view.now)}.`;
}

function Banner({ children, action }: { children: React.ReactNode; action?: React.ReactNode }) {
  return (
    <div className="outage" role="alert" data-testid="outage">
      <Notice kind="bad" action={action}>
        {children}
      </Notice>
    </div>
  );
}
