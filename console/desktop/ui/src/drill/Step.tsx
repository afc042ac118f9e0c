/** One of the four steps, in their order. */
export function Step({ number }: { number: 1 | 2 | 3 | 4 }) {
  return <span className="drill-step">{number}</span>;
}
