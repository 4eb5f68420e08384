/** The only refusals that a random run may meet: each is a documented limit (docs/catalog.md, What is refused). */
const DOCUMENTED: readonly { readonly name: string; readonly reason: RegExp }[] = [
  {
    name: 'merely inherited or its own',
    reason: /merely inherited|its own or inherited alone|is inherited, but its parent's/,
  },
  { name: 'order of parents', reason: /order of its parents/ },
  {
    name: 'inherited generation expression',
    reason: /inherited column cannot get another generation expression/,
  },
  { name: 'order of attributes', reason: /the order of its attributes differs/ },
  { name: 'invalid index', reason: /^it is invalid|^its index is invalid/ },
  { name: 'circle', reason: /in a circle/ },
];

/** The short name of a documented reason; null for any other. */
export function documentedRefusal(reason: string): string | null {
  return DOCUMENTED.find((one) => one.reason.test(reason))?.name ?? null;
}
