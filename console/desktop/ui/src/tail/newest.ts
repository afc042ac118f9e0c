/** Where the newest line stands. */
export type Newest = "bottom" | "top";

export function newestOf(text: string | undefined): Newest {
  return text === "top" ? "top" : "bottom";
}
