import {
  Button,
  ChipEditor,
  Copy,
  MoneyField,
  RadioCards,
  Segmented,
  SelectField,
  Slider,
  Stepper,
  Switch,
  Tag,
  TextField,
} from "@suiftly/ui";
import { useState } from "react";
import { Row, Shown } from "./Shown";

export function Controls() {
  return (
    <>
      <Buttons />
      <Choices />
      <Fields />
      <Tiers />
      <Limit />
      <Chips />
    </>
  );
}

function Buttons() {
  return (
    <Shown title="Buttons">
      <Row>
        <Button kind="primary">Deposit</Button>
        <Button>Export CSV</Button>
        <Button kind="quiet">Reveal</Button>
        <Button kind="danger">Revoke</Button>
      </Row>
      <Row>
        <Button kind="primary" busy>
          Depositing
        </Button>
        <Button busy>Saving</Button>
        <Button disabled>Not allowed</Button>
        <Button kind="primary" disabled>
          Not allowed
        </Button>
      </Row>
      <Row>
        <Button size="small">Small</Button>
        <Copy text="SAECAGBCF0GRYR341VCN" kind="primary" size="small">
          Copy key
        </Copy>
        <Button kind="primary" size="large">
          Upgrade to Enterprise for $55.07
        </Button>
      </Row>
    </Shown>
  );
}

const RANGES = [
  { value: "24h", label: "24 h" },
  { value: "7d", label: "7 d" },
  { value: "30d", label: "30 d" },
  { value: "custom", label: "Custom", disabled: true },
] as const;

function Choices() {
  const [range, setRange] = useState<(typeof RANGES)[number]["value"]>("24h");
  const [on, setOn] = useState(true);
  const [count, setCount] = useState(2);
  return (
    <Shown title="Choice">
      <Segmented label="Range" value={range} onChange={setRange} options={RANGES} />
      <Row>
        <Switch label="Burst" checked={on} onChange={setOn} />
        <Switch label="Off" checked={!on} onChange={(value) => setOn(!value)} />
        <Switch label="Busy" checked busy onChange={setOn} />
        <Switch label="Not allowed" checked={false} disabled onChange={setOn} />
        <Stepper label="API keys" value={count} min={1} max={10} onChange={setCount} />
      </Row>
      <Row>
        <nav className="tabs" aria-label="Sections">
          <a href="#configure" aria-current="page">
            Configure
          </a>
          <a href="#keys">Keys</a>
          <a href="#stats">Stats</a>
        </nav>
      </Row>
    </Shown>
  );
}

function Fields() {
  const [cents, setCents] = useState<number | null>(800);
  const [name, setName] = useState("");
  const [reason, setReason] = useState("price");
  return (
    <Shown title="Field">
      <MoneyField
        label="Monthly limit"
        cents={cents}
        onChange={setCents}
        error={cents !== null && cents < 1000 ? "At least $10.00, or 0 for no limit." : null}
      />
      <TextField
        label="Name"
        value={name}
        onChange={setName}
        placeholder="Production"
        suffix="seal"
        help="Only you see it."
      />
      <SelectField
        label="Why do you leave"
        value={reason}
        onChange={setReason}
        options={[
          { value: "price", label: "It costs too much" },
          { value: "other", label: "Something else" },
        ]}
      />
    </Shown>
  );
}

function Tiers() {
  const [tier, setTier] = useState<"starter" | "pro" | "enterprise">("enterprise");
  return (
    <Shown title="Cards to choose from" span={2}>
      <RadioCards
        label="Plan"
        value={tier}
        onChange={setTier}
        cards={[
          {
            value: "starter",
            title: "Starter",
            children: "500 / s guaranteed",
            disabled: true,
            disabledReason: "It has no burst, which you use.",
          },
          {
            value: "pro",
            title: "Pro",
            tag: <Tag fill>Now</Tag>,
            children: "1,000 / s guaranteed",
          },
          { value: "enterprise", title: "Enterprise", children: "5,000 / s guaranteed" },
        ]}
      />
    </Shown>
  );
}

function Limit() {
  const [limit, setLimit] = useState(250);
  return (
    <Shown title="Slider">
      <Slider
        label="Monthly limit"
        value={limit}
        min={10}
        max={1000}
        step={10}
        onChange={setLimit}
        valueText={(value) => `$${value} a month`}
        marks={[
          { value: 10, label: "$10" },
          { value: 500, label: "$500" },
          { value: 1000, label: "$1,000" },
        ]}
      />
    </Shown>
  );
}

function Chips() {
  const [values, setValues] = useState<readonly string[]>([
    "203.0.113.0/28",
    "198.51.100.74",
    "2001:db8:41::/64",
  ]);
  return (
    <Shown title="List of short texts" span={2}>
      <ChipEditor
        label="Addresses"
        values={values}
        onAdd={(texts) => setValues([...values, ...texts])}
        onRemove={(value) => setValues(values.filter((other) => other !== value))}
        check={(text) => (/^[0-9a-f.:/]+$/i.test(text) ? null : "is no address or range.")}
        placeholder="Add an address or range"
        max={6}
        help="Paste a list: any separators do."
      />
    </Shown>
  );
}
