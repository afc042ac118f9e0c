import { formatCount, formatShare, type Pipeline } from "@suiftly/ui";
import { fates } from "./fates";

export function Fates({ pipeline }: { pipeline: Pipeline | null }) {
  return (
    <section className="pane" aria-labelledby="fates-title">
      <header className="pane-head">
        <h2 id="fates-title">What became of the lines</h2>
        {pipeline && <span className="text-ink-3">of those received</span>}
      </header>
      {pipeline === null ? (
        <div className="skeleton fates-shape" />
      ) : (
        <FateTable {...{ pipeline }} />
      )}
    </section>
  );
}

function FateTable({ pipeline }: { pipeline: Pipeline }) {
  const { received } = pipeline.lines;
  return (
    <table className="dense">
      <thead>
        <tr>
          <th scope="col">Fate</th>
          <th scope="col" className="number">
            Lines
          </th>
          <th scope="col" className="number">
            Share
          </th>
        </tr>
      </thead>
      <tbody>
        {fates(pipeline).map(({ key, word, lines, code, kind, alarming }) => (
          <tr key={key} data-kind={kind} data-alarming={alarming}>
            <th scope="row" title={code}>
              {word}
            </th>
            <td className="number" data-testid={`fate-${key}`} data-value={lines}>
              {formatCount(lines)}
            </td>
            <td className="number text-ink-3">
              {kind === "total" || kind === "outside" ? "" : formatShare(lines, received)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
