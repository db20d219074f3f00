/**
 * The import cycles of a graph: its strongly connected parts with more than one file, and files that import themselves.
 * Each is listed in sorted order. (Tarjan 1972, "Depth-first search and linear graph algorithms".)
 */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  const path: string[] = [];
  const onPath = new Set<string>();
  const cycles: string[][] = [];

  function visit(file: string): number {
    const index = order.size;
    order.set(file, index);
    path.push(file);
    onPath.add(file);
    let low = index;
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (onPath.has(next)) low = Math.min(low, order.get(next) ?? low);
    }
    if (low === index) close(file);
    return low;
  }

  function close(file: string): void {
    const part = path.splice(path.indexOf(file));
    for (const each of part) onPath.delete(each);
    if (part.length > 1 || graph.get(file)?.includes(file) === true) cycles.push(part.toSorted());
  }

  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return cycles;
}
