interface SparkProps {
  /** From the oldest to now. */
  values: readonly number[];
  /** How many values the whole width is for: a line that has not filled it yet starts further right. */
  capacity: number;
  width: number;
  height: number;
}

/** A line without axes beside a number that says the same in figures. */
export function Spark({ values, capacity, width, height }: SparkProps) {
  const inner = width - 4;
  const top = Math.max(1, ...values) * 1.06;
  const points = values.map((value, i) => ({
    x: inner - ((values.length - 1 - i) / (capacity - 1)) * inner,
    y: height - 1 - (value / top) * (height - 3),
  }));
  const [first, last] = [points[0], points.at(-1)];
  const line = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L");
  return (
    <svg
      className="spark"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path
        d={`M0,${height - 0.5}H${inner}`}
        stroke="var(--line-2)"
        vectorEffect="non-scaling-stroke"
      />
      {first && last && points.length > 1 && (
        <>
          <path
            d={`M${first.x.toFixed(1)},${height}L${line}L${inner},${height}Z`}
            fill="var(--ink-2)"
            opacity="0.09"
          />
          <path
            d={`M${line}`}
            fill="none"
            stroke="var(--ink-2)"
            strokeWidth="1.25"
            strokeLinejoin="round"
            vectorEffect="non-scaling-stroke"
          />
          {/* A dot that stays round where the line is stretched: a stroke without length. */}
          <path
            d={`M${last.x},${last.y}h0`}
            stroke="var(--ink-2)"
            strokeWidth="4"
            strokeLinecap="round"
            vectorEffect="non-scaling-stroke"
          />
        </>
      )}
    </svg>
  );
}
