import { type Browser, chromium, type Page } from 'playwright-core';

const owner = { email: 'lab@example.com', firstName: 'Lab', lastName: 'Owner', password: 'Only-for-the-lab-1' };

/** The editor of a running n8n in a headless Chromium, signed in. */
export class Editor {
  readonly page: Page;
  readonly #browser: Browser;
  readonly #url: string;

  private constructor(page: Page, browser: Browser, url: string) {
    this.page = page;
    this.#browser = browser;
    this.#url = url;
  }

  static async open(url: string): Promise<Editor> {
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'],
    });
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce' });
      page.setDefaultTimeout(60_000);
      const response = await page.request.post(`${url}/rest/owner/setup`, { data: owner });
      if (!response.ok()) throw new Error(`The owner could not be set up: ${await response.text()}`);
      const editor = new Editor(page, browser, url);
      await editor.go('/home/workflows');
      return editor;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  go(path: string) {
    return this.page.goto(this.#url + path);
  }

  /** n8n's own API, as the signed-in owner. */
  async get<T>(path: string): Promise<T> {
    return (await (await this.page.request.get(this.#url + path)).json()) as T;
  }

  async openCredential(id: string): Promise<void> {
    await this.go(`/home/credentials/${id}`);
    await this.page.getByTestId('credential-edit-dialog').waitFor();
  }

  async openNode(workflow: string, name: string): Promise<void> {
    await this.go(`/workflow/${workflow}`);
    await this.page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`).dblclick();
    await this.page.getByTestId('ndv').first().waitFor();
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}
