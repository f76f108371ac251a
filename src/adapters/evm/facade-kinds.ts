/** Facades of `contracts/facades`, by the peer whose consumers they serve. */
export const facadeKinds = ["pyth", "api3", "chronicle", "forwarder"] as const;

/** @see facadeKinds */
export type FacadeKind = (typeof facadeKinds)[number];

/** Contract of each facade. */
export const facadeContracts: Readonly<Record<FacadeKind, string>> = {
  pyth: "PythFacade",
  api3: "Api3Facade",
  chronicle: "ChronicleFacade",
  forwarder: "ReportForwarder",
};
