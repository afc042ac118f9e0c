/** A transaction says something else than what was asked for: it is not to be signed. */
export class Unexpected extends Error {
  override readonly name = "Unexpected";
}
