import { formatDate, formatMinute, Tag } from "@suiftly/ui";
import type { BookItem } from "@suiftly/ui/api/admin";
import { Link } from "@tanstack/react-router";
import { inForce } from "./PriceBooks";

interface BookListProps {
  books: readonly BookItem[];
  chosen: number | null;
}

/** Every book that was published, the last first: what is to come stands above what is in force. */
export function BookList({ books, chosen }: BookListProps) {
  const now = inForce(books)?.version ?? 0;
  return (
    <ul className="book-list">
      {books.toReversed().map(({ version, effective_from, is_in_force }) => (
        <li key={version}>
          <Link
            to="/prices"
            search={{ book: version }}
            className="book-link"
            aria-current={version === chosen}
            data-testid="book"
            data-version={version}
          >
            <b>v{version}</b>
            <Tag fill={is_in_force}>
              {is_in_force ? "in force" : version > now ? "coming" : "past"}
            </Tag>
            <span className="text-ink-3">{fromWords(effective_from ?? null)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** "since ever", "from 1 Dec 2026 00:00" */
export function fromWords(effectiveFrom: string | null): string {
  if (effectiveFrom === null) return "since ever";
  const ms = Date.parse(effectiveFrom);
  return `from ${formatDate(ms)} ${formatMinute(ms)}`;
}
