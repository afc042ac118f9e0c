import { Dialog } from "@suiftly/ui";

const KEYS = [
  ["Ctrl K", "find a page, a customer, a key, an act"],
  ["1 – 7", "the pages with a number"],
  ["/", "the page’s filter"],
  ["↑ ↓", "move through rows"],
  ["⏎", "open the row"],
  ["← →", "move along a chart, or the span chosen in it"],
  ["Space", "hold the screen, and let it go"],
  ["C", "copy the row, or a link to this exact view"],
  ["T", "dark or light"],
  ["Esc", "back"],
  ["?", "this list"],
] as const;

export function KeyList({ onClose }: { onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title="Keys">
      <dl className="key-list">
        {KEYS.map(([key, word]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{word}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
