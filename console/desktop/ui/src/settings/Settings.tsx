import { PanePage } from "../parts/Page";
import { LocalSystemPart } from "./LocalSystemPart";
import { Operators } from "./Operators";
import { Servers } from "./Servers";
import "./settings.css";
import { ThisWindow } from "./ThisWindow";

/** Who may open the system, which systems this window knows, and the window itself. */
export function Settings() {
  return (
    <PanePage className="settings tight">
      <div className="settings-column">
        <Operators />
        <ThisWindow />
      </div>
      <div className="settings-column">
        <Servers />
        <LocalSystemPart />
      </div>
    </PanePage>
  );
}
