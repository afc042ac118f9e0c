import { Button, explain, Failed } from "@suiftly/ui";
import { useEffect, useRef } from "react";

interface OlderProps {
  hasMore: boolean;
  busy: boolean;
  error: unknown;
  onMore: () => void;
}

/** The next page: by itself as its place comes into sight, by the button, or by its key. */
export function Older({ hasMore, busy, error, onMore }: OlderProps) {
  const place = useRef<HTMLDivElement>(null);
  const failed = error !== null;
  useEffect(() => {
    const element = place.current;
    if (!hasMore || busy || failed || element === null) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) onMore();
      },
      { rootMargin: "200px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [hasMore, busy, failed, onMore]);
  if (!hasMore) return null;
  return (
    <div ref={place} className="mt-5">
      {failed && (
        <Failed what="Older rows did not load" problem={explain(error)} onRetry={onMore} />
      )}
      {!failed && (
        <Button busy={busy} onClick={onMore}>
          Older
        </Button>
      )}
    </div>
  );
}
