import { DER, type DerReader, createDerReader } from "./der-reader.ts";
import { oidText } from "./der-values.ts";

const COMMON_NAME = "2.5.4.3";
const decoder = new TextDecoder("utf-8");

/**
 * Common names in a Name as written, for messages and for the one rule of Intel's that asks for them. Two names are
 * equal when their bytes are. Throws `DER_INVALID`.
 */
export const commonNames = (name: Uint8Array): readonly string[] => {
  const what = "a name";
  const list = createDerReader(name, what).enter(DER.sequence);
  const names: string[] = [];
  while (!list.done()) {
    const set = list.enter(DER.set);
    while (!set.done()) {
      const pair: DerReader = set.enter(DER.sequence);
      const oid = oidText(pair.read(DER.oid));
      const { content } = pair.any();
      pair.finish();
      if (oid === COMMON_NAME) names.push(decoder.decode(content).slice(0, 128));
    }
  }
  return names;
};
