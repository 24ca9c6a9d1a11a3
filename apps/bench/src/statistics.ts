export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[middle]];
  if (low === undefined || high === undefined) throw new RangeError('There is nothing to take the median of.');
  return (low + high) / 2;
}

/** Spread: half the range, relative to the median. */
export const spread = (values: readonly number[]): number =>
  (Math.max(...values) - Math.min(...values)) / 2 / median(values);

/** A ratio as it is published. */
export const ratio = (value: number): string => `${value.toFixed(2)} ×`;

export const percent = (value: number): string => `${Math.round(value * 100)} %`;

export const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;
