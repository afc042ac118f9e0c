const FORMATS = ["pdf", "csv", "json"] as const;

/** A closed document as files. */
export function Downloads({ number }: { number: string }) {
  return (
    <span className="no-print inline-flex gap-3">
      {FORMATS.map((format) => (
        <a
          key={format}
          className="link text-13"
          href={`/api/v1/billing/invoices/${encodeURIComponent(number)}/document?format=${format}`}
          download
          aria-label={`${number} as ${format.toUpperCase()}`}
        >
          {format.toUpperCase()}
        </a>
      ))}
    </span>
  );
}
