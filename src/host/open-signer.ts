import { openKeystore } from "../adapters/evm/signers/keystore.ts";
import { createRemoteSigner } from "../adapters/evm/signers/remote-signer.ts";
import {
  createTransactionSigner,
  type TransactionSigner,
} from "../adapters/evm/transaction-signer.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import { readConfiguredFile } from "./read-configured-file.ts";

type ChainConfig = FabricConfig["chains"][number];

const readOptional = async (setting: string, file: string | null): Promise<string | null> =>
  file === null ? null : await readConfiguredFile(`chains[].signer.remote.${setting}`, file);

/**
 * The account that a configured chain is paid from. A service is not asked yet. Throws `SECRET_KEY_INVALID`,
 * `CONFIG_FILE_UNREADABLE`, `KEYSTORE_UNREADABLE`, `KEYSTORE_PASSWORD_WRONG`, `KEYSTORE_ADDRESS_WRONG`.
 */
export const openSigner = async ({
  signer,
}: Pick<ChainConfig, "signer">): Promise<TransactionSigner> => {
  switch (signer.kind) {
    case "key":
      return createTransactionSigner(signer.privateKey.reveal());
    case "keystore": {
      const { file, password, address } = signer;
      const text = await readConfiguredFile("chains[].signer.keystore.file", file);
      return await openKeystore({ text, password: password.reveal(), file, expected: address });
    }
    case "remote": {
      const { url, address, identifier, token, timeoutMs } = signer;
      return createRemoteSigner({
        url: url.reveal(),
        address,
        identifier,
        token: token?.reveal() ?? null,
        caPem: await readOptional("caFile", signer.caFile),
        certificatePem: await readOptional("certificateFile", signer.certificateFile),
        keyPem: await readOptional("keyFile", signer.keyFile),
        timeoutMs,
      });
    }
    default:
      return signer satisfies never;
  }
};
