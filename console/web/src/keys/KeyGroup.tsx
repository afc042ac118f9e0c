import { Button, Empty, Slots } from "@suiftly/ui";
import type { KeyView, ServiceView } from "@suiftly/ui/api/customer";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { SERVICE_NAMES } from "../app/queries";
import { Section } from "../shell/Section";
import { type KeyActs, useKeyActs } from "./acts";
import { KeyRefusal } from "./KeyRefusal";
import { KeyTable } from "./KeyTable";
import { NewKey } from "./NewKey";
import type { Panels } from "./panels";
import { slotWords } from "./words";

interface KeyGroupProps {
  of: ServiceView;
  /** All keys of the service. */
  keys: readonly KeyView[];
  /** Those that the filter picks. */
  shown: readonly KeyView[];
  panels: Panels;
  now: number;
  /** Whether a key is being made. */
  adding: boolean;
  onAdding: (adding: boolean) => void;
}

interface Refused {
  readonly error: unknown;
  readonly retry: () => void;
}

/** A service's keys under its name. */
export function KeyGroup(props: KeyGroupProps) {
  const { of, keys, shown, panels, now, onAdding } = props;
  const [refused, setRefused] = useState<Refused | null>(null);
  const acts = useKeyActs();
  const name = SERVICE_NAMES[of.service];
  const isEnabled = of.state === "enabled";
  const adding = props.adding && isEnabled;
  return (
    <Section
      title={name}
      note={
        isEnabled && (
          <div className="flex flex-wrap items-center gap-3">
            <SlotsOf service={of} />
            <Button aria-expanded={adding} onClick={() => onAdding(!adding)}>
              New {name} key
            </Button>
          </div>
        )
      }
    >
      {!isEnabled && <NotEnabled of={of} hasKeys={keys.length > 0} />}
      {adding && (
        <NewKey of={of} now={now} acts={acts} panels={panels} onClose={() => onAdding(false)} />
      )}
      {refused && <Enabling {...refused} of={of} now={now} onDone={() => setRefused(null)} />}
      <Keys
        {...{ of, keys, shown, panels, now, acts, adding }}
        onAdd={() => onAdding(true)}
        onRefused={(error, retry) => setRefused({ error, retry })}
      />
    </Section>
  );
}

function SlotsOf({ service: { api_keys, offer, ...rest } }: { service: ServiceView }) {
  return (
    <>
      <span className="max-wide:hidden">
        <Slots
          used={api_keys.used}
          allowed={api_keys.allowed}
          included={offer.included.api_keys}
          max={offer.included.api_keys_max}
        />
      </span>
      <span>{slotWords({ ...rest, api_keys, offer })}</span>
    </>
  );
}

function NotEnabled({ of, hasKeys }: { of: ServiceView; hasKeys: boolean }) {
  const name = SERVICE_NAMES[of.service];
  return (
    <p className="mb-3 text-13 text-ink-2">
      {hasKeys
        ? `${name} is not enabled: its keys are refused until it is.`
        : `${name} is not enabled. Once it is, you can make keys for it here.`}{" "}
      <Link to="/services/$service" params={{ service: of.service }} className="link">
        Enable {name}
      </Link>
    </p>
  );
}

interface EnablingProps extends Refused {
  of: ServiceView;
  now: number;
  onDone: () => void;
}

/** A key that could not be enabled again. */
function Enabling({ error, retry, of, now, onDone }: EnablingProps) {
  const again = () => {
    onDone();
    retry();
  };
  return (
    <div className="key-box mb-4">
      <KeyRefusal error={error} of={of.service} now={now} onBooked={again} />
      <Button kind="quiet" size="small" className="mt-2" onClick={onDone}>
        Leave it
      </Button>
    </div>
  );
}

interface KeysProps extends Omit<KeyGroupProps, "onAdding"> {
  acts: KeyActs;
  onAdd: () => void;
  onRefused: (error: unknown, retry: () => void) => void;
}

function Keys({ of, keys, shown, panels, now, acts, adding, onAdd, onRefused }: KeysProps) {
  const name = SERVICE_NAMES[of.service];
  if (keys.length === 0) {
    if (adding || of.state !== "enabled") return null;
    return (
      <Empty title={`No ${name} key yet`} action={<Button onClick={onAdd}>New {name} key</Button>}>
        A key lets a program use {name}. It appears here with its traffic once it is made.
      </Empty>
    );
  }
  return <KeyTable {...{ keys, shown, panels, now, acts, onRefused }} label={`${name} keys`} />;
}
