import { CLASSES, formatCount, formatShare, monthName, Swatch, type Usage } from "@suiftly/ui";
import { Section } from "../shell/Section";

/** The month's requests by class: what each means, how many, what share. */
export function ClassTable({ usage }: { usage: Usage }) {
  const { counts } = usage;
  return (
    <Section title="By class" note={`${monthName(usage.month)} so far`}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Class</th>
            <th scope="col" className="max-wide:hidden">
              What it means
            </th>
            <th scope="col" className="number">
              Requests
            </th>
            <th scope="col" className="number">
              Share
            </th>
          </tr>
        </thead>
        <tbody>
          {CLASSES.map(({ key, word, meaning }) => (
            <tr key={key}>
              <th scope="row">
                <span className="inline-flex items-center gap-2.25 whitespace-nowrap">
                  <Swatch of={key} />
                  {word}
                </span>
                <span className="block whitespace-normal pl-5.25 text-12 font-400 text-ink-3 wide:hidden">
                  {meaning}
                </span>
              </th>
              <td className="text-ink-2 max-wide:hidden">{meaning}</td>
              <td className="number figure" data-testid={`class-${key}`}>
                {formatCount(counts[key])}
              </td>
              <td className="number figure">{formatShare(counts[key], counts.requests)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">All</th>
            <td className="max-wide:hidden" />
            <td className="number figure">{formatCount(counts.requests)}</td>
            <td className="number figure">{formatShare(counts.requests, counts.requests)}</td>
          </tr>
        </tfoot>
      </table>
    </Section>
  );
}
