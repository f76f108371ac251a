import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { recordingSchema } from "../../src/test-kit/recording-schema.ts";
import { answersAt, readRecording } from "../../src/test-kit/recording.ts";
import { codeBlock } from "../support/code-blocks.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PAGE = "docs/recordings.md";

describe("the page about recordings", () => {
  it("shows one that is read as it stands, and that answers as it says", async () => {
    const file = path.join(temporaryFolder(), "negative.json");
    writeFileSync(file, codeBlock(PAGE, "json"));
    const recording = await readRecording(file);
    const answered = (id: string, url: string, at: string) =>
      answersAt(recording, Date.parse(at)).http({ id, method: "GET", url });
    const energyCharts = "https://api.energy-charts.info/price?bzn=DE-LU";
    const awattar = "https://api.awattar.de/v1/marketdata?start=1778414400000";
    expect(answered("energy-charts", energyCharts, "2020-01-01T00:00:00Z")).toMatchObject({
      body: expect.stringContaining("[-12.50]") as string,
    });
    expect(answered("awattar", awattar, "2026-05-10T12:59:59Z")).toMatchObject({ status: 200 });
    expect(answered("awattar", awattar, "2026-05-10T13:00:00Z")).toEqual({
      error: "HTTP_TIMEOUT",
      arguments: {},
    });
    expect(answered("awattar", energyCharts, "2026-05-10T12:00:00Z")).toBeNull();
  });

  it("names every field of the format", () => {
    const text = readFileSync(PAGE, "utf8");
    for (const name of Object.keys(recordingSchema.shape)) expect(text).toContain(name);
    for (const name of ["bodyFile", "receivedAt", "queries", "results", "cryptlet", "observation"])
      expect(text).toContain(name);
  });
});
