/** action.yml, which the bundler turns into a module: the only place that declares inputs and their defaults. */
declare module '*.yml' {
  const metadata: { readonly inputs: Readonly<Record<string, { readonly default?: string }>> };
  export default metadata;
}
