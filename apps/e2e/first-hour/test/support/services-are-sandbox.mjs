// Loaded before the action: what it sends to the SaaS or to the README's proxy goes to the sandbox of the test, over real HTTP.
const { FIRST_HOUR_SANDBOX } = process.env;
const real = globalThis.fetch;
const hosts =
  /^(https:\/\/msignstash\.multicert\.com|https:\/\/staging\.must\.digital|http:\/\/signstash\.intranet:8080)/;
globalThis.fetch = (input, init) => {
  const url = String(input?.url ?? input);
  return real(hosts.test(url) ? url.replace(hosts, FIRST_HOUR_SANDBOX) : input, init);
};
