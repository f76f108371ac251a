import type { Language } from "../../src/sdk/manifest.ts";
import { assemblyscriptBuilder } from "./assemblyscript-builder.ts";
import { cBuilder } from "./c-builder.ts";
import { csharpBuilder } from "./csharp-builder.ts";
import { goBuilder } from "./go-builder.ts";
import { javaBuilder } from "./java-builder.ts";
import { javascriptBuilder, typescriptBuilder } from "./javascript-builder.ts";
import { micropythonBuilder } from "./micropython-builder.ts";
import type { PackageBuilder } from "./package-builder.ts";
import { pythonBuilder } from "./python-builder.ts";
import { rustBuilder } from "./rust-builder.ts";
import { solidityBuilder } from "./solidity-builder.ts";

/** One row per language; adding a language is one file and one row. */
export const packageBuilders: readonly PackageBuilder[] = [
  typescriptBuilder,
  javascriptBuilder,
  rustBuilder,
  cBuilder,
  assemblyscriptBuilder,
  goBuilder,
  micropythonBuilder,
  pythonBuilder,
  javaBuilder,
  csharpBuilder,
  solidityBuilder,
];

/** The builder of a language; undefined for one that has none yet. */
export const builderOf = (language: Language): PackageBuilder | undefined =>
  packageBuilders.find((builder) => builder.language === language);
