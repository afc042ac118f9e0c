import { useConsole } from "../app/console";
import { PanePage } from "../parts/Page";
import { Fates } from "./Fates";
import { Workers } from "./Workers";

/** What became of every line, and which never came. */
export function Lines() {
  const { view } = useConsole();
  const { pipeline } = view.server.usage;
  return (
    <PanePage className="lines">
      <Workers workers={pipeline?.loss.workers ?? null} now={view.now} />
      <Fates pipeline={pipeline} />
    </PanePage>
  );
}
