import { parseSync, visitorKeys } from "oxc-parser";

/** A node of ESTree, as far as the checks look into it. */
export interface SyntaxNode {
  readonly type: string;
  /** UTF-16 offsets in the text. */
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** A parsed script with the way up from each node. */
export interface SyntaxTree {
  readonly program: SyntaxNode;
  readonly nodes: readonly SyntaxNode[];
  parentOf(node: SyntaxNode): SyntaxNode | null;
}

export const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

/** Child nodes in the order of the text. */
const childrenOf = (node: SyntaxNode): readonly SyntaxNode[] =>
  (visitorKeys[node.type] ?? []).flatMap((key) => {
    const value = node[key];
    return (Array.isArray(value) ? value : [value]).filter(isNode);
  });

/** Parses a script; null when it is none. Nodes come in the order of the text, parents first. */
export const parseScript = (text: string): SyntaxTree | null => {
  const { program, errors } = parseSync("bundle.js", text, {
    lang: "js",
    sourceType: "script",
    astType: "js",
    range: true,
    preserveParens: false,
  });
  if (errors.length > 0) return null;
  const root = program as unknown as SyntaxNode;
  const parents = new Map<SyntaxNode, SyntaxNode>();
  const nodes: SyntaxNode[] = [];
  // A stack of its own: minified code nests deeper than a call stack.
  const waiting: SyntaxNode[] = [root];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    nodes.push(node);
    const children = childrenOf(node);
    for (const child of children.toReversed()) {
      parents.set(child, node);
      waiting.push(child);
    }
  }
  return { program: root, nodes, parentOf: (node) => parents.get(node) ?? null };
};

/** Text of a string literal or of a template without parts; null for anything else. */
export const textOf = (node: unknown): string | null => {
  if (!isNode(node)) return null;
  if (node.type === "Literal") return typeof node["value"] === "string" ? node["value"] : null;
  if (node.type !== "TemplateLiteral") return null;
  const quasis = node["quasis"];
  const [only] = Array.isArray(quasis) && quasis.length === 1 ? quasis : [];
  const value: unknown = isNode(only) ? only["value"] : null;
  return typeof value === "object" && value !== null && "cooked" in value
    ? String(value.cooked)
    : null;
};

/** Name of a member that stands fixed in the text: `a.b`, `a["b"]`; null for a computed one. */
export const memberName = (node: SyntaxNode): string | null => {
  const { property, computed } = node;
  if (computed === true) return textOf(property);
  return isNode(property) && typeof property["name"] === "string" ? property["name"] : null;
};

export const isIdentifier = (node: unknown, name: string): node is SyntaxNode =>
  isNode(node) && node.type === "Identifier" && node["name"] === name;
