import { Brand, ThemeToggle } from "@suiftly/ui";
import { Charts } from "./Charts";
import { Controls } from "./Controls";
import { Overlays } from "./Overlays";
import { Words } from "./Words";

export function Gallery() {
  return (
    <main className="gallery">
      <h1 className="visually-hidden">Components</h1>
      <header className="gallery-head">
        <Brand />
        <ThemeToggle />
      </header>
      <div className="gallery-grid">
        <Controls />
        <Words />
        <Overlays />
        <Charts />
      </div>
    </main>
  );
}
