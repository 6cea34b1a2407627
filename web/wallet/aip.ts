// Author Identity Protocol: a signature over the data of an OP_RETURN output.
import { BSM, BigNumber, type PrivateKey, type Signature, Utils } from "@bsv/sdk";

const OP_FALSE = 0x00;
const OP_RETURN = 0x6a;
const PREFIX = "15PciHG22SNLQJXMoSUaWVi7WSqc7hCfva";

/**
 * The pushes with the signature's own appended. Whatever the pushes are, the signed bytes begin with OP_RETURN, so that they
 * cannot be a message of another protocol.
 */
export function signPushes(pushes: number[][], key: PrivateKey): number[][] {
  const message = [OP_RETURN, ...withoutOpReturn(pushes).flat()];
  const pubkey = key.toPublicKey();
  const signature = BSM.sign(message, key, "raw") as Signature;
  const recovery = signature.CalculateRecoveryFactor(pubkey, new BigNumber(BSM.magicHash(message)));
  const text = (value: string) => Utils.toArray(value, "utf8");
  return [
    ...pushes,
    text("|"),
    text(PREFIX),
    text("BITCOIN_ECDSA"),
    text(pubkey.toAddress()),
    signature.toCompact(recovery, true) as number[],
  ];
}

/** Some apps include the opcodes `OP_RETURN` or `OP_FALSE OP_RETURN` as the first pushes. */
function withoutOpReturn(pushes: number[][]): number[][] {
  const is = (push: number[] | undefined, opcode: number) => push?.length === 1 && push[0] === opcode;
  if (is(pushes[0], OP_RETURN)) return pushes.slice(1);
  return is(pushes[0], OP_FALSE) && is(pushes[1], OP_RETURN) ? pushes.slice(2) : pushes;
}
