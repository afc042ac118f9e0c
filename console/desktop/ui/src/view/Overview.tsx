import type { ConsoleView } from "../link/follow";
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
      <Fates pipeline={pipeline} />
    </div>
  );
}
