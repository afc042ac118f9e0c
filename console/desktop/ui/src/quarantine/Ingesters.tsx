import { useNavigate } from "@tanstack/react-router";

interface IngestersProps {
  names: readonly string[];
  chosen: string | undefined;
}

/** Chooses whose lines are shown, given again and discarded. Of one alone there is nothing to choose. */
export function Ingesters({ names, chosen }: IngestersProps) {
  const navigate = useNavigate({ from: "/quarantine" });
  const choose = (ingester: string) =>
    void navigate({ search: ({ offset: _, ...now }) => ({ ...now, ingester }) });
  if (names.length < 2) return null;
  return (
    <label>
      <span className="visually-hidden">Ingester</span>
      <select
        className="quiet-select"
        value={chosen}
        onChange={(event) => choose(event.target.value)}
        data-testid="ingesters"
      >
        {names.map((name) => (
          <option key={name} value={name}>{`ingest-${name}`}</option>
        ))}
      </select>
    </label>
  );
}
