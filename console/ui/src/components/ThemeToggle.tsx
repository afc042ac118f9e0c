import { chooseTheme, useTheme } from "../theme";
import { Button } from "./Button";

export function ThemeToggle() {
  const other = useTheme() === "dark" ? "light" : "dark";
  return (
    <Button
      kind="quiet"
      aria-label={`Theme: switch to ${other}`}
      title={`Switch to ${other}`}
      onClick={() => chooseTheme(other)}
    >
      Theme
    </Button>
  );
}
