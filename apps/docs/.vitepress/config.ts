import { defineConfig } from 'vitepress';

const repository = 'https://github.com/signstash-connect/signstash-connect';

export default defineConfig({
  title: "Sign'Stash Connect",
  description: "Qualified electronic seals from Sign'Stash, from the tools you already use",
  base: '/signstash-connect/',
  cleanUrls: true,
  lastUpdated: false,
  srcExclude: ['node_modules/**', 'test/**'],
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Start', link: '/start/node' },
      { text: 'Errors', link: '/errors' },
      { text: 'API', link: '/reference/' },
      { text: 'Benchmarks', link: '/benchmarks' },
    ],
    sidebar: [
      {
        text: 'Start in five minutes',
        items: [
          { text: 'Node.js', link: '/start/node' },
          { text: 'n8n', link: '/start/n8n' },
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
          { text: 'On-premise proxy', link: '/on-premise' },
          { text: 'Security model', link: '/security' },
        ],
      },
      {
        text: 'When something is wrong',
        items: [
          { text: 'By message', link: '/troubleshooting' },
          { text: 'Error codes', link: '/errors' },
        ],
      },
      {
        text: 'More',
        items: [
          { text: 'From a client of your own', link: '/migration' },
          { text: 'Support policy', link: '/support' },
          { text: 'Benchmarks', link: '/benchmarks' },
          { text: 'API reference', link: '/reference/' },
        ],
      },
    ],
    socialLinks: [{ icon: 'github', link: repository }],
    outline: { level: [2, 3] },
    footer: { message: 'MIT. Not affiliated with MUST or Multicert.' },
  },
});
