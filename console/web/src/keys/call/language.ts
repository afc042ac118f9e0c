// Which forms of the first call there are. Apart from the calls themselves: the address is read before the page is loaded.
export type Language = "curl" | "typescript" | "rust";

export const LANGUAGES: readonly { readonly value: Language; readonly label: string }[] = [
  { value: "curl", label: "curl" },
  { value: "typescript", label: "TypeScript" },
  { value: "rust", label: "Rust" },
];

export function isLanguage(word: string): word is Language {
  return LANGUAGES.some(({ value }) => value === word);
}
