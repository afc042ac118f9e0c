// Signs personal messages as a Sui wallet does, for the API's tests: a JSON array of {scheme, seed, message} comes in by
// standard input, one of {address, signature} goes out. `scheme` is ED25519, Secp256k1 or Secp256r1, `seed` 64 hexadecimal
// digits, `message` text.

import { text } from "node:stream/consumers";
import { Ed25519Keypair } from "@mysten/sui/keypairs/ed25519";
import { Secp256k1Keypair } from "@mysten/sui/keypairs/secp256k1";
import { Secp256r1Keypair } from "@mysten/sui/keypairs/secp256r1";

const schemes = {
  ED25519: Ed25519Keypair,
  Secp256k1: Secp256k1Keypair,
  Secp256r1: Secp256r1Keypair,
};

const orders = JSON.parse(await text(process.stdin));
const signed = await Promise.all(
  orders.map(async ({ scheme, seed, message }) => {
    const keypair = schemes[scheme].fromSecretKey(Uint8Array.from(Buffer.from(seed, "hex")));
    const { signature } = await keypair.signPersonalMessage(new TextEncoder().encode(message));
    return { address: keypair.toSuiAddress(), signature };
  }),
);
process.stdout.write(JSON.stringify(signed));
