import {
  insteadOf,
  PARTLY_ALLOWED,
  PARTLY_REFUSED,
  PRESENT_AND_REFUSED,
  ALLOWED_GLOBALS,
} from "./guest-globals.ts";
import {
  isIdentifier,
  isNode,
  memberName,
  type SyntaxNode,
  type SyntaxTree,
  textOf,
} from "./syntax-tree.ts";
import { isGuarded } from "./type-guards.ts";

/** What is refused at a node, and what to use in its place. */
export interface Refusal {
  readonly api: string;
  readonly instead: string;
}

const refuse = (api: string, name: string): Refusal => ({ api, instead: insteadOf(name) });

/** `new Date(x)` and `new Date(y, m)` depend on their arguments alone; a spread may be empty. */
const hasFirstArgument = (call: SyntaxNode): boolean => {
  const { arguments: given } = call;
  const [first] = Array.isArray(given) ? given : [];
  return isNode(first) && first.type !== "SpreadElement";
};

const isTypeof = (parent: SyntaxNode | null): boolean =>
  parent?.type === "UnaryExpression" && parent["operator"] === "typeof";

/** What is wrong with a use of a name that the engine brings, at its identifier; null when nothing is. */
export const judgeGlobal = (
  tree: SyntaxTree,
  identifier: SyntaxNode,
  name: string,
): Refusal | null => {
  const parent = tree.parentOf(identifier);
  if (ALLOWED_GLOBALS.has(name) || isTypeof(parent)) return null;
  if (name === "globalThis") return judgeGlobalThis(tree, identifier, parent);
  if (parent?.type === "BinaryExpression" && parent["operator"] === "instanceof") {
    const isKnown = Object.hasOwn(PARTLY_ALLOWED, name) || Object.hasOwn(PARTLY_REFUSED, name);
    if (isKnown) return null;
  }
  const member =
    parent?.type === "MemberExpression" && parent["object"] === identifier
      ? memberName(parent)
      : undefined;
  const allowed = Object.hasOwn(PARTLY_ALLOWED, name) ? PARTLY_ALLOWED[name] : undefined;
  if (allowed) {
    if (typeof member === "string" && allowed.has(member)) return null;
    if (parent?.type === "NewExpression" && parent["callee"] === identifier) {
      if (name === "Date" && hasFirstArgument(parent)) return null;
      return refuse(`new ${name}()`, name);
    }
    if (parent?.type === "CallExpression" && parent["callee"] === identifier)
      return refuse(`${name}()`, name);
    return refuse(typeof member === "string" ? `${name}.${member}` : `${name} as a value`, name);
  }
  const refused = Object.hasOwn(PARTLY_REFUSED, name) ? PARTLY_REFUSED[name] : undefined;
  if (refused) return judgePartlyRefused(parent, { name, member, refused });
  // What the engine lacks is never reached behind a question whether it is there.
  const isAbsent = !PRESENT_AND_REFUSED.has(name);
  return isAbsent && isGuarded(tree, identifier, name) ? null : refuse(name, name);
};

/** `Error` is a value like any other class; of `Math`, handed on as a whole, nobody knows what is used. */
const judgePartlyRefused = (
  parent: SyntaxNode | null,
  use: {
    readonly name: string;
    /** Undefined: no member is asked; null: one that is computed. */
    readonly member: string | null | undefined;
    readonly refused: ReadonlySet<string>;
  },
): Refusal | null => {
  const { name, member, refused } = use;
  if (typeof member === "string")
    return refused.has(member) ? refuse(`${name}.${member}`, name) : null;
  if (member === null) return refuse(`${name}[…]`, name);
  const id = parent?.["id"];
  if (parent?.type === "VariableDeclarator" && isNode(id) && id.type === "ObjectPattern") {
    const keys = Array.isArray(id["properties"]) ? id["properties"].filter(isNode) : [];
    const wrong = keys.find((key) => key.type !== "Property" || isRefusedKey(key, refused));
    return wrong ? refuse(`${name} as a value`, name) : null;
  }
  return name === "Error" ? null : refuse(`${name} as a value`, name);
};

const isRefusedKey = (property: SyntaxNode, refused: ReadonlySet<string>): boolean => {
  const { key, computed } = property;
  const name = computed === true ? textOf(key) : isNode(key) ? (key["name"] ?? textOf(key)) : null;
  return typeof name !== "string" || refused.has(name);
};

const judgeGlobalThis = (
  tree: SyntaxTree,
  identifier: SyntaxNode,
  parent: SyntaxNode | null,
): Refusal | null => {
  if (parent?.type === "BinaryExpression" && parent["operator"] === "in")
    return isIdentifier(parent["right"], "globalThis") && textOf(parent["left"]) !== null
      ? null
      : refuse("globalThis as a value", "globalThis");
  if (parent?.type !== "MemberExpression" || parent["object"] !== identifier)
    return refuse("globalThis as a value", "globalThis");
  const name = memberName(parent);
  if (name === null) return refuse("globalThis[…]", "globalThis");
  return judgeGlobal(tree, parent, name);
};
