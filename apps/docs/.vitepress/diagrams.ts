import { renderMermaidSVG } from 'beautiful-mermaid';
import type { MarkdownOptions } from 'vitepress';

type MarkdownIt = Parameters<NonNullable<MarkdownOptions['config']>>[0];

const style = {
  bg: 'var(--vp-c-bg)',
  fg: 'var(--vp-c-text-1)',
  transparent: true,
  padding: 4,
  nodeSpacing: 12,
  layerSpacing: 22,
} as const;

/** Renders Mermaid fences as SVG in the page's own colours and font, so that a page loads no renderer and no web font. */
export function renderDiagrams(markdown: MarkdownIt): void {
  const otherFences = markdown.renderer.rules.fence;
  markdown.renderer.rules.fence = (tokens, index, ...rest) => {
    const token = tokens[index];
    if (token?.info.trim() !== 'mermaid') return otherFences?.(tokens, index, ...rest) ?? '';
    const svg = renderMermaidSVG(token.content, style)
      .replace(/@import url\([^)]*\);/, '')
      .replaceAll("'Inter', system-ui, sans-serif", 'var(--vp-font-family-base)')
      .replace('<svg ', '<svg role="img" aria-label="Diagram; the text below describes it" ');
    // As v-html, because a Vue template must not contain the style element of an SVG.
    return `<div class="diagram" tabindex="0" v-html="${escapeAttribute(JSON.stringify(svg))}"></div>\n`;
  };
}

const escapeAttribute = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
