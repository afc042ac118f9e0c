import { Button, type Connection } from "@suiftly/ui";
import { useState } from "react";

interface TryAgainProps {
  connection: Connection;
  retry: () => void;
}

/** Busy until the attempt it started has an outcome. */
export function TryAgain({ connection, retry }: TryAgainProps) {
  const [triedFor, setTriedFor] = useState<Connection | null>(null);
  return (
    <Button
      busy={triedFor === connection}
      onClick={() => {
        setTriedFor(connection);
        retry();
      }}
    >
      Try again
    </Button>
  );
}
