// Seal keys and packages in words.
import { formatCount } from "@suiftly/ui";
import type { PackageView, SealKeyView } from "@suiftly/ui/api/customer";

const ADDRESS = /^0x[0-9a-f]{1,64}$/i;
const ENDS = 8;

/** What it is called: by its name, else by its place among all there ever were. */
export function keyName({ name, index }: SealKeyView): string {
  return name === "" ? `Seal key ${index + 1}` : name;
}

export function packageName({ name, address }: PackageView): string {
  return name === "" ? shortHex(address) : name;
}

/** "0x0000000…0000007": both ends of what is too long to read. */
export function shortHex(hex: string): string {
  return hex.length <= 2 * ENDS + 4 ? hex : `${hex.slice(0, ENDS + 2)}…${hex.slice(-ENDS)}`;
}

/** What is wrong with a package's address; null if nothing is. */
export function checkPackage(text: string): string | null {
  if (!ADDRESS.test(text)) return "An address is 0x and 1 to 64 hexadecimal digits.";
  return /^0x0+$/.test(text) ? "An address is not all zeros." : null;
}

/** "3 of 3 included packages", "5 packages: 3 included and 2 more" */
export function packagesWords(count: number, included: number): string {
  if (count <= included) {
    return `${formatCount(count)} of ${formatCount(included)} included packages`;
  }
  return `${formatCount(count)} packages: ${formatCount(included)} included and ${formatCount(count - included)} more`;
}

/** What is gone with a seal key. */
export function lossWords({ packages }: SealKeyView): string {
  const loss =
    packages === 0
      ? "It has no packages."
      : packages === 1
        ? "Its package goes with it."
        : `Its ${formatCount(packages)} packages go with it.`;
  return `What was encrypted for this key cannot be opened any more. ${loss} It cannot be taken back: a new key is another one.`;
}
