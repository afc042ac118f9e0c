import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import {
  ClassLegend,
  Count,
  LiveMarker,
  Meter,
  NO_COUNTS,
  Rail,
  StatusGlyph,
  TrafficChart,
} from "../src";
import { Beginning } from "../src/chart/Beginning";
import { chartBars } from "../src/chart/bars";
import { columns, lanes } from "../src/chart/layout";
import { noneBefore } from "../src/chart/TrafficChart";
import { served } from "./samples";

const at = (time: string) => Date.parse(`2026-11-21T${time}Z`);

test("a meter says its amount in one phrase and carries it exactly", () => {
  const html = renderToStaticMarkup(<Meter microUsd={754_215_312} label="November so far" />);
  expect(html).toContain('role="text"');
  expect(html).toContain('aria-label="November so far: 754.2153 US dollars"');
  expect(html).toContain('data-micro-usd="754215312"');
  expect(html).not.toContain('data-changed="true"');
});

test.each([
  ["22:01:11", "live", "Complete to 22:01:10"],
  ["22:01:14", "late", "4 s behind. Waiting for the server"],
  ["22:01:26", "stale", "Stopped at 22:01:10"],
])("a live marker at %s is %s", (now, level, words) => {
  const html = renderToStaticMarkup(
    <LiveMarker completeTo={at("22:01:10")} now={at(now)} reconnecting={false} />,
  );
  expect(html).toContain(`data-level="${level}"`);
  expect(html.replace(/<[^>]*>/g, "")).toContain(words);
});

test("a legend names the six classes in their order", () => {
  const html = renderToStaticMarkup(<ClassLegend counts={served(1234)} />);
  const words = [...html.matchAll(/<\/i>([^<]+)<\/dt>/g)].map(([, word]) => word);
  expect(words).toEqual([
    "Guaranteed",
    "Burst",
    "Rejected",
    "Client error",
    "Server error",
    "Other",
  ]);
  expect(html).toContain("1,234");
});

test("a rail leaves out what is not there, and says its shares", () => {
  const counts = { ...served(3), other: 1, requests: 4 };
  expect(renderToStaticMarkup(<Rail counts={counts} />)).toContain(
    'aria-label="Guaranteed 75.00%, Other 25.00%"',
  );
  expect(renderToStaticMarkup(<Rail counts={NO_COUNTS} />)).toContain('aria-label="No requests"');
});

test("a status is shape and word", () => {
  const html = renderToStaticMarkup(<StatusGlyph status="config-needed" />);
  expect(html).toContain("<svg");
  expect(html).toContain("Config needed");
});

test("an empty beginning is explained while there is room to", () => {
  const bars = (first: string) =>
    chartBars([{ start: at(first), counts: served(40) }], at("22:01:10"), at("22:01:00"));
  const render = (first: string) =>
    renderToStaticMarkup(
      <Beginning
        points={bars(first)}
        grid={columns(984, 60)}
        lane={lanes(290).main}
        words={noneBefore}
      />,
    );
  expect(render("21:58:00")).toContain("No requests before 21:58 this month");
  expect(render("21:08:00")).toBe("");
});

test("what is unknown is a light dash, what is zero is not", () => {
  expect(renderToStaticMarkup(<Count value={null} />)).toBe('<span class="unknown">–</span>');
  expect(renderToStaticMarkup(<Count value={0} />)).toBe("0");
});

test("a traffic chart tells its story without being seen", () => {
  const html = renderToStaticMarkup(
    <TrafficChart
      minutes={[{ start: at("22:01:00"), counts: served(40) }]}
      completeTo={at("22:01:10")}
      now={at("22:01:10")}
      whole={false}
      legend={null}
    />,
  );
  expect(html).toContain("40 requests in the last 60 minutes");
  expect(html).toContain('aria-valuetext="22:01, still filling"');
});
