import { defineConfig } from 'vitepress';
import { renderDiagrams } from './diagrams.ts';

const repository = 'https://github.com/signstash-connect/signstash-connect';

export default defineConfig({
  title: "Sign'Stash Connect",
  description: "Qualified electronic seals from Sign'Stash, from the tools you already use",
  base: '/signstash-connect/',
  cleanUrls: true,
  lastUpdated: false,
  srcExclude: ['node_modules/**', 'test/**', 'e2e/**', 'examples/**', 'README.md'],
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/signstash-connect/favicon.svg' }]],
  markdown: {
    config: renderDiagrams,
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-default' },
  },
  locales: {
    root: { label: 'English', lang: 'en' },
    pt: {
      label: 'Português',
      lang: 'pt-PT',
      link: '/pt/',
      description: "Selos eletrónicos qualificados do Sign'Stash, a partir das ferramentas que já utiliza",
      themeConfig: {
        nav: [
          { text: 'Começar', link: '/pt/start/node' },
          { text: 'Lei', link: '/pt/legal' },
          { text: 'FAQ', link: '/pt/faq' },
        ],
        sidebar: {
          '/pt/': [
            {
              text: 'Começar em cinco minutos',
              items: [
                { text: 'Node.js', link: '/pt/start/node' },
                { text: 'n8n', link: '/pt/start/n8n' },
                { text: 'Linha de comandos', link: '/pt/start/cli' },
                { text: 'GitHub Actions', link: '/pt/start/github-action' },
                { text: 'Express', link: '/pt/start/express' },
              ],
            },
            {
              text: 'Informação',
              items: [
                { text: 'O que exige a lei', link: '/pt/legal' },
                { text: 'Perguntas frequentes', link: '/pt/faq' },
                { text: 'Documentação completa (em inglês)', link: '/start/node' },
              ],
            },
          ],
        },
        outline: { level: [2, 3], label: 'Nesta página' },
        docFooter: { prev: 'Página anterior', next: 'Página seguinte' },
        darkModeSwitchLabel: 'Tema',
        returnToTopLabel: 'Voltar ao topo',
        sidebarMenuLabel: 'Menu',
        langMenuLabel: 'Mudar de idioma',
        footer: { message: 'MIT. Sem ligação à MUST ou à Multicert.' },
      },
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    // Not every page is translated: the language menu leads to the other language's home page.
    i18nRouting: false,
    nav: [
      { text: 'Start', link: '/start/node' },
      { text: 'Errors', link: '/errors' },
      { text: 'API', link: '/reference/' },
      { text: 'FAQ', link: '/faq' },
    ],
    sidebar: {
      '/': [
        {
          text: 'Start in five minutes',
          items: [
            { text: 'Node.js', link: '/start/node' },
            { text: 'n8n', link: '/start/n8n' },
            { text: 'Command line', link: '/start/cli' },
            { text: 'GitHub Actions', link: '/start/github-action' },
            { text: 'Express', link: '/start/express' },
          ],
        },
        {
          text: 'How it works',
          items: [
            { text: 'Tokens', link: '/tokens' },
            { text: 'Signed once', link: '/signed-once' },
            { text: 'Batches', link: '/batches' },
            { text: 'Hot folder', link: '/hot-folder' },
            { text: 'Visible seals', link: '/visible-seals' },
            { text: 'On-premise proxy', link: '/on-premise' },
            { text: 'Verify signatures', link: '/verify' },
            { text: 'Sandbox', link: '/sandbox' },
            { text: 'Invoice desk', link: '/invoice-desk' },
            { text: 'Security model', link: '/security' },
            { text: 'Architecture', link: '/architecture' },
            { text: 'Write an adapter', link: '/write-an-adapter' },
          ],
        },
        {
          text: 'In production',
          items: [
            { text: 'What the law requires', link: '/legal' },
            { text: 'Go live', link: '/go-live' },
            { text: 'Monitoring', link: '/monitoring' },
          ],
        },
        {
          text: 'Troubleshooting',
          items: [
            { text: 'Messages', link: '/troubleshooting' },
            { text: 'Error codes', link: '/errors' },
            { text: 'Frequently asked questions', link: '/faq' },
          ],
        },
        {
          text: 'More',
          items: [
            { text: 'Migrating from a custom client', link: '/migration' },
            { text: 'Changelog', link: '/changelog' },
            { text: 'Support policy', link: '/support' },
            { text: 'Benchmarks', link: '/benchmarks' },
            { text: 'API reference', link: '/reference/' },
          ],
        },
      ],
    },
    socialLinks: [{ icon: 'github', link: repository }],
    outline: { level: [2, 3] },
    footer: { message: 'MIT. Not affiliated with MUST or Multicert.' },
  },
});
