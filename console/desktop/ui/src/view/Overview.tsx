import type { ConsoleView } from "../link/follow";
import { Classes } from "./Classes";
import { Fates } from "./Fates";
import { Traffic } from "./Traffic";
import { Workers } from "./Workers";

export function Overview({ view }: { view: ConsoleView }) {
  const { usage, pipeline } = view.server.usage;
  return (
    <div className="work-columns">
      <div className="work-main">
        <Traffic usage={usage} now={view.now} />
        <Workers workers={pipeline?.loss.workers ?? null} now={view.now} />
      </div>
      <div className="work-side">
        <Fates pipeline={pipeline} />
        <Classes usage={usage} />
      </div>
    </div>
  );
}
