import {
  CLASSES,
  formatCount,
  formatShare,
  Known,
  Swatch,
  sumCounts,
  type Usage,
} from "@suiftly/ui";

/** The last hour's requests by class, in figures. */
export function Classes({ usage }: { usage: Usage | null }) {
  return (
    <section className="pane" aria-labelledby="classes-title">
      <header className="pane-head">
        <h2 id="classes-title">How requests ended</h2>
        <span className="text-ink-3">last 60 minutes</span>
      </header>
      {usage === null ? <div className="skeleton fates-shape" /> : <ClassTable usage={usage} />}
    </section>
  );
}

function ClassTable({ usage }: { usage: Usage }) {
  const counts = sumCounts(usage.minutes.map((minute) => minute.counts));
  return (
    <table className="dense">
      <thead>
        <tr>
          <th scope="col">Class</th>
          <th scope="col" className="number">
            Requests
          </th>
          <th scope="col" className="number">
            Share
          </th>
        </tr>
      </thead>
      <tbody>
        <tr data-kind="total">
          <th scope="row">All</th>
          <td className="number">{formatCount(counts.requests)}</td>
          <td className="number" />
        </tr>
        {CLASSES.map(({ key, word, meaning }) => (
          <tr key={key}>
            <th scope="row" title={meaning}>
              <span className="class-word">
                <Swatch of={key} />
                {word}
              </span>
            </th>
            <td className="number">{formatCount(counts[key])}</td>
            <td className="number text-ink-3">
              <Known text={formatShare(counts[key], counts.requests)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
