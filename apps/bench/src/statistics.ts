export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[middle]];
  if (low === undefined || high === undefined) throw new RangeError('There is nothing to take the median of.');
  return (low + high) / 2;
}

/** A ratio as it is published. */
export const ratio = (value: number): string => `${value.toFixed(2)} ×`;
