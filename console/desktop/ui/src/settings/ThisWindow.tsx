import { chooseTheme, Segmented, useThemeChoice } from "@suiftly/ui";
import { useConsole } from "../app/console";
import { Facts } from "../parts/Facts";
import { Pane } from "../parts/Pane";

const THEMES = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
] as const;

export function ThisWindow() {
  const { view } = useConsole();
  const theme = useThemeChoice();
  return (
    <Pane title="This window">
      <Facts
        of={[
          [
            "Theme",
            <Segmented
              key="theme"
              label="Theme"
              value={theme}
              onChange={chooseTheme}
              options={THEMES}
            />,
          ],
          ["Server followed", <code key="server">{view.address}</code>],
          [
            "The connection is",
            view.unencrypted ? "not encrypted" : "encrypted, or on this machine",
          ],
        ]}
      />
      <p className="words settings-words">
        What is grave and new is told by the desktop’s notifications too. The page reaches no
        network by itself; the window’s native side asks the server named above, and no other.
      </p>
    </Pane>
  );
}
