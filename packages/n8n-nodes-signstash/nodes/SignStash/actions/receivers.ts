/** E-mail addresses as people write them: separated by commas, semicolons or line ends; or a list from an expression. */
export function addresses(value: unknown): string[] {
  const list = Array.isArray(value) ? value.map(String) : String(value ?? '').split(/[,;\n]/);
  return list.map((address) => address.trim()).filter((address) => address !== '');
}
