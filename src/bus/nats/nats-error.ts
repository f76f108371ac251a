import { JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import {
  AuthorizationError,
  ClosedConnectionError,
  DrainingConnectionError,
  NoRespondersError,
  PermissionViolationError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from "@nats-io/transport-node";
import { fabricError, isFabricError, type FabricError } from "../../core/errors/fabric-error.ts";

/** Code of the JetStream API (nats-server `errors.json`) that the client does not name. */
const SUBJECTS_OVERLAP = 10_065;

/** Turns what the NATS client throws into an error of the catalogue. `subject` is what was asked for. */
export const natsError = (
  thrown: unknown,
  asked: {
    readonly subject: string;
    readonly stream?: string;
    /** Sequence that was expected, where one was. */
    readonly expected?: number | undefined;
  },
): FabricError => {
  if (isFabricError(thrown)) return thrown;
  const { subject } = asked;
  const options = { cause: thrown };
  for (const error of chainOf(thrown)) {
    if (error instanceof PermissionViolationError)
      return fabricError(
        "BUS_DENIED",
        {
          operation: error.operation === "publish" ? "publish to" : "subscribe to",
          subject: error.subject,
        },
        options,
      );
    // Also what a stream without a leader answers: it passes. The package does not export this class.
    if (error.name === "JetStreamNotEnabled" || error instanceof NoRespondersError)
      return fabricError("BUS_STREAM_MISSING", { subject }, options);
    if (error instanceof JetStreamApiError) return apiError(error, asked);
    if (error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError)
      return fabricError("BUS_CREDENTIALS_REFUSED", { reason: error.message }, options);
    if (error instanceof ClosedConnectionError || error instanceof DrainingConnectionError)
      return fabricError("BUS_CLOSED", {}, options);
    if (error instanceof TimeoutError)
      return fabricError("BUS_UNAVAILABLE", { reason: "time-out" }, options);
  }
  const reason = thrown instanceof Error ? thrown.message : "unknown fault";
  return fabricError("BUS_UNAVAILABLE", { reason }, options);
};

/** With the number in its text, and without it in newer servers. */
const isWrongSequence = ({ code }: JetStreamApiError): boolean =>
  code === JetStreamApiCodes.StreamWrongLastSequence ||
  code === JetStreamApiCodes.StreamWrongLastSequenceUnknown;

const apiError = (
  error: JetStreamApiError,
  { subject, stream = subject, expected }: Parameters<typeof natsError>[1],
): FabricError => {
  const options = { cause: error };
  if (error.code === JetStreamApiCodes.StreamNotFound)
    return fabricError("BUS_STREAM_UNKNOWN", { stream }, options);
  if (error.code === SUBJECTS_OVERLAP)
    return fabricError("BUS_STREAM_INVALID", { stream, reason: error.message }, options);
  if (expected !== undefined && isWrongSequence(error))
    return fabricError("BUS_SEQUENCE_DIFFERS", { subject, expected }, options);
  return fabricError("BUS_UNAVAILABLE", { reason: `${subject}: ${error.message}` }, options);
};

const chainOf = (thrown: unknown): readonly Error[] => {
  const chain: Error[] = [];
  for (let error = thrown; error instanceof Error && chain.length < 5; error = error.cause)
    chain.push(error);
  return chain;
};
