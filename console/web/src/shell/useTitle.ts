import { useEffect } from "react";

/** What the tab says. A condition stands first: of a narrow tab no more is read. */
export function useTitle(title: string, condition: string | null = null) {
  useEffect(() => {
    document.title = [condition, title, "Suiftly"].filter((part) => part !== null).join(" · ");
  }, [title, condition]);
}
