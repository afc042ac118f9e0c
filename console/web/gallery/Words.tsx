import {
  Button,
  Empty,
  Failed,
  Kbd,
  LiveMarker,
  Meter,
  Moment,
  Money,
  Notice,
  Rail,
  Scale,
  Skeleton,
  SkeletonRows,
  Slots,
  StatusGlyph,
  Tag,
} from "@suiftly/ui";
import { Row, Shown } from "./Shown";
import { QUARTERS } from "./samples";

const NOW = Date.parse("2026-11-19T14:32:07Z");
const PROBLEM = { title: "The store is not available.", code: "usage_unavailable" };

export function Words() {
  return (
    <>
      <Marks />
      <Shown title="Meter and scale" span={2}>
        <Meter microUsd={754_215_300} label="November" size="medium" />
        <Scale
          usedMicroUsd={754_215_300}
          forecastMicroUsd={1_188_000_000}
          limitMicroUsd={1_500_000_000}
        />
        <Scale
          usedMicroUsd={154_215_300}
          forecastMicroUsd={260_000_000}
          limitMicroUsd={250_000_000}
        />
        <Scale usedMicroUsd={0} forecastMicroUsd={null} limitMicroUsd={null} />
      </Shown>
      <Live />
      <Shown title="Notices" span={3}>
        <Notice kind="warn" action={<Button>Deposit</Button>}>
          Your escrow lasts until about 30 November, $24.70 short of this month’s forecast.
        </Notice>
        <Notice kind="bad" action={<Button kind="primary">Deposit $4.10</Button>}>
          Seal is suspended. The balance fell short at 14:31:58.
        </Notice>
        <Notice kind="info" action={<Button kind="quiet">Undo</Button>}>
          Enterprise starts at once.
        </Notice>
      </Shown>
      <Shown title="Loading, after a moment">
        <Skeleton className="h-4 w-28" />
        <SkeletonRows rows={3} />
      </Shown>
      <Shown title="Empty">
        <Empty title="No requests yet" action={<Button>Show the curl line</Button>}>
          The first one appears here within a second of reaching a gateway.
        </Empty>
      </Shown>
      <Shown title="Failed, old data kept">
        <Failed
          what="Usage did not load"
          problem={PROBLEM}
          onRetry={() => {}}
          unaffected="Billing is not affected."
          shownFrom="14:27:10"
        />
      </Shown>
    </>
  );
}

function Marks() {
  return (
    <Shown title="Status, tags, slots, rail">
      <Row>
        <StatusGlyph status="ok" />
        <StatusGlyph status="updating" />
        <StatusGlyph status="config-needed" />
        <StatusGlyph status="suspended" />
        <StatusGlyph status="down" />
      </Row>
      <Row>
        <Tag>Now</Tag>
        <Tag fill>Now</Tag>
        <Kbd>⌘K</Kbd>
        <Slots used={4} allowed={5} included={2} max={10} />
      </Row>
      <Row>
        <Money microUsd={36_058_700} digits="all" />
        <Money microUsd={-4_100_000} />
        <Money microUsd={4_100_000} sign />
        <Moment iso={NOW - 4_000} now={NOW} format="ago" />
        <Moment iso={NOW - 70_000_000} now={NOW} format="ago" />
        <Moment iso="2026-11-02T10:00:00Z" now={NOW} />
      </Row>
      <Row>{QUARTERS[70] && <Rail counts={QUARTERS[70].counts} />}</Row>
    </Shown>
  );
}

function Live() {
  return (
    <Shown title="Live">
      <Row>
        <LiveMarker completeTo={NOW - 500} now={NOW} reconnecting={false} />
      </Row>
      <Row>
        <LiveMarker completeTo={NOW - 14_000} now={NOW} reconnecting />
      </Row>
      <Row>
        <LiveMarker completeTo={NOW - 90_000} now={NOW} reconnecting />
      </Row>
    </Shown>
  );
}
