import { Dialog, Kbd, Switch } from "@suiftly/ui";
import { switchLetters, useLettersOff } from "./letters";
import { PLACES } from "./navigation";

interface Row {
  readonly keys: readonly string[];
  readonly does: string;
}

const ROWS: readonly Row[] = [
  { keys: ["Ctrl", "K"], does: "Find anything (⌘ K on a Mac)" },
  { keys: ["Esc"], does: "Close, or one level up" },
];

const LETTER_ROWS: readonly Row[] = [
  { keys: ["/"], does: "The page’s filter" },
  { keys: ["?"], does: "This list" },
  { keys: ["t"], does: "Light or dark" },
  ...PLACES.flatMap(({ letter, word }) => (letter ? [{ keys: ["g", letter], does: word }] : [])),
];

export function ShortcutList({ open, onClose }: { open: boolean; onClose: () => void }) {
  const off = useLettersOff();
  return (
    <Dialog open={open} onClose={onClose} title="Keys">
      <Rows rows={ROWS} />
      <div className="flex items-center justify-between gap-4 border-t border-line pt-4 pb-2">
        <span aria-hidden="true">Single letters are keys too</span>
        <Switch label="Single letters are keys too" checked={!off} onChange={switchLetters} />
      </div>
      {!off && <Rows rows={LETTER_ROWS} />}
    </Dialog>
  );
}

function Rows({ rows }: { rows: readonly Row[] }) {
  return (
    <dl className="shortcuts">
      {rows.map(({ keys, does }) => (
        <div key={does}>
          <dt>
            {keys.map((key) => (
              <Kbd key={key}>{key}</Kbd>
            ))}
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  );
}
