/** Tables in the order in which they can be filled: referenced ones first, cycles together. */

/**
 * Strongly connected components of the graph `edges` (from a node to those it needs), each after the ones it needs
 * (Tarjan 1972). Deterministic: nodes are visited in the order given.
 */
export function components(
  nodes: readonly string[],
  edges: (node: string) => readonly string[],
): readonly (readonly string[])[] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const result: string[][] = [];
  const known = new Set(nodes);

  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node) ?? 0);
    stack.push(node);
    onStack.add(node);
    for (const next of edges(node)) {
      if (!known.has(next)) continue;
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0));
      } else if (onStack.has(next)) {
        low.set(node, Math.min(low.get(node) ?? 0, index.get(next) ?? 0));
      }
    }
    if (low.get(node) !== index.get(node)) return;
    const component: string[] = [];
    for (;;) {
      const member = stack.pop();
      if (member === undefined) break;
      onStack.delete(member);
      component.push(member);
      if (member === node) break;
    }
    result.push(component.reverse());
  };

  for (const node of nodes) if (!index.has(node)) visit(node);
  return result;
}
