import { useConsole } from "../app/console";
import { PanePage } from "../parts/Page";
import { EndedPane } from "./ended/EndedPane";
import { FlowPane } from "./flow/FlowPane";
import { LoopPane } from "./loop/LoopPane";
import { NowPane } from "./now/NowPane";
import { minuteOf } from "./span";
import { Traffic } from "./Traffic";
import { TimersPane } from "./timers/TimersPane";
import { TopPane } from "./top/TopPane";
import "./overview.css";

/** What is wrong, where, in which phase, and who is hit. */
export function Overview() {
  const { view } = useConsole();
  const { pipeline } = view.server.usage;
  const minute = minuteOf(view.now);
  return (
    <PanePage className="overview">
      <div className="overview-row" data-row="lines">
        <Traffic />
        <NowPane minute={minute} />
      </div>
      <div className="overview-row" data-row="flow">
        <FlowPane minute={minute} loss={pipeline?.loss ?? null} />
        <TimersPane minute={minute} />
      </div>
      <div className="overview-row" data-row="ends">
        <EndedPane minute={minute} />
        <TopPane />
        <LoopPane pipeline={pipeline} />
      </div>
    </PanePage>
  );
}
