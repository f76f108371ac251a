// What a Cryptlet's author tests with; never part of a bundle.
export { testCryptlet, type TestReport, type TestRun } from "./test-cryptlet.ts";
export type { RecordedAnswer, RecordedCall, RecordedChain, RecordedFault } from "./recorded.ts";
export {
  answersAt,
  EMPTY_RECORDING,
  joinRecordings,
  readRecording,
  writeRecording,
  type RecordedAnswers,
  type Recording,
} from "./recording.ts";
export type { RecordedCallee, RecordedExchange, RecordedRead } from "./recording-schema.ts";
