export { type LocalRegistry, registryEnvironment, startRegistry } from './local-registry.ts';
export { run } from './run.ts';
export { ensureTools } from './tools.ts';
