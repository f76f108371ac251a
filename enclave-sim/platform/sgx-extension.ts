import { type Der, boolean, enumerated, integer, octets, oid, sequence } from "./der-writer.ts";
import { extension } from "./write-certificate.ts";

const SGX = "1.2.840.113741.1.13.1";

/** What a PCK certificate says about its platform (Intel SGX PCK Certificate specification, section 1.3.5). */
export interface PlatformTcb {
  /** Sixteen security versions, one byte each. */
  readonly cpuSvn: Uint8Array;
  readonly pceSvn: number;
  /** Six bytes. */
  readonly fmspc: Uint8Array;
  /** Sixteen bytes each. */
  readonly ppid: Uint8Array;
  readonly platformInstanceId: Uint8Array;
}

const field = (id: string, value: Der): Der => sequence(oid(`${SGX}.${id}`), value);

/** The SGX extension of a PCK certificate: PPID, TCB, PCEID, FMSPC, type, platform instance, configuration. */
export const sgxExtension = (tcb: PlatformTcb): Der => {
  const components = Array.from({ length: 16 }, (_, index) =>
    field(`2.${index + 1}`, integer(tcb.cpuSvn[index] ?? 0)),
  );
  const levels = sequence(
    ...components,
    field("2.17", integer(tcb.pceSvn)),
    field("2.18", octets(tcb.cpuSvn)),
  );
  const configuration = sequence(
    // Dynamic platform, cached keys, SMT.
    field("7.1", boolean(true)),
    field("7.2", boolean(false)),
    field("7.3", boolean(false)),
  );
  return extension(
    SGX,
    sequence(
      field("1", octets(tcb.ppid)),
      field("2", levels),
      field("3", octets(new Uint8Array(2))),
      field("4", octets(tcb.fmspc)),
      field("5", enumerated(1)),
      field("6", octets(tcb.platformInstanceId)),
      field("7", configuration),
    ),
  );
};
