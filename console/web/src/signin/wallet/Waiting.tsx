/** A wallet's window is open, or should be. */
export function Waiting({ wallet, again }: { wallet: string; again: () => void }) {
  return (
    <p role="status" className="mt-3 text-center text-12 text-ink-3">
      Waiting for {wallet}. Nothing opened?{" "}
      <button type="button" className="link" onClick={again}>
        Ask again
      </button>
    </p>
  );
}
