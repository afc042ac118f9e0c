import { type Connection, StatusGlyph } from "@suiftly/ui";
import { Page } from "../shell/Page";
import { TryAgain } from "./TryAgain";

interface FailedProps {
  connection: Extract<Connection, { phase: "retrying" }>;
  retry: () => void;
}

/** Nothing could be loaded yet: what failed, its code, and the one thing to do. */
export function Failed({ connection, retry }: FailedProps) {
  const { title, code } = connection.problem;
  return (
    <Page>
      <div role="alert" className="max-w-115">
        <StatusGlyph status="down" word="Usage did not load" />
        <p className="mt-2 mb-3.5 text-ink-2">
          {title} This page tries again by itself. Code <code className="code">{code}</code>
        </p>
        <TryAgain connection={connection} retry={retry} />
      </div>
    </Page>
  );
}
