import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BatchPacker } from '../../src/batch/batch-packer.ts';

test('groups keep the order, lose nothing, and stay within both bounds unless one item alone is too large', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 50 }));
  const bounds = fc.record({ items: fc.integer({ min: 1, max: 10 }), bytes: fc.integer({ min: 1, max: 100 }) });
  fc.assert(
    fc.property(sizes, bounds, (all, { items, bytes }) => {
      const packer = new BatchPacker<number>(items, bytes);
      const groups = all.flatMap((size) => packer.add(size, size));
      const rest = packer.flush();
      if (rest.length > 0) groups.push(rest);
      expect(groups.flat()).toEqual(all);
      for (const group of groups) {
        expect(group.length).toBeGreaterThan(0);
        expect(group.length).toBeLessThanOrEqual(items);
        if (group.length > 1) expect(group.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(bytes);
      }
      // Packed tightly: no group could have taken the first item of the next one.
      for (const [index, group] of groups.entries()) {
        const next = groups[index + 1]?.[0];
        const sum = group.reduce((total, size) => total + size, 0);
        if (next !== undefined && group.length < items && sum < bytes) expect(sum + next).toBeGreaterThan(bytes);
      }
    }),
  );
});
