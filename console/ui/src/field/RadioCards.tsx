import { type ReactNode, useId } from "react";

interface RadioCard<T extends string> {
  value: T;
  title: ReactNode;
  children: ReactNode;
  tag?: ReactNode;
  disabled?: boolean;
  /** Why it cannot be chosen, in words. */
  disabledReason?: string;
}

interface RadioCardsProps<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  cards: readonly RadioCard<T>[];
}

/** A choice between things that need a few lines each, such as tiers. */
export function RadioCards<T extends string>({
  label,
  value,
  onChange,
  cards,
}: RadioCardsProps<T>) {
  const name = useId();
  return (
    <div className="cards" role="radiogroup" aria-label={label}>
      {cards.map((card) => (
        <label key={card.value} className="card" data-checked={card.value === value}>
          <input
            type="radio"
            name={name}
            value={card.value}
            checked={card.value === value}
            disabled={card.disabled}
            aria-labelledby={`${name}-${card.value}-title`}
            aria-describedby={`${name}-${card.value}-body`}
            onChange={() => onChange(card.value)}
          />
          <span className="card-head">
            <i className="radio" aria-hidden="true" />
            <b id={`${name}-${card.value}-title`}>{card.title}</b>
            {card.tag}
          </span>
          <span id={`${name}-${card.value}-body`} className="card-body">
            {card.children}
            {card.disabled && card.disabledReason && (
              <span className="card-reason">{card.disabledReason}</span>
            )}
          </span>
        </label>
      ))}
    </div>
  );
}
