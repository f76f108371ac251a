// What a Cryptlet's author tests with; never part of a bundle.
export { testCryptlet, type TestReport, type TestRun } from "./test-cryptlet.ts";
export {
  openTestEnclave,
  testInEnclave,
  type EnclaveReport,
  type TestEnclave,
} from "./test-in-enclave.ts";
export {
  expectObservation,
  expectRefusal,
  type ObservationExpectation,
} from "./expect-observation.ts";
export { createTestClock, type TestClock } from "./test-clock.ts";
export { mockHttp, type HttpMock, type HttpReply, type JsonReply } from "./mock-http.ts";
export {
  mockChain,
  revertWith,
  type ChainMock,
  type MockChain,
  type MockContract,
  type MockEvent,
} from "./mock-chain.ts";
export { decimalDraft, mockCall, type CallMock, type CallReply } from "./mock-call.ts";
export { mockState, type StateMock } from "./mock-state.ts";
export type { AskedCall, AskedChain, TestSources } from "./source-answers.ts";
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
