import { readFileSync } from "node:fs";
import path from "node:path";
import { parseSync } from "oxc-parser";

/** One name that an edge of the package hands on. */
export interface ExportedSymbol {
  readonly edge: string;
  readonly name: string;
  readonly kind: "value" | "type";
  /** File that declares it, from the root. */
  readonly file: string;
  /** Its doc comment without stars; null where it has none. */
  readonly comment: string | null;
  /** Code of its first `@example`; null where it has none. */
  readonly example: string | null;
}

const root = path.join(import.meta.dirname, "../..");

const plainComment = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim();

const exampleOf = (comment: string): string | null =>
  /@example\s*\n```ts\n([\s\S]*?)```/.exec(comment)?.[1] ?? null;

/** The doc comment that ends where a declaration begins, and whether the declaration is a type. */
const declarationOf = (file: string, name: string) => {
  const text = readFileSync(path.join(root, file), "utf8");
  const { program, comments } = parseSync(file, text);
  for (const node of program.body) {
    if (node.type !== "ExportNamedDeclaration" || !node.declaration) continue;
    const { declaration } = node;
    const names =
      declaration.type === "VariableDeclaration"
        ? declaration.declarations.map(({ id }) => (id.type === "Identifier" ? id.name : ""))
        : "id" in declaration && declaration.id && "name" in declaration.id
          ? [declaration.id.name]
          : [];
    if (!names.includes(name)) continue;
    const comment = comments.findLast(
      ({ type, value, end }) =>
        type === "Block" &&
        value.startsWith("*") &&
        end <= node.start &&
        text.slice(end, node.start).trim() === "",
    );
    const isType = declaration.type.startsWith("TS");
    return {
      kind: isType ? ("type" as const) : ("value" as const),
      comment: comment ? plainComment(comment.value.slice(1)) : null,
    };
  }
  throw new Error(`${file} does not declare ${name}`);
};

/** What an edge file hands on, each with the file that declares it. */
export const exportedSymbols = (edge: string): readonly ExportedSymbol[] => {
  const { program } = parseSync(edge, readFileSync(path.join(root, edge), "utf8"));
  return program.body.flatMap((node) => {
    if (node.type !== "ExportNamedDeclaration" || !node.source) return [];
    const file = path.join(path.dirname(edge), node.source.value);
    return node.specifiers.map(({ local, exported }): ExportedSymbol => {
      const nameOf = (one: typeof local) => ("name" in one ? one.name : one.value);
      const { kind, comment } = declarationOf(file, nameOf(local));
      const example = comment === null ? null : exampleOf(comment);
      return { edge, name: nameOf(exported), kind, file, comment, example };
    });
  });
};
