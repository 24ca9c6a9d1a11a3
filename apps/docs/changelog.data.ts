import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMarkdownRenderer, defineLoader } from 'vitepress';

const root = new URL('../../', import.meta.url).pathname;

export interface Changelog {
  name: string;
  /** HTML: what is not released yet, then the releases, newest first. */
  html: string;
}

declare const data: Changelog[];

export { data };

/** Reads the pending changesets and the changelog of every package. */
export default defineLoader({
  watch: ['../../.changeset/*.md', '../../packages/*/CHANGELOG.md'],
  async load(): Promise<Changelog[]> {
    const markdown = await createMarkdownRenderer(root);
    const pending = readPending();
    return readdirSync(join(root, 'packages'), { withFileTypes: true }).flatMap((folder) => {
      const manifest = join(root, 'packages', folder.name, 'package.json');
      if (!existsSync(manifest)) return [];
      const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string };
      const unreleased = pending.filter(({ packages }) => packages.includes(name)).map(({ text }) => `- ${text}\n`);
      const file = join(root, 'packages', folder.name, 'CHANGELOG.md');
      const released = existsSync(file) ? readFileSync(file, 'utf8').replace(/^# .*\n/, '') : '';
      const source = `${unreleased.length > 0 ? `### Not released yet\n\n${unreleased.join('')}\n` : ''}${released}`;
      return source === '' ? [] : [{ name, html: markdown.render(source) }];
    });
  },
});

function readPending(): { packages: string[]; text: string }[] {
  return readdirSync(join(root, '.changeset'))
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .sort()
    .flatMap((file) => {
      const [, head = '', text = ''] =
        /^---\n([\s\S]*?)---\n([\s\S]*)$/.exec(readFileSync(join(root, '.changeset', file), 'utf8')) ?? [];
      const packages = [...head.matchAll(/^["']?([^"':]+)["']?:/gm)].map(([, name = '']) => name);
      return text.trim() === '' ? [] : [{ packages, text: text.trim().replaceAll(/\s*\n\s*/g, ' ') }];
    });
}
