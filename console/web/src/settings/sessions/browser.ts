// What a client called itself, in words: "Firefox 131 on Linux".

/** The first that fits: most browsers name others beside themselves, so that the rarer ones come first. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\/(\d+)/, "Edge"],
  [/\bEdgiOS\/(\d+)/, "Edge"],
  [/\bOPR\/(\d+)/, "Opera"],
  [/\bVivaldi\/(\d+)/, "Vivaldi"],
  [/\bSamsungBrowser\/(\d+)/, "Samsung Internet"],
  [/\bFirefox\/(\d+)/, "Firefox"],
  [/\bFxiOS\/(\d+)/, "Firefox"],
  [/\bCriOS\/(\d+)/, "Chrome"],
  [/\b(?:Headless)?Chrome\/(\d+)/, "Chrome"],
  [/\bVersion\/(\d+)[\d.]* (?:Mobile\/\S+ )?Safari\//, "Safari"],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bLinux\b|\bX11\b/, "Linux"],
];

/** Programs say `name/version` first, and nothing of a browser. */
const PROGRAM = /^([\w.+-]+)\/v?(\d+(?:\.\d+)*)/;
const WORDS_MAX = 60;

export function browserWords(userAgent: string): string {
  const text = userAgent.trim();
  if (text === "") return "A program that gave no name";
  const browser = named(text);
  const system = SYSTEMS.find(([pattern]) => pattern.test(text))?.[1];
  if (browser !== null) return system === undefined ? browser : `${browser} on ${system}`;
  const program = PROGRAM.exec(text);
  if (program !== null && program[1] !== "Mozilla") return `${program[1]} ${program[2]}`;
  if (system !== undefined) return `A browser on ${system}`;
  return text.length > WORDS_MAX ? `${text.slice(0, WORDS_MAX)}…` : text;
}

function named(text: string): string | null {
  for (const [pattern, name] of BROWSERS) {
    const match = pattern.exec(text);
    if (match !== null) return `${name} ${match[1]}`;
  }
  return null;
}
