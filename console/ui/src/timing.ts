// Every time span the live screens keep. Durations of motion are in tokens.css.

/** Charts and figures repaint at most four times a second. */
export const REPAINT_MS = 250;
/** With reduced motion a meter moves one step in this time. */
export const CALM_STEP_MS = 5_000;
/** Figures further behind than this are called late … */
export const LATE_MS = 3_000;
/** … and further behind than this they go grey. */
export const STALE_MS = 15_000;
/** The server says something at least every second: this much silence is a dead connection. */
export const SILENCE_MS = 10_000;
/** Waits between attempts to open the stream; the last one repeats. */
export const RETRY_MS = [1_000, 2_000, 4_000, 8_000, 10_000] as const;
/** "Right now" is the mean of this span; the spark line beside it shows the longer one. */
export const RATE_SPAN_MS = 5_000;
export const SPARK_SPAN_MS = 60_000;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** A toast goes by itself after this time, unless it is read (hovered, focused). */
export const TOAST_MS = 6_000;
/** "Copied" stands this long. */
export const COPIED_MS = 2_000;
/** Minutes a traffic chart holds. */
export const CHART_MINUTES = 60;
