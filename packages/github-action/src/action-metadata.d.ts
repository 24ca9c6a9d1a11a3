/** action.yml, which the bundler turns into a module: the one place where inputs and their defaults are written. */
declare module '*.yml' {
  const metadata: { readonly inputs: Readonly<Record<string, { readonly default?: string }>> };
  export default metadata;
}
