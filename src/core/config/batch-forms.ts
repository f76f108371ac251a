/** Ways in which a contract keeps a batch. In a file of its own, so that help needs no library. */
export const BATCH_FORMS = ["stored", "packed", "root"] as const;
