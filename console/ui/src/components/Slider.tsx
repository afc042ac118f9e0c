import { type CSSProperties, useId } from "react";

interface SliderProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  onChange: (value: number) => void;
  /** The value in words: "$250 a month". */
  valueText: (value: number) => string;
  marks?: readonly { value: number; label: string }[];
}

/** A native range: keys, touch and screen readers know it. */
export function Slider({ label, value, min, max, step, onChange, valueText, marks }: SliderProps) {
  const id = useId();
  const part = (at: number) => `${((at - min) / Math.max(1, max - min)) * 100}%`;
  return (
    <div className="slider">
      <div className="slider-head">
        <label htmlFor={id}>{label}</label>
        <output htmlFor={id}>{valueText(value)}</output>
      </div>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={valueText(value)}
        // The types know no custom properties.
        style={{ "--part": part(value) } as CSSProperties}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
      {marks && (
        <div className="slider-marks" aria-hidden="true">
          {marks.map((mark) => (
            <span key={mark.value} className="slider-mark" style={{ left: part(mark.value) }}>
              <span className="slider-word" data-edge={edgeOf(mark.value, min, max)}>
                {mark.label}
              </span>
            </span>
          ))}
        </div>
      )}
    </div>
  );
}

/** Words at the ends stay inside them. */
function edgeOf(value: number, min: number, max: number): "start" | "middle" | "end" {
  if (value === min) return "start";
  return value === max ? "end" : "middle";
}
