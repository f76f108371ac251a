import {
  createTransactionSigner,
  type TransactionSigner,
} from "../adapters/evm/transaction-signer.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import { fabricError } from "../core/errors/fabric-error.ts";

/** The account that a configured chain is paid from. Throws `SECRET_KEY_INVALID`. */
export const openSigner = async ({
  signer,
}: Pick<FabricConfig["chains"][number], "signer">): Promise<TransactionSigner> => {
  if (signer.kind === "key") return createTransactionSigner(signer.privateKey.reveal());
  throw fabricError("INTERNAL", { reason: `a signer of kind ${signer.kind}` });
};
