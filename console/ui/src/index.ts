// The shared design language of Suiftly's screens, and what they need to follow live usage.
export * from "./api";
export { TrafficChart, type TrafficChartProps } from "./chart/TrafficChart";
export { CLASSES, type ClassKey, ERROR_KEYS } from "./classes";
export { Brand } from "./components/Brand";
export { Button } from "./components/Button";
export { ClassLegend } from "./components/ClassLegend";
export { Count, Known, Unit } from "./components/Count";
export { LiveMarker } from "./components/LiveMarker";
export { Meter } from "./components/Meter";
export { Notice } from "./components/Notice";
export { Rail } from "./components/Rail";
export { Spark } from "./components/Spark";
export { Glyph, type Status, StatusGlyph } from "./components/StatusGlyph";
export { Swatch } from "./components/Swatch";
export { ThemeToggle } from "./components/ThemeToggle";
export { addCounts, NO_COUNTS, sumCounts } from "./counts";
export { type Money, splitMicroUsd } from "./format/money";
export { formatBytes, formatCount, formatRate, formatShare, UNKNOWN } from "./format/number";
export { formatClock, formatMinute, formatMoment, formatSpan, monthName } from "./format/time";
export { arrivalRate, arrivalsPerSecond } from "./stream/arrivals";
export { type Connection, type LiveView, openUsageStream, type UsageStream } from "./stream/client";
export { type FreshnessLevel, freshness } from "./stream/freshness";
export type { Minute } from "./stream/minutes";
export {
  applyEvent,
  INITIAL_STATE,
  type StreamEvent,
  serverNow,
  type Usage,
  type UsageState,
} from "./stream/state";
export { useLiveUsage } from "./stream/useLiveUsage";
export { chooseTheme, currentTheme, THEME_KEY, type Theme, useTheme } from "./theme";
