import type { AdapterDriver, DriverTraits } from '@signstash-connect/testing/conformance';
import { FakeN8n } from './fake-n8n.ts';

export const traits: DriverTraits = { partial: true, fromDisk: false, timeoutMs: 60_000 };

/** One input item per file, in a workflow that continues despite failures. */
export function createDriver(): AdapterDriver {
  const output: string[] = [];
  return {
    async sign(files, { sandbox, clientSecret, batchSize, signal }) {
      const n8n = new FakeN8n(sandbox);
      const items = files.map(({ name, bytes }) => ({
        binary: { data: { fileName: name, mimeType: 'application/pdf', bytes } },
      }));
      const outputs = await n8n.run(items, {
        parameters: { sending: batchSize ? { batchSize } : {} },
        onError: 'continueRegularOutput',
        ...(clientSecret === undefined ? {} : { credentials: { clientSecret } }),
        ...(signal ? { signal } : {}),
      });
      return outputs.map((item, index) => {
        output.push(JSON.stringify(item));
        const { name } = files[index]!;
        const { code, error, description } = item.json;
        if (error === undefined) return { name, ok: true, content: n8n.bytes(item) };
        return { name, ok: false, code: String(code), hint: String(description) };
      });
    },
    output: () => output,
  };
}
