// The shared design language of Suiftly's screens, and what they need to follow live usage.
export * from "./api";
export { ChartTable } from "./chart/ChartTable";
export { Gridlines } from "./chart/Gridlines";
export { type Line, LineChart } from "./chart/LineChart";
export { columns, GUTTER, tipLeft } from "./chart/layout";
export { Patterns, patternId } from "./chart/Patterns";
export { PeakChart } from "./chart/PeakChart";
export type { PeakDay } from "./chart/peaks";
export type { Point } from "./chart/point";
export { niceScale } from "./chart/scale";
export { NowLine, TimeAxis } from "./chart/TimeAxis";
export { Tip, TipRow } from "./chart/Tip";
export { TrafficChart } from "./chart/TrafficChart";
export { UsageChart } from "./chart/UsageChart";
export { useWidth } from "./chart/useWidth";
export { ChipEditor } from "./chips/ChipEditor";
export { CLASSES, type ClassKey } from "./classes";
export { Brand } from "./components/Brand";
export { Button } from "./components/Button";
export { ClassLegend } from "./components/ClassLegend";
export { Copy } from "./components/Copy";
export { Count, Known, Unit } from "./components/Count";
export { Empty } from "./components/Empty";
export { Failed } from "./components/Failed";
export { Kbd } from "./components/Kbd";
export { LiveMarker } from "./components/LiveMarker";
export { Meter } from "./components/Meter";
export { Moment } from "./components/Moment";
export { Money } from "./components/Money";
export { Notice } from "./components/Notice";
export { Rail } from "./components/Rail";
export { Scale } from "./components/Scale";
export { Segmented } from "./components/Segmented";
export { Skeleton, SkeletonRows } from "./components/Skeleton";
export { Slider } from "./components/Slider";
export { Slots } from "./components/Slots";
export { Spark } from "./components/Spark";
export { Glyph, type Status, StatusGlyph } from "./components/StatusGlyph";
export { Stepper } from "./components/Stepper";
export { Swatch } from "./components/Swatch";
export { Switch } from "./components/Switch";
export { Tag } from "./components/Tag";
export { ThemeToggle } from "./components/ThemeToggle";
export { addCounts, NO_COUNTS, sumCounts } from "./counts";
export { ConfirmDialog } from "./dialog/ConfirmDialog";
export { Dialog } from "./dialog/Dialog";
export { Refusal } from "./dialog/Refusal";
export { MoneyField } from "./field/MoneyField";
export { RadioCards } from "./field/RadioCards";
export { SelectField } from "./field/SelectField";
export { TextField } from "./field/TextField";
export {
  formatUsd,
  formatUsdCents,
  splitMicroUsd,
} from "./format/money";
export { formatBytes, formatCount, formatRate, formatShare, UNKNOWN } from "./format/number";
export {
  formatAgo,
  formatClock,
  formatDate,
  formatDay,
  formatDuration,
  formatMinute,
  formatMoment,
  formatSpan,
  formatWeekday,
  monthName,
} from "./format/time";
export { Palette, type PaletteItem } from "./palette/Palette";
export { arrivalRate, arrivalsPerSecond } from "./stream/arrivals";
export type { Connection, LiveView } from "./stream/client";
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
export {
  chooseTheme,
  currentTheme,
  THEME_KEY,
  useThemeChoice,
} from "./theme";
export { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./timing";
export { ToastHost, useToast } from "./toast/ToastHost";
