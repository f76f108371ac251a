/** A statement that this host's enclave signed with others and that is not known to be a round yet. */
export interface QuorumStatementTable {
  feed: string;
  round: number;
  /** Of the envelope. */
  digest: string;
  /** JSON text as it is signed. */
  statement: string;
  /** Signatures by member, as JSON. */
  signatures_json: string;
  stored_at: number;
}
