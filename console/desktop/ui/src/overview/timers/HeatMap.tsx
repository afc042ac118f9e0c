import { formatMinute, MINUTE_MS } from "@suiftly/ui";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, memo, type PointerEvent, useId, useMemo, useState } from "react";
import { HeatTip } from "./HeatTip";
import { bandLabel, type Heat } from "./heat";
import {
  type Cell,
  cellAt,
  type Grid,
  GUTTER,
  gridOf,
  inside,
  levelPaths,
  moved,
  rectangle,
} from "./heatGrid";
import { cellWords, searchOf, summarize } from "./heatWords";
import type { Phase } from "./phases";

interface HeatMapProps {
  heat: Heat;
  phase: Phase;
  width: number;
  height: number;
}

/** How the times of a phase are spread, minute by minute. Pointer and arrow keys read it, a click or Enter opens it. */
export function HeatMap({ heat, phase, width, height }: HeatMapProps) {
  const summaryId = useId();
  const navigate = useNavigate();
  const grid = useMemo(() => gridOf(heat, width, height), [heat, width, height]);
  const [chosen, setChosen] = useState<Cell | null>(null);
  const cell = chosen && inside(chosen, heat) ? chosen : null;
  const at = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return cellAt(event.clientX - box.left, event.clientY - box.top, heat, grid);
  };
  const open = () => {
    const search = cell && searchOf(heat, cell);
    if (search) void navigate({ to: "/drill", search });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && cell) open();
    else {
      const to = moved(cell, event.key, heat);
      if (to === undefined) return;
      setChosen(to);
    }
    event.preventDefault();
  };
  return (
    <div
      className="chart chart-plot heat"
      data-opens="true"
      role="slider"
      tabIndex={0}
      aria-label={`${phase.code} over the hour`}
      aria-describedby={summaryId}
      aria-valuemin={1}
      aria-valuemax={heat.columns.length}
      aria-valuenow={(cell?.column ?? heat.columns.length - 1) + 1}
      aria-valuetext={cell ? cellWords(heat, cell) : "no cell chosen"}
      onKeyDown={onKeyDown}
      onPointerMove={(event) => setChosen(at(event))}
      onPointerLeave={() => setChosen(null)}
      onBlur={() => setChosen(null)}
      onClick={open}
    >
      <p id={summaryId} className="visually-hidden">
        {summarize(heat, phase)}
      </p>
      <svg width={width} height={height} aria-hidden="true">
        <HeatCells heat={heat} grid={grid} />
        <HeatAxes heat={heat} grid={grid} width={width} height={height} />
        {cell && <path className="heat-chosen" d={rectangle(cell, grid)} />}
      </svg>
      {cell && <HeatTip {...{ heat, cell, grid, width }} />}
    </div>
  );
}

const HeatCells = memo(function HeatCells({ heat, grid }: { heat: Heat; grid: Grid }) {
  return levelPaths(heat, grid).map((path, level) => {
    if (path === "") return null;
    // biome-ignore lint/suspicious/noArrayIndexKey: a level is known by its place
    return <path key={level} className="heat-cells" data-level={level} d={path} />;
  });
});

const LABEL_HEIGHT = 12;
const TICK_MINUTES = 15;

function HeatAxes({
  heat: { bands, columns },
  grid,
  width,
  height,
}: Pick<HeatMapProps, "heat" | "width" | "height"> & { grid: Grid }) {
  let free = Number.NEGATIVE_INFINITY;
  const end = width - 56;
  return (
    <>
      {bands.map((band, row) => {
        // Beside the lower edge of its row, where the band begins.
        const y = (row + 1) * grid.cellHeight;
        const label = bandLabel(band);
        if (label === null || y - free < LABEL_HEIGHT) return null;
        free = y;
        return (
          <text key={band.from_ms} x={GUTTER - 6} y={Math.min(y, grid.bottom)} textAnchor="end">
            {label}
          </text>
        );
      })}
      {columns.map(({ start }, column) => {
        const x = GUTTER + column * grid.cellWidth;
        if (start % (TICK_MINUTES * MINUTE_MS) !== 0 || x > end) return null;
        return (
          <text key={start} x={x} y={height - 2}>
            {formatMinute(start)}
          </text>
        );
      })}
      <text x={width} y={height - 2} textAnchor="end" data-key="true">
        now
      </text>
    </>
  );
}
