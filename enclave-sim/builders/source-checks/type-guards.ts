import {
  isIdentifier,
  isNode,
  memberName,
  type SyntaxNode,
  type SyntaxTree,
  textOf,
} from "./syntax-tree.ts";

const COMPARISONS = new Set(["==", "===", "!=", "!==", "<", ">"]);

/** Name of the global that `typeof NAME` or `typeof globalThis.NAME` asks for. */
const askedByTypeof = (node: unknown): string | null => {
  if (!isNode(node) || node.type !== "UnaryExpression" || node["operator"] !== "typeof")
    return null;
  const { argument } = node;
  if (!isNode(argument)) return null;
  if (argument.type === "Identifier") return String(argument["name"]);
  return argument.type === "MemberExpression" && isIdentifier(argument["object"], "globalThis")
    ? memberName(argument)
    : null;
};

/**
 * The global whose presence a test asks for: `typeof NAME != "undefined"`, which minified is `typeof NAME < "u"`, or
 * `"NAME" in globalThis`. Null for a test of something else, and for one that holds when it is missing.
 */
const presenceTest = (node: SyntaxNode): string | null => {
  if (node.type !== "BinaryExpression") return null;
  const { operator, left, right } = node;
  if (operator === "in") return isIdentifier(right, "globalThis") ? textOf(left) : null;
  if (!COMPARISONS.has(String(operator))) return null;
  const [name, text, turned] =
    askedByTypeof(left) === null
      ? [askedByTypeof(right), textOf(left), true]
      : [askedByTypeof(left), textOf(right), false];
  if (name === null || text === null) return null;
  const missing = text === "undefined" || text === "u";
  // `typeof x < "u"` holds for every answer but "undefined".
  if (operator === "<" || operator === ">")
    return missing && (operator === "<") !== turned ? name : null;
  if (operator === "!=" || operator === "!==") return text === "undefined" ? name : null;
  return text === "undefined" ? null : name;
};

/** Globals that are there whenever a test held: of `a && b` those of both. */
const presentWhen = (test: unknown): readonly string[] => {
  if (!isNode(test)) return [];
  if (test.type === "LogicalExpression" && test["operator"] === "&&")
    return [...presentWhen(test["left"]), ...presentWhen(test["right"])];
  const name = presenceTest(test);
  return name === null ? [] : [name];
};

/**
 * Whether a reference is reached only when its global is there. What the engine lacks is then never reached, and code
 * that asks first, as libraries do, is let pass.
 */
export const isGuarded = (tree: SyntaxTree, node: SyntaxNode, name: string): boolean => {
  let below = node;
  for (let above = tree.parentOf(node); above; above = tree.parentOf(above)) {
    const { type } = above;
    const test =
      type === "LogicalExpression" && above["operator"] === "&&" && above["right"] === below
        ? above["left"]
        : (type === "ConditionalExpression" || type === "IfStatement") &&
            above["consequent"] === below
          ? above["test"]
          : null;
    if (presentWhen(test).includes(name)) return true;
    // A function may be called from elsewhere, but it stands inside the guard all the same.
    below = above;
  }
  return false;
};
