import { chooseTheme, Segmented, useThemeChoice } from "@suiftly/ui";

const OPTIONS = [
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
  { value: "system", label: "System" },
] as const;

/** All three; the header's word only goes to the other one. */
export function ThemeChooser() {
  return (
    <Segmented label="Theme" value={useThemeChoice()} onChange={chooseTheme} options={OPTIONS} />
  );
}
