import { bookRows, type RawBook } from "./book";

interface BookWordsProps {
  book: RawBook;
  /** The one before it: what is otherwise in it is marked. */
  before: RawBook | null;
}

/** A book as a table of what is paid for what. */
export function BookWords({ book, before }: BookWordsProps) {
  const rows = bookRows(book);
  const old = new Map(before === null ? [] : bookRows(before).map((row) => [row.word, row.value]));
  const sections = [...new Set(rows.map(({ section }) => section))];
  return (
    <table className="dense book-words">
      {sections.map((section) => (
        <tbody key={section}>
          <tr className="book-section">
            <th scope="rowgroup" colSpan={2}>
              {section}
            </th>
          </tr>
          {rows
            .filter((row) => row.section === section)
            .map(({ word, value }) => (
              <tr key={word} data-testid="book-row">
                <th scope="row">{word}</th>
                <td className="number">
                  {value}
                  {before !== null && old.get(word) !== value && (
                    <span className="book-was"> was {old.get(word) ?? "not in it"}</span>
                  )}
                </td>
              </tr>
            ))}
        </tbody>
      ))}
    </table>
  );
}
