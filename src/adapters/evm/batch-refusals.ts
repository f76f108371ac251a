import { fabricError, type FabricError } from "../../core/errors/fabric-error.ts";

type Text = (index: number) => string;

/** One coded error for each custom error with which a batch contract refuses a batch, by the error's name. */
export const batchRefusals: Readonly<Record<string, (text: Text) => FabricError>> = {
  DuplicateBatch: (text) => fabricError("ONCHAIN_BATCH_EXISTS", { issuedAt: text(0) }),
  OldBatch: (text) => fabricError("ONCHAIN_BATCH_OLD", { issuedAt: text(0), latest: text(1) }),
  WrongForm: () => fabricError("ONCHAIN_BATCH_FORM_WRONG", {}),
  ReportMalformed: () => fabricError("ONCHAIN_BATCH_MALFORMED", { position: "report" }),
  ItemOutOfOrder: (text) => fabricError("ONCHAIN_BATCH_MALFORMED", { position: text(0) }),
  UnknownPlace: (text) => fabricError("ONCHAIN_BATCH_MALFORMED", { position: text(0) }),
};
