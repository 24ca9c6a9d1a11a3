import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page, selectors } from 'playwright-core';

selectors.setTestIdAttribute('data-test-id');

const owner = { email: 'owner@example.com', firstName: 'Test', lastName: 'Owner', password: 'Only-for-tests-1' };

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
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
      page.setDefaultTimeout(60_000);
      const response = await page.request.post(`${url}/rest/owner/setup`, { data: owner });
      if (!response.ok()) throw new Error(`The owner could not be set up: ${await response.text()}`);
      const editor = new Editor(page, browser, url);
      await editor.#go('/home/workflows');
      return editor;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  #go(path: string) {
    return this.page.goto(this.#url + path);
  }

  /** The description of a node type that n8n sends to its editor. */
  async nodeType(name: string): Promise<Record<string, unknown>> {
    const response = await this.page.request.get(`${this.#url}/types/nodes.json`);
    const types = (await response.json()) as Record<string, unknown>[];
    const type = types.find((candidate) => candidate.name === name);
    if (!type) throw new Error(`n8n has no node type ${name}.`);
    return type;
  }

  /** A credential's dialog, which tests the connection as it opens. */
  async openCredential(id: string): Promise<Locator> {
    await this.#go(`/home/credentials/${id}`);
    const dialog = this.page.getByTestId('editCredential-modal');
    await dialog.waitFor();
    return dialog;
  }

  async openWorkflow(id: string): Promise<void> {
    await this.#go(`/workflow/${id}`);
    await this.#node().first().waitFor();
  }

  /** Runs the open workflow and waits for its end. */
  async runWorkflow(): Promise<void> {
    await this.page.getByTestId('execute-workflow-button').click();
    const notice = this.page.getByRole('alert').filter({ hasText: 'Workflow executed successfully' });
    await notice.waitFor();
    await notice.locator('.el-notification__closeBtn').click();
    await notice.waitFor({ state: 'detached' });
  }

  /** The panel of a node of the open workflow. */
  async openNode(name: string): Promise<NodePanel> {
    await this.#node(name).dblclick();
    const panel = new NodePanel(this.page);
    await panel.root.waitFor();
    return panel;
  }

  /** Takes a picture, if a folder for pictures is given. */
  async picture(folder: string | undefined, name: string, of: Page | Locator = this.page): Promise<void> {
    if (!folder) return;
    await mkdir(folder, { recursive: true });
    // Elements under the mouse pointer are highlighted.
    await this.page.mouse.move(0, 0);
    await of.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', caret: 'hide' });
  }

  close(): Promise<void> {
    return this.#browser.close();
  }

  #node(name?: string): Locator {
    const named = name === undefined ? '' : `[data-node-name="${name}"]`;
    return this.page.locator(`[data-test-id="canvas-node"]${named}`);
  }
}

/** The panel on which a node's parameters are set. */
export class NodePanel {
  readonly root: Locator;
  readonly parameters: Locator;
  readonly output: Locator;
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    this.root = page.getByTestId('ndv').first();
    this.parameters = this.root.getByTestId('node-parameters');
    this.output = this.root.getByTestId('output-panel');
  }

  /** Labels of the parameters, from top to bottom. */
  async labels(): Promise<string[]> {
    const texts = await this.parameters.getByTestId('input-label').filter({ visible: true }).allInnerTexts();
    return texts.map((text) => text.split('\n')[0]?.trim() ?? '');
  }

  /** The selected entry of a list. */
  chosen(parameter: string): Promise<string> {
    return this.#input(parameter).locator('input').first().inputValue();
  }

  /** The entries of a list, with their explanations. */
  async entries(parameter: string): Promise<Record<string, string>> {
    const list = await this.#open(parameter);
    const texts = (await list.getByRole('option').allInnerTexts()).map((text) => text.split('\n'));
    await this.#input(parameter).click();
    await list.waitFor({ state: 'hidden' });
    return Object.fromEntries(texts.map(([name = '', ...description]) => [name, description.join(' ')]));
  }

  async choose(parameter: string, entry: string): Promise<void> {
    const list = await this.#open(parameter);
    await list.getByText(entry, { exact: true }).click();
    await list.waitFor({ state: 'hidden' });
  }

  async switchOn(parameter: string): Promise<void> {
    await this.#input(parameter).locator('.el-switch').click();
  }

  #input(parameter: string): Locator {
    return this.root.getByTestId(`parameter-input-${parameter}`);
  }

  async #open(parameter: string): Promise<Locator> {
    await this.#input(parameter).click();
    const list = this.#page.locator('.el-select-dropdown').filter({ visible: true });
    await list.waitFor();
    return list;
  }
}
