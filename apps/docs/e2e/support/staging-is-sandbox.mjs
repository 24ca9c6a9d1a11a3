// Loaded before a sample: what it sends to staging goes to the sandbox of the test, over real HTTP.
const { SAMPLE_SANDBOX } = process.env;
const real = globalThis.fetch;
globalThis.fetch = (input, init) => {
  const url = String(input?.url ?? input);
  return real(
    url.startsWith('https://staging.must.digital')
      ? url.replace('https://staging.must.digital', SAMPLE_SANDBOX)
      : input,
    init,
  );
};
