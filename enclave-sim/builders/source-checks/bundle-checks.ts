import { analyze, type Reference, type Scope, type ScopeManager } from "eslint-scope";
import { visitorKeys } from "oxc-parser";
import type { SourceMapper, SourcePosition } from "../../host/source-mapper.ts";
import { judgeGlobal, type Refusal } from "./global-uses.ts";
import { INSTEAD, LOCAL_MEMBERS } from "./guest-globals.ts";
import type { SourceFault } from "./source-fault.ts";
import {
  isNode,
  memberName,
  parseScript,
  type SyntaxNode,
  type SyntaxTree,
  textOf,
} from "./syntax-tree.ts";

const STACK: Refusal = {
  api: "the stack of an error",
  instead: "the error's message: a stack says where the code lies",
};
const MADE_FUNCTION: Refusal = {
  api: "a function made of text",
  instead: "code that is part of the package",
};
const SCOPES: Refusal = { api: "with", instead: "names that stand in the text" };
const IMPORT: Refusal = { api: "import()", instead: "import at the head of the module" };
/** Begins the message of what the bundler puts in place of a `require` that it cannot follow. */
const DYNAMIC_REQUIRE = 'Dynamic require of "';
const FUNCTIONS = new Set(["FunctionExpression", "ArrowFunctionExpression", "ClassExpression"]);

/** Where something of the bundle was written. */
interface BundlePlaces {
  readonly mapper: SourceMapper;
  /** Whether a source is the SDK's own, which is trusted with what it wraps. */
  readonly isTrusted: (file: string) => boolean;
}

/**
 * What the code of a bundle uses and must not, over everything that is left in it: own sources and packages alike. The
 * bundle itself is read, the very bytes that are measured, so that nothing runs which was not looked at; the map leads
 * to where it was written. Null when the bundle cannot be read.
 */
export const findBundleFaults = (
  code: string,
  { mapper, isTrusted }: BundlePlaces,
): readonly SourceFault[] | null => {
  const tree = parseScript(code);
  if (!tree) return null;
  const placeOf = createPlaces(code, mapper);
  const faults: SourceFault[] = [];
  const note = (node: SyntaxNode, refusal: Refusal | null): void => {
    if (!refusal) return;
    const place = placeOf(tree, node);
    if (!isTrusted(place.file)) faults.push({ ...place, ...refusal });
  };
  const scopes = analyze(tree.program as never, {
    ecmaVersion: 2024,
    sourceType: "script",
    childVisitorKeys: visitorKeys,
    fallback: () => [],
    // It is refused; what else stands in its scope is judged as if it were not there.
    ignoreEval: true,
  });
  for (const { identifier } of scopes.globalScope?.through ?? []) {
    const node = identifier as unknown as SyntaxNode;
    note(node, judgeGlobal(tree, node, String(node["name"])));
  }
  for (const node of tree.nodes) {
    note(node, judgeNode(tree, node, scopes));
    for (const use of requireUses(tree, node, scopes))
      note(use, { api: "require()", instead: INSTEAD["require"] ?? "" });
  }
  return faults;
};

/** Line and column of an offset, and where that was written; code of nobody is named by its place in the bundle. */
const createPlaces = (code: string, mapper: SourceMapper) => {
  const starts = [0];
  for (let at = code.indexOf("\n"); at !== -1; at = code.indexOf("\n", at + 1)) starts.push(at + 1);
  const built = (offset: number) => {
    let line = starts.findLastIndex((start) => start <= offset);
    if (line < 0) line = 0;
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
  };
  return (tree: SyntaxTree, node: SyntaxNode): SourcePosition => {
    const { property } = node;
    const first = node.type === "MemberExpression" && isNode(property) ? property : node;
    for (
      let at: SyntaxNode | null = first;
      at;
      at = at === first && first !== node ? node : tree.parentOf(at)
    ) {
      const { line, column } = built(at.start);
      const place = mapper.locate(line, column);
      if (place) return place;
    }
    return { file: "bundle.js", ...built(node.start) };
  };
};

/** What is wrong with a node by itself, whatever it belongs to. */
const judgeNode = (tree: SyntaxTree, node: SyntaxNode, scopes: ScopeManager): Refusal | null => {
  switch (node.type) {
    case "WithStatement":
      return SCOPES;
    case "ImportExpression":
      return IMPORT;
    case "MemberExpression":
      return judgeMember(tree, node, scopes);
    case "Property": {
      // `const { localeCompare } = text`; a property of an object that is written down is the author's own.
      if (tree.parentOf(node)?.type !== "ObjectPattern") return null;
      const { key, computed } = node;
      const name = computed === true || !isNode(key) ? textOf(key) : (key["name"] ?? textOf(key));
      return typeof name === "string" ? localMember(name) : null;
    }
    default:
      return null;
  }
};

const localMember = (name: string): Refusal | null => {
  const instead = Object.hasOwn(LOCAL_MEMBERS, name) ? LOCAL_MEMBERS[name] : undefined;
  return instead === undefined ? null : { api: name, instead };
};

const judgeMember = (tree: SyntaxTree, node: SyntaxNode, scopes: ScopeManager): Refusal | null => {
  const name = memberName(node);
  if (name === null) return null;
  const { object } = node;
  if (name === "stack") return isNode(object) && isError(object, scopes) ? STACK : null;
  if (name === "constructor" && isNode(object)) {
    const parent = tree.parentOf(node);
    const isCalled =
      (parent?.type === "CallExpression" || parent?.type === "NewExpression") &&
      parent["callee"] === node;
    const ofFunction =
      FUNCTIONS.has(object.type) ||
      (object.type === "MemberExpression" && memberName(object) === "constructor");
    return isCalled && ofFunction ? MADE_FUNCTION : null;
  }
  return localMember(name);
};

/** A new error, what a catch clause caught, or a name that only ever holds a new error. */
const isError = (node: SyntaxNode, scopes: ScopeManager): boolean => {
  if (node.type === "NewExpression" || node.type === "CallExpression") {
    const { callee } = node;
    return (
      isNode(callee) && callee.type === "Identifier" && String(callee["name"]).endsWith("Error")
    );
  }
  if (node.type !== "Identifier") return false;
  const [definition] = referenceTo(node, scopes)?.resolved?.defs ?? [];
  if (definition?.type === "CatchClause") return true;
  const { init } = (definition?.node ?? {}) as { init?: unknown };
  return definition?.type === "Variable" && isNode(init) && init.type === "NewExpression"
    ? isError(init, scopes)
    : false;
};

const referenceTo = (identifier: SyntaxNode, scopes: ScopeManager): Reference | undefined => {
  const [from] = Array.isArray(identifier["range"]) ? identifier["range"] : [];
  const holds = ({ block }: Scope) =>
    block.range !== undefined && block.range[0] <= from && from < block.range[1];
  for (const scope of scopes.scopes.filter(holds).toReversed()) {
    const found = scope.references.find(
      ({ identifier: known }) => (known as unknown) === identifier,
    );
    if (found) return found;
  }
  return undefined;
};

/** Uses of what the bundler puts in place of a `require` that it cannot follow. */
const requireUses = (
  tree: SyntaxTree,
  node: SyntaxNode,
  scopes: ScopeManager,
): readonly SyntaxNode[] => {
  if (textOf(node)?.startsWith(DYNAMIC_REQUIRE) !== true) return [];
  for (let at = tree.parentOf(node); at; at = tree.parentOf(at))
    if (at.type === "VariableDeclarator") {
      const [variable] = scopes.getDeclaredVariables(at as never);
      return (variable?.references ?? [])
        .filter((reference) => reference.isRead())
        .map(({ identifier }) => identifier as unknown as SyntaxNode);
    }
  return [];
};
