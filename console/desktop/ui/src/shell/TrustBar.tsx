import { Known, Spark, StatusGlyph, Unit } from "@suiftly/ui";
import { Link } from "@tanstack/react-router";
import { useConsole } from "../app/console";
import { HISTORY } from "../link/state";
import { condition } from "../model/condition";
import { type TrustFigure, trustFigures } from "../model/figures";
import { VaultCell } from "./VaultCell";

/** May I believe this screen? Each figure opens what is behind it. */
export function TrustBar() {
  const { view } = useConsole();
  const { usage, history } = view.server;
  const { status, word, detail } = condition(view);
  return (
    <section className="trust" aria-label="Pipeline trust">
      <div className="trust-cell" role="status" title={detail} data-testid="condition">
        <p className="trust-label">Pipeline</p>
        <p className="trust-word">
          <StatusGlyph status={status} word={word} />
        </p>
      </div>
      {trustFigures(usage.pipeline, history).map((figure) => (
        <TrustCell key={figure.key} figure={figure} />
      ))}
      <VaultCell />
    </section>
  );
}

const SPARK = { width: 64, height: 20 } as const;

function TrustCell({ figure }: { figure: TrustFigure }) {
  const { key, label, note, value, unit, raw, over, history } = figure;
  return (
    <Link
      to={key === "unreadable" ? "/quarantine" : "/lines"}
      className="trust-cell"
      data-over={over}
      data-testid={`trust-${key}`}
      data-value={raw ?? undefined}
    >
      <span className="trust-label">
        <span>{label}</span>
        <span>
          {over && <span className="visually-hidden">over the bound </span>}
          {note}
        </span>
      </span>
      <span className="trust-value">
        <Known text={value} />
        {unit && <Unit>{unit}</Unit>}
      </span>
      <span className="trust-spark">
        <Spark values={history} capacity={HISTORY} {...SPARK} />
      </span>
    </Link>
  );
}
